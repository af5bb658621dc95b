import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.slack.emulator import SlackEmulator, Tiers, Timing
from adapters.slack.platform import SlackPlatform
from bot.clock import SystemClock
from bot.commands.declaration import Command, CommandBook
from bot.domain.updates import Arrival, Update
from bot.texts import Text, text

QUICK = Timing(ack_timeout=0.3, retry_delays=(0.0, 0.02, 0.02), warning_grace=0.2)


async def nothing(call: Any) -> Text:
    return text("")


def book() -> CommandBook:
    return CommandBook(
        [
            Command(name="help", summary=text("help"), handler=nothing),
            Command(name="quota", summary=text("quota"), handler=nothing, spoken=re.compile(r"show|set .+")),
            Command(name="new", summary=text("new"), handler=nothing, overtakes=False),
            Command(name="stop", summary=text("stop"), handler=nothing),
        ]
    )


@dataclass
class Inbox:
    """Stores arrivals as the database does: each pair of source and event once."""

    stored: dict[tuple[str, str], Arrival] = field(default_factory=dict)
    offered: int = 0
    failures: int = 0
    """How many of the next calls fail."""
    fresh: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        self.offered += 1
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the database is away")
        for arrival in arrivals:
            if (arrival.source, arrival.event) not in self.stored:
                self.stored[arrival.source, arrival.event] = arrival
                self.fresh.put_nowait(arrival)

    async def next(self, patience: float = 3.0) -> Arrival:
        async with asyncio.timeout(patience):
            return await self.fresh.get()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def tiers() -> Tiers:
    """The emulator's limits."""
    return Tiers.off()


@pytest.fixture
def timing() -> Timing:
    return QUICK


@pytest.fixture
async def slack(tiers: Tiers, timing: Timing) -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(limits=tiers, timing=timing) as emulator:
        yield emulator


Make = Callable[..., SlackPlatform]


@pytest.fixture
async def make(slack: SlackEmulator) -> AsyncIterator[Make]:
    """Makes platforms on the emulator and closes them."""
    made: list[SlackPlatform] = []

    def platform(**options: Any) -> SlackPlatform:
        given: dict[str, Any] = {
            "bot_token": "xoxb-test",
            "app_token": "xapp-test",
            "signing_secret": "s3cret",
            "api_url": slack.url,
        }
        given |= {"commands": book(), "clock": SystemClock(), "ping_interval": 0.3, **options}
        made.append(SlackPlatform(**given))
        return made[-1]

    yield platform
    for one in made:
        await one.close()


@pytest.fixture
def platform(make: Make) -> SlackPlatform:
    return make()


Listen = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def listening(slack: SlackEmulator, inbox: Inbox) -> Listen:
    """`async with listening(platform)`: both connections are open inside, everything is closed after."""

    @contextlib.asynccontextmanager
    async def run(platform: SlackPlatform, connections: int = 2) -> AsyncIterator[None]:
        task, names = asyncio.create_task(platform.listen(inbox.accept)), asyncio.create_task(platform.accompany())
        try:
            await slack.until(lambda: slack.connections >= connections or task.done())
            yield
        finally:
            names.cancel()
            task.cancel()
            await asyncio.wait([names])
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return run


Hear = Callable[..., Any]


@pytest.fixture
def hear(inbox: Inbox, listening: Listen) -> Hear:
    """Let somebody act and read the update that comes of it."""

    async def run(platform: SlackPlatform, act: Callable[[], Any]) -> Update:
        async with listening(platform):
            await act()
            update = platform.parse((await inbox.next()).payload)
            assert update is not None
            return update

    return run
