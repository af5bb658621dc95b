"""What only an admin can mend is told to the admin, and so is that it was: from the endpoint's 429 to the chat."""

from collections.abc import AsyncIterator

import pytest

from bot.llm.emulator import ModelEmulator, refusals
from bot.storage import Storage
from tests.conftest import ADMIN
from tests.scenarios.plays import TEXT
from tests.scenarios.pooled import Scene, scene, words

Stage = Scene[ModelEmulator]


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Stage]:
    async with scene(storage, ModelEmulator(answer=lambda _: TEXT, count=words)) as one:
        one.core.watch._troubles = one.pool.gates.troubles
        yield one


async def told(stage: Stage) -> list[str]:
    """What the admin is told by a look of the watch."""
    before = len(stage.core.platform.sent)
    await stage.core.watch.look()
    await stage.core.work()
    return [text for chat, text in stage.core.platform.sent[before:] if chat == ADMIN]


def let_it_rest(stage: Stage) -> None:
    """The time for which an endpoint is left alone is over."""
    for gate in (stage.pool.gates.model(stage.card), *stage.pool.gates._keys.values()):
        if gate.breaker.state == "open":
            gate.breaker._open_until = 0.0


async def test_used_up_credit_is_told_once_and_so_is_its_end(stage: Stage) -> None:
    stage.server.faults.when(lambda _: True, refusals.out_of_credit())
    await stage.core.say("ada", "hello")
    assert await told(stage) == ["⛔ `main k`: the credit or spending limit is used up."]
    await stage.core.say("ben", "hello")
    assert await told(stage) == []
    stage.server.faults.clear()
    let_it_rest(stage)
    assert await stage.core.say("cem", "hello") == TEXT
    stage.core.clock.pass_(minutes=11)
    assert await told(stage) == ["✅ `main k` works again."]


async def test_a_breaker_that_opens_is_told_and_so_is_its_end(stage: Stage) -> None:
    stage.server.faults.when(lambda _: True, refusals.status(500))
    for user in ("ada", "ben"):
        await stage.core.say(user, "hello")
    assert await told(stage) == ["⚠️ `main/scripted-1` keeps failing and is left alone for a while."]
    stage.server.faults.clear()
    let_it_rest(stage)
    assert await stage.core.say("cem", "hello") == TEXT
    stage.core.clock.pass_(minutes=11)
    assert await told(stage) == ["✅ `main/scripted-1` works again."]


async def test_a_busy_endpoint_and_a_moderated_message_are_no_alerts(stage: Stage) -> None:
    stage.server.faults.next(refusals.moderated(), refusals.rate_limited(retry_after="60"))
    for user in ("ada", "ben"):
        await stage.core.say(user, "hello")
    assert await told(stage) == []
