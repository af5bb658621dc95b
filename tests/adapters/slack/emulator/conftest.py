import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator, Tiers, Timing

Answer = dict[str, Any]
CallMethod = Callable[..., Coroutine[Any, Any, Answer]]

QUICK = Timing(ack_timeout=0.25, retry_delays=(0.0, 0.01, 0.01), warning_grace=0.2)


class Clock:
    """The time of day, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timing() -> Timing:
    """A test may ask for another by parametrising `timing`."""
    return QUICK


@pytest.fixture
async def slack(clock: Clock, timing: Timing) -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator(limits=Tiers.off(), timing=timing, clock=clock) as emulator:
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def call(slack: SlackEmulator, http: aiohttp.ClientSession) -> CallMethod:
    """Call a method with a JSON body, as the bot."""

    async def perform(method: str, **args: Any) -> Answer:
        headers = {"Authorization": "Bearer xoxb-test"}
        async with http.post(slack.url + method, json=args, headers=headers) as response:
            answer: Answer = await response.json()
            return answer

    return perform


@pytest.fixture
def ada(slack: SlackEmulator) -> Person:
    return slack.person("U1", name="ada", real_name="Ada")


@pytest.fixture
def dm(slack: SlackEmulator, ada: Person) -> Channel:
    return slack.dm(ada)


@pytest.fixture
def general(slack: SlackEmulator, ada: Person) -> Channel:
    return slack.channel("C1", "general", members=[ada])
