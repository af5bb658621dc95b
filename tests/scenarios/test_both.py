"""`parley serve` on both platforms at once: people are answered, admins change limits, and the two do not mix."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.slack.emulator import Channel, Message, SlackEmulator
from adapters.telegram.emulator import TelegramEmulator
from bot.llm.emulator import ModelEmulator, Pace
from tests.scenarios.process import TOKEN, BotProcess, settings

PATIENCE = 20.0


@dataclass(slots=True, kw_only=True)
class World:
    telegram: TelegramEmulator
    slack: SlackEmulator
    model: ModelEmulator
    bot: BotProcess

    def answers(self, channel: Channel, thread: str | None = None) -> list[str]:
        """What the bot has said in a channel, and finished: all its sentences here end with a full stop."""
        found = [message for message in self.slack.messages(channel, thread) if message.from_bot]
        return [_text(message) for message in found if not message.streaming and _text(message).endswith(".")]

    async def answered(self, channel: Channel, thread: str | None = None) -> str:
        await self.slack.until(lambda: bool(self.answers(channel, thread)), PATIENCE)
        return self.answers(channel, thread)[-1]


def _text(message: Message) -> str:
    blocks = [str(block["text"]) for block in message.blocks if block["type"] == "markdown"]
    return message.markdown or "".join(blocks) or message.text


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator(token=TOKEN))
        slack = await stack.enter_async_context(SlackEmulator(bot_token="xoxb-test", app_token="xapp-test"))
        model = await stack.enter_async_context(
            ModelEmulator(pace=Pace(words_per_second=200), answer=lambda request: f"You said {request.said}.")
        )
        environment = settings(telegram, model) | {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_APP_TOKEN": "xapp-test",
            "SLACK_API_URL": slack.url,
            "ADMINS": "telegram:12,slack:T1/U2",
        }
        bot = await stack.enter_async_context(BotProcess(tmp_path, environment))
        await bot.ready(telegram)
        await slack.until(lambda: slack.connections >= 1, PATIENCE)
        yield World(telegram=telegram, slack=slack, model=model, bot=bot)
        assert await bot.stop() == 0


async def test_both_platforms_answer_and_keep_their_histories_apart(world: World) -> None:
    ada = world.telegram.person(id=11, first_name="Ada", username="ada")
    ben = world.slack.person("U1", name="ben")
    direct, general = world.slack.dm(ben), world.slack.channel("C1", "general", members=[ben])
    ada.says("one")
    await ben.says("two", direct)
    root = await ben.says("<@UBOT> three", general)
    assert await world.answered(direct) == "You said two."
    assert await world.answered(general, root) == "You said three."
    await world.telegram.until(lambda: len(world.telegram.messages(ada.chat)) == 2, PATIENCE)
    assert world.telegram.messages(ada.chat)[-1].text == "You said one."
    assert all(len(request.messages) == 2 for request in world.model.requests)


async def test_an_admin_changes_a_quota_on_each_platform_and_the_next_message_feels_it(world: World) -> None:
    ada = world.telegram.person(id=11, first_name="Ada", username="ada")
    root = world.telegram.person(id=12, first_name="Root", username="root")
    ada.says("one")
    await world.telegram.until(lambda: len(world.telegram.messages(ada.chat)) == 2, PATIENCE)
    root.says("/quota set @ada messages 1")
    await world.telegram.until(lambda: len(world.telegram.messages(root.chat)) == 2, PATIENCE)
    assert world.telegram.messages(root.chat)[-1].text.startswith("Messages today: 100 → 1")
    ada.says("two")
    await world.telegram.until(lambda: len(world.telegram.messages(ada.chat)) == 4, PATIENCE)
    assert "Messages today: 1 of 1" in world.telegram.messages(ada.chat)[-1].text

    ben, boss = world.slack.person("U1", name="ben"), world.slack.person("U2", name="boss")
    direct, office = world.slack.dm(ben), world.slack.dm(boss)
    await boss.runs("/parley", "quota set @ben messages 0", office)
    await world.slack.until(
        lambda: any("100 → 0" in _text(message) for message in world.slack.messages(office)), PATIENCE
    )
    await ben.says("three", direct)
    assert "Messages today: 0 of 0" in await world.answered(direct)
    # The title of the conversation is asked for beside it.
    asked = [exchange.request.said for exchange in world.model.requests]
    assert [said for said in asked if not said.startswith("Person: ")] == ["one"]


async def test_a_member_is_no_admin_on_either_platform(world: World) -> None:
    ada, ben = world.telegram.person(id=11, first_name="Ada"), world.slack.person("U1", name="ben")
    general = world.slack.channel("C1", "general", members=[ben])
    ada.says("/quota set telegram:11 messages 999")
    root = await ben.says("<@UBOT> quota set <@U1> messages 999", general)
    await world.telegram.until(lambda: len(world.telegram.messages(ada.chat)) == 2, PATIENCE)
    assert "do not know the command" in world.telegram.messages(ada.chat)[-1].text
    assert "do not know the command" in await world.answered(general, root)
    assert world.model.requests == []
