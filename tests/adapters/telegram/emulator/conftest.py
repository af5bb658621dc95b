from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.telegram.emulator import Limits, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token="100:TEST", limits=Limits.off()) as telegram:
        yield telegram


@pytest.fixture
async def api(tg: TelegramEmulator) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, tg.url, "100:TEST")


@pytest.fixture
def ada(tg: TelegramEmulator) -> Person:
    """Someone who has already written to the bot, and whose first message was read."""
    person = tg.person(id=11, first_name="Ada", username="ada", language_code="en")
    person.says("/start")
    tg.world.updates.clear()
    return person


@pytest.fixture
def ben(tg: TelegramEmulator) -> Person:
    return tg.person(id=12, first_name="Ben", username="ben")
