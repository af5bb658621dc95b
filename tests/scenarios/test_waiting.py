"""Waiting, leaving, and not being alone: through the whole bot, where what a server does is a matter of time.

On our emulator only: aimock tells neither when somebody hangs up nor what it has served, and keeps no pace of words.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.domain.models import Limits
from bot.llm.emulator import ModelEmulator, Pace, refusals
from bot.llm.policy import Patience
from bot.storage import Storage
from tests.scenarios.plays import TEXT
from tests.scenarios.pooled import HASTY, Scene, scene, words

Stage = Scene[ModelEmulator]
BUSY = "overloaded"


def emulator() -> ModelEmulator:
    return ModelEmulator(answer=lambda _: TEXT, count=words)


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Stage]:
    async with scene(storage, emulator()) as one:
        yield one


async def test_stop_leaves_no_connection_and_no_mark_on_the_breaker(stage: Stage) -> None:
    stage.server.pace = Pace(words_per_second=20)
    await stage.core.hear("ada", "talk")
    (lease,) = await stage.core.inbox.claim(1)
    stage.core.dispatcher.start(lease)
    await stage.core.platform.shown("one two")
    await stage.core.hear("ada", "/stop")
    await stage.core.work()
    await stage.server.until(lambda: stage.server.requests[0].cancelled)
    (row,) = await stage.rows()
    assert row["ending"] == "stopped"
    assert row["output_tokens"] >= 2
    assert stage.failures == 0
    assert any(text.startswith("one two") and "⏹ Stopped." in text for text in stage.seen)


async def test_stop_before_the_first_word_is_charged_with_the_question(stage: Stage) -> None:
    stage.server.pace = Pace(first_token=30)
    await stage.core.hear("ada", "hello")
    (lease,) = await stage.core.inbox.claim(1)
    stage.core.dispatcher.start(lease)
    await stage.server.until(lambda: stage.server.requests)
    await stage.core.hear("ada", "/stop")
    await stage.core.work()
    (row,) = await stage.rows()
    assert (row["ending"], row["input_tokens"], row["output_tokens"], row["estimated"]) == ("stopped", 14, 0, True)
    assert await stage.used() == (1, 14)


async def test_stop_in_line_costs_no_token(storage: Storage) -> None:
    async with scene(storage, emulator(), limits=Limits(concurrent=1)) as stage:
        stage.server.pace = Pace(first_token=30)
        await stage.core.hear("ada", "hello")
        (first,) = await stage.core.inbox.claim(1)
        stage.core.dispatcher.start(first)
        await stage.server.until(lambda: stage.server.requests)
        await stage.core.hear("ben", "hello")
        (second,) = await stage.core.inbox.claim(1)
        stage.core.dispatcher.start(second)
        await stage.core.hear("ben", "/stop")
        (stop,) = await stage.core.inbox.claim(1)
        stage.core.dispatcher.start(stop)
        await stage.server.until(lambda: any(chat == "ben" for chat, _ in stage.core.platform.sent))
        await stage.core.hear("ada", "/stop")
        await stage.core.work()
        assert len(stage.server.requests) == 1
        assert (await stage.used("ben"))[1] == 0


async def test_whoever_waits_too_long_for_room_is_told_and_pays_nothing(storage: Storage) -> None:
    impatient = Patience(queue=0.2, backoff=0)
    async with scene(storage, emulator(), limits=Limits(concurrent=1), patience=impatient) as stage:
        stage.server.pace = Pace(words_per_second=8)
        await stage.core.hear("ada", "hello")
        await stage.core.hear("ben", "hello")
        await stage.core.work()
        assert sorted(text == TEXT for text in stage.seen) == [False, True]
        assert any(BUSY in text for text in stage.seen)
        assert len(stage.server.requests) == 1
        assert min(await stage.used("ada"), await stage.used("ben")) == (0, 0)


async def test_whoever_waits_for_room_sees_how_long(storage: Storage) -> None:
    async with scene(storage, emulator(), limits=Limits(concurrent=1)) as stage:
        stage.server.pace = Pace(words_per_second=20)
        await stage.core.hear("ada", "hello")
        await stage.core.hear("ben", "hello")
        await stage.core.work()
        assert stage.seen == [TEXT, TEXT]
        shown = [text for reply in stage.core.platform.replies for text in reply.shown]
        assert any(text.startswith("⏳ Queued, about") for text in shown)


async def test_faults_of_one_person_s_turn_are_nobody_else_s(stage: Stage) -> None:
    stage.server.faults.when(lambda request: request.said == "bad", refusals.status(400))
    for user, said in (("ada", "bad"), ("ben", "hello")):
        await stage.core.hear(user, said)
    await stage.core.work()
    assert ("ben", TEXT) in stage.core.platform.sent
    assert await stage.used("ben") != (0, 0)
    assert await stage.used("ada") == (0, 0)


async def test_a_slow_server_s_late_answer_is_waited_for(storage: Storage) -> None:
    async with scene(storage, emulator(), patience=HASTY) as stage:
        stage.server.pace = Pace(first_token=0.25)
        async with asyncio.timeout(20):
            assert await stage.core.say("ada", "hello") == TEXT
