"""Every command for a chat that the documents show is given there: to the bot, on an emulated Telegram."""

import re
from collections.abc import AsyncIterator

import pytest

from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.emulator.chats import Chat
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.people import Identity
from bot.domain.personas import Persona
from bot.domain.quotas import Plan
from bot.storage import Storage
from tests.calls import card, catalog
from tests.conftest import Core, make_core
from tests.databases import on
from tests.docs.blocks import DOCUMENTS
from tests.house.repository import read
from tests.scenarios.process import TOKEN
from tests.scenarios.serving import serving

ROOT_ID, ADA_ID = 123456, 11
LONG = 60.0

FILLED = {
    r"^/parley ": "/",
    r"^/model NAME": "/model gpt-strong",
    r"\bPERSON\b|@Parley\b": "@ada",
    r"\bNAME\b": "poet",
    r"\bWHY\b|\bTEXT\b|\bWORDS\b": "tomato soup",
    r"^(/chats rename) 12\b": r"\1 1",
}
"""What stands in documents for something of the reader's own, and what it is here."""

SHAPE = re.compile(r"[A-Z]{4,}|[\[\]|…]")
"""A command with arguments that nobody can guess (a code, a number), or the shape of one."""

BARE = {
    "/chats rename",
    "/quota set",
    "/quota set messages 50",
    "/quota request",
    "/persona new",
    "/persona edit",
    "/persona edit poet",
    "/invite @ada",
}
"""What is only named, what asks for more (in a form of Slack's, or by what is replied to), and what is Slack's own."""

CONTRADICTED = {"/experiment keep poet B": "/experiment start poet 50 Be a poet. Be brief."}
"""What the same page has just ended, and what begins it again."""


def shown(document: str) -> list[str]:
    """Commands with arguments, in the order of the document, each once."""
    text = re.sub(r"^```.*?^```", "", read(document), flags=re.DOTALL | re.MULTILINE)
    found = (re.sub(r"\s+", " ", one) for one in re.findall(r"`(/[a-z]+ [^`]+)`", text))
    return [one for one in dict.fromkeys(map(filled, found)) if not SHAPE.search(one) and one not in BARE]


def filled(said: str) -> str:
    for placeholder, meant in FILLED.items():
        said = re.sub(placeholder, meant, said)
    return said


class Room:
    """The chat of an owner with the bot, and a group they run."""

    def __init__(self, core: Core, telegram: TelegramEmulator) -> None:
        self._telegram = telegram
        self._core = core
        self._root = telegram.person(id=ROOT_ID, first_name="Root", username="root")
        self._ada = telegram.person(id=ADA_ID, first_name="Ada", username="ada")
        self._team = telegram.group(id=-1001234, title="Team", members=(self._root, self._ada))
        self.refused: list[str] = []
        refuse = core.dispatcher._refuse

        async def noted(lease: object, platform: object, update: object, error: Exception) -> None:
            self.refused.append(f"{getattr(update, 'text', '')}: {error!r}")
            await refuse(lease, platform, update, error)  # type: ignore[arg-type]

        core.dispatcher._refuse = noted  # type: ignore[method-assign]

    async def meets(self) -> None:
        """Both have talked to the bot before: it knows their names, and there is something to go back to."""
        self._ada.says("hello")
        await self._answered(self._ada.chat, 0)
        await self.gives("hello")

    async def gives(self, said: str) -> str:
        """The owner says something; what the bot answers."""
        chat = self._team if said.startswith("/group") else self._root.chat
        before = len(self._by_bot(chat))
        self._root.says(said, chat=chat)
        return await self._answered(chat, before)

    async def _answered(self, chat: Chat, before: int) -> str:
        await self._telegram.until(lambda: len(self._by_bot(chat)) > before, limit=LONG)
        return self._by_bot(chat)[before]

    def _by_bot(self, chat: Chat) -> list[str]:
        return [one.text for one in self._telegram.messages(chat) if one.sender.is_bot]


@pytest.fixture
async def room(storage: Storage) -> AsyncIterator[Room]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        platform = TelegramPlatform(
            TOKEN, api_url=telegram.url, commands=all_commands(), clock=SystemClock(), poll_seconds=1
        )
        models = catalog(
            card("gpt-strong"), card("gpt-light"), chains={"strong": ["gpt-strong"], "light": ["gpt-light"]}
        )
        core = make_core(
            storage,
            others=[platform],
            catalog=models,
            plans=[Plan(name="free"), Plan(name="team")],
            files={"poet": Persona(name="poet", prompt="You are a poet.")},
            more_admins=[Identity(platform="telegram", user=str(ROOT_ID))],
        )
        one = Room(core, telegram)
        async with serving(core, platform):
            await one.meets()
            yield one
        await platform.close()


@on("sqlite")
@pytest.mark.parametrize("document", [one for one in DOCUMENTS if shown(one) and one != "CHANGELOG.md"])
async def test_every_command_is_taken_as_it_is_shown(document: str, room: Room) -> None:
    for said in shown(document):
        if said in CONTRADICTED:
            await room.gives(CONTRADICTED[said])
        assert await room.gives(said)
    assert room.refused == []


@on("sqlite")
async def test_a_command_that_is_wrong_is_noticed(room: Room) -> None:
    await room.gives("/quota set @ada soup 50")
    assert len(room.refused) == 1
