import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.telegram.emulator import Limits, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.polling import Backoff
from bot.clock import SystemClock
from bot.commands.declaration import Command, CommandBook, Role
from bot.ports import Clock
from bot.texts import Text, text

TOKEN = "100:TEST"


class ManualClock:
    """Time that passes when the test says so, or when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def say_nothing(call: object) -> Text:
    return text("")


def short_backoff() -> Backoff:
    return Backoff(first=0.01, most=0.02)


def connect(tg: TelegramEmulator, book: CommandBook, clock: Clock, *, token: str = TOKEN) -> TelegramPlatform:
    return TelegramPlatform(token, api_url=tg.url, commands=book, clock=clock, poll_seconds=1, backoff=short_backoff)


@pytest.fixture(autouse=True)
def _timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform sets it; tests that build SDK errors without one need it as well."""
    monkeypatch.setitem(os.environ, "PTB_TIMEDELTA", "true")


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        yield telegram


@pytest.fixture
def ada(tg: TelegramEmulator) -> Person:
    """Has written to the bot before; that message has been read."""
    person = tg.person(id=11, first_name="Ada", username="ada", language_code="de")
    person.says("/start")
    tg.world.updates.clear()
    return person


@pytest.fixture
def ben(tg: TelegramEmulator) -> Person:
    return tg.person(id=12, first_name="Ben", username="ben")


@pytest.fixture
def book() -> CommandBook:
    return CommandBook([
        Command(name="help", summary=text("Show what I can do"), handler=say_nothing),
        Command(name="new", summary=text("Begin anew"), handler=say_nothing, overtakes=False),
        Command(name="stop", summary=text("Stop the answer"), handler=say_nothing),
        Command(name="quota", summary=text("Set quotas"), handler=say_nothing, role=Role.ADMIN),
    ])  # fmt: skip


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def platform(tg: TelegramEmulator, book: CommandBook, clock: ManualClock) -> AsyncIterator[TelegramPlatform]:
    telegram = connect(tg, book, clock)
    yield telegram
    await telegram.close()


@pytest.fixture
async def listener(tg: TelegramEmulator, book: CommandBook) -> AsyncIterator[TelegramPlatform]:
    """On the machine's clock: long polls take real time."""
    telegram = connect(tg, book, SystemClock())
    yield telegram
    await telegram.close()
