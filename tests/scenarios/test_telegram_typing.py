"""Whoever waits on Telegram sees it: in private, in groups, and for commands that take their time."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import Command, all_commands
from bot.commands.call import Call
from bot.commands.declaration import Answer, CommandBook, Later
from bot.storage import Storage
from bot.texts import Text, words
from tests.conftest import make_core
from tests.scenarios.serving import serving

TOKEN = "100:TEST"
LONG = 60.0
"""Seconds that a busy machine may take."""


@pytest.fixture
def ready() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def slow(ready: asyncio.Event) -> tuple[Command, asyncio.Event]:
    """A command, and what its answer waits for."""

    async def handle(_call: Call) -> Later:
        async def make(_render: Callable[[Text], str]) -> Answer:
            await ready.wait()
            return Answer(said=words("Here it is."))

        return Later(make=make)

    return Command(name="slow", summary=words("Takes its time"), handler=handle), ready


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        yield telegram


@pytest.fixture
async def platform(tg: TelegramEmulator, slow: tuple[Command, asyncio.Event]) -> AsyncIterator[TelegramPlatform]:
    book = CommandBook([*all_commands(), slow[0]])
    one = TelegramPlatform(TOKEN, api_url=tg.url, commands=book, clock=SystemClock(), poll_seconds=1)
    yield one
    await one.close()


def shown(tg: TelegramEmulator, chat: int) -> int:
    """How often the bot was shown typing in a chat."""
    return sum(1 for one in tg.calls if one.method == "sendChatAction" and int(one.params["chat_id"]) == chat)


@pytest.mark.parametrize("group", [False, True])
async def test_a_command_that_takes_long_shows_the_bot_typing_again_and_again(
    storage: Storage,
    tg: TelegramEmulator,
    platform: TelegramPlatform,
    slow: tuple[Command, asyncio.Event],
    group: bool,  # noqa: FBT001
) -> None:
    command, ready = slow
    core, ada = make_core(storage, others=[platform], more_commands=[command]), tg.person(id=11, first_name="Ada")
    chat = tg.group(id=-1001, title="Team", members=(ada,)) if group else ada.chat
    async with serving(core, platform):
        ada.says("/slow", chat=chat)
        await tg.until(lambda: shown(tg, chat.id) >= 2, limit=LONG)
        assert tg.drafts(ada.chat) is None
        ready.set()
        await tg.until(lambda: any(one.text == "Here it is." for one in tg.messages(chat)), limit=LONG)


async def test_in_a_group_the_bot_types_before_the_first_word(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ready: asyncio.Event
) -> None:
    core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
    team = tg.group(id=-1001, title="Team", members=(ada,))
    core.model.script = [(ready, "At last.")]
    async with serving(core, platform):
        ada.says("@parley_bot hello", chat=team)
        await tg.until(lambda: shown(tg, team.id) >= 2, limit=LONG)
        ready.set()
        await tg.until(lambda: any(one.text == "At last." for one in tg.messages(team)), limit=LONG)


async def test_in_private_the_draft_says_it(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform, ready: asyncio.Event
) -> None:
    core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
    core.model.script = [(ready, "At last.")]
    async with serving(core, platform):
        ada.says("hello")
        await tg.until(lambda: tg.drafts(ada.chat) == "", limit=LONG)
        ready.set()
        await tg.until(lambda: any(one.text == "At last." for one in tg.messages(ada.chat)), limit=LONG)
    assert tg.drafts(ada.chat) is None
