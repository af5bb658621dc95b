from collections.abc import AsyncIterator

import pytest

from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from tests.scenarios.office import Office, office_of
from tests.scenarios.process import TOKEN


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """A Slack workspace with an app that is no agent."""
    async with office_of() as one:
        yield one


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    """Without limits of the calls; the bot reads everything that is said in groups."""
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        yield telegram


@pytest.fixture
async def platform(tg: TelegramEmulator) -> AsyncIterator[TelegramPlatform]:
    one = TelegramPlatform(TOKEN, api_url=tg.url, commands=all_commands(), clock=SystemClock(), poll_seconds=1)
    yield one
    await one.close()
