from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.domain.completions import FinishReason, Prompt, PromptMessage, Usage
from bot.errors import CompletionRefused, ModelError, StreamInterrupted, UpstreamBusy, UpstreamDown
from bot.llm import open_model
from bot.llm.emulator import ModelEmulator, refusals
from bot.llm.retry import Patience, PatientModel

PROMPT = Prompt(model="m", messages=(), tokens=1, answer_room=10)
HELLO = (PromptMessage(role="user", text="hello"),)
USAGE = Usage(input=1, output=2)


class Script:
    """A completion that plays what it is given: pieces of text, then an error or the end."""

    def __init__(self, *steps: str | ModelError) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = "m-1"
        self.closed = False
        self._steps = steps

    async def __aiter__(self) -> AsyncIterator[str]:
        for step in self._steps:
            if isinstance(step, ModelError):
                raise step
            yield step
        self.usage, self.finish_reason = USAGE, "stop"

    async def aclose(self) -> None:
        self.closed = True


class Scripted:
    """A model whose attempts are scripted."""

    def __init__(self, *scripts: Script) -> None:
        self.attempts: list[Script] = []
        self._scripts = list(scripts)

    def complete(self, prompt: Prompt) -> Script:
        self.attempts.append(self._scripts.pop(0))
        return self.attempts[-1]

    async def models(self) -> Mapping[str, int | None]:
        return {"m": None}

    async def close(self) -> None:
        pass


class FakeClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def read(model: PatientModel) -> str:
    return "".join([piece async for piece in model.complete(PROMPT)])


def patient(scripted: Scripted, clock: FakeClock, patience: Patience | None = None) -> PatientModel:
    return PatientModel(scripted, clock, lambda: 0.5, patience)


async def test_a_failed_start_is_repeated() -> None:
    scripted = Scripted(Script(UpstreamDown()), Script("hello ", "there"))
    assert await read(patient(scripted, FakeClock())) == "hello there"
    assert scripted.attempts[0].closed


async def test_the_facts_are_those_of_the_attempt_that_answered() -> None:
    completion = patient(Scripted(Script(UpstreamDown()), Script("hi")), FakeClock()).complete(PROMPT)
    assert [piece async for piece in completion] == ["hi"]
    assert (completion.usage, completion.finish_reason, completion.model) == (USAGE, "stop", "m-1")


async def test_waits_grow_and_are_jittered() -> None:
    clock = FakeClock()
    scripted = Scripted(Script(UpstreamDown()), Script(UpstreamDown()), Script("hi"))
    await read(patient(scripted, clock, Patience(backoff=1)))
    assert clock.slept == [0.5, 1.0]


async def test_attempts_are_bounded() -> None:
    scripted = Scripted(*(Script(UpstreamDown(str(number))) for number in range(5)))
    with pytest.raises(UpstreamDown, match="2"):
        await read(patient(scripted, FakeClock(), Patience(attempts=3)))
    assert len(scripted.attempts) == 3


async def test_a_stream_that_spoke_is_never_repeated() -> None:
    scripted = Scripted(Script("hel", StreamInterrupted()), Script("hello"))
    with pytest.raises(StreamInterrupted):
        await read(patient(scripted, FakeClock()))
    assert len(scripted.attempts) == 1


async def test_a_refusal_is_not_repeated() -> None:
    scripted = Scripted(Script(CompletionRefused()), Script("hello"))
    with pytest.raises(CompletionRefused):
        await read(patient(scripted, FakeClock()))


async def test_a_short_wait_is_waited() -> None:
    clock = FakeClock()
    scripted = Scripted(Script(UpstreamBusy(retry_after=2)), Script("hi"))
    assert await read(patient(scripted, clock)) == "hi"
    assert 2 <= clock.slept[0] < 2.2


async def test_a_long_wait_is_the_person_s_to_know() -> None:
    clock = FakeClock()
    with pytest.raises(UpstreamBusy):
        await read(patient(Scripted(Script(UpstreamBusy(retry_after=6))), clock))
    assert clock.slept == []


async def test_no_wait_passes_the_deadline() -> None:
    clock = FakeClock()
    scripted = Scripted(*(Script(UpstreamBusy(retry_after=4)) for _ in range(9)))
    with pytest.raises(UpstreamBusy):
        await read(patient(scripted, clock, Patience(attempts=9, deadline=10)))
    assert len(clock.slept) == 2


async def test_an_empty_answer_is_an_answer() -> None:
    completion = patient(Scripted(Script()), FakeClock()).complete(PROMPT)
    assert [piece async for piece in completion] == []
    assert completion.finish_reason == "stop"


async def test_closing_closes_the_attempt() -> None:
    scripted = Scripted(Script("a", "b"))
    completion = patient(scripted, FakeClock()).complete(PROMPT)
    async for _ in completion:
        break
    await completion.aclose()
    assert scripted.attempts[0].closed


async def test_an_opened_model_tries_again() -> None:
    async with ModelEmulator(answer=lambda _: "hello") as emulator:
        emulator.faults.next(refusals.status(500), refusals.rate_limited(retry_after_ms="10"))
        model = open_model(emulator.url, "any", SystemClock())
        pieces = [piece async for piece in model.complete(replace(PROMPT, model="scripted-1", messages=HELLO))]
        await model.close()
    assert pieces == ["hello"]
    assert [exchange.status for exchange in emulator.requests] == [500, 429, 200]
