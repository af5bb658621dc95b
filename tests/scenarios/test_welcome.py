"""First contact on both platforms: the suggestions of /start, the pages of /settings, each by taps."""

from collections.abc import AsyncIterator

import pytest

from adapters.slack.emulator import Channel
from adapters.slack.emulator import Message as SlackMessage
from bot.domain.access import AccessPolicy
from bot.storage import Storage
from tests.scenarios.test_people import World, world

ASKED = "Explain compound interest simply"


@pytest.fixture
async def here(storage: Storage) -> AsyncIterator[World]:
    async with world(storage, AccessPolicy()) as found:
        yield found


async def pressable(here: World, room: Channel, message: SlackMessage, label: str) -> SlackMessage:
    """Wait until that very message has the button."""

    def now() -> SlackMessage:
        return next(one for one in here.slack.messages(room) if one.ts == message.ts)

    await here.slack.until(lambda: f"'{label}'" in str(now().blocks))
    return now()


async def test_on_telegram_a_tap_on_a_suggestion_asks_it(here: World) -> None:
    ada = here.tg.person(id=11, first_name="Ada", username="ada")
    ada.says("/start")
    welcome = await here.told(ada.chat, "Hello! I am Parley")
    assert len(welcome.buttons) == 4
    here.press(ada, welcome, ASKED)
    await here.told(ada.chat, f"echo: {ASKED}")
    assert here.on_telegram(ada.chat)[0].text == welcome.text


async def test_on_slack_a_tap_on_a_suggestion_asks_it(here: World) -> None:
    direct = here.slack.dm(here.boss)
    await here.boss.runs("/parley", "start", direct)
    welcome = await here.told_on_slack(direct, "Hello! I am Parley")
    await here.press_on_slack(here.boss, direct, welcome, ASKED)
    await here.told_on_slack(direct, f"echo: {ASKED}")
    assert [prompt.messages[-1].text for prompt in here.core.model.prompts] == [ASKED]


async def test_on_telegram_settings_are_changed_in_one_message(here: World) -> None:
    ada = here.tg.person(id=11, first_name="Ada", username="ada", language_code="en")
    ada.says("/settings")
    page = await here.told(ada.chat, "What you chose")
    here.press(ada, page, "🌐 Language")
    page = await here.told(ada.chat, "I speak")
    here.press(ada, page, "中文 (简体)")
    page = await here.told(ada.chat, "我用")
    here.press(ada, page, "« 设置")
    await here.told(ada.chat, "你的选择")
    assert len(here.on_telegram(ada.chat)) == 1
    ada.says("/help")
    await here.told(ada.chat, "命令")


async def test_on_slack_settings_are_changed_in_one_message(here: World) -> None:
    direct = here.slack.dm(here.boss)
    await here.boss.runs("/parley", "settings", direct)
    page = await here.told_on_slack(direct, "What you chose")
    for label in ("🔔 Notices", "🔕 Get none", "« Settings", "🔔 Notices"):
        page = await pressable(here, direct, page, label)
        await here.press_on_slack(here.boss, direct, page, label)
    await pressable(here, direct, page, "🔔 Get them")
