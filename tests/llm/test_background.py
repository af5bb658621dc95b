"""Calls that nobody waits for: cheaply where that is offered, and never to the harm of a call that is waited for."""

from dataclasses import replace

import pytest

from bot.domain.completions import Prompt
from bot.domain.models import Parameters, Purpose
from bot.llm.emulator import Fault, refusals, twists
from tests.llm.test_pool import TEXT, Stage, model, read, server, staged

CHEAP = replace(model(), flex=True)


def aside(stage: Stage, purpose: Purpose = "summary") -> Prompt:
    return replace(stage.prompt(), purpose=purpose)


def tiers(stage: Stage) -> list[str]:
    """Which tier each request asked for."""
    return [exchange.request.body.get("service_tier", "") for exchange in stage.servers[0].requests]


@pytest.mark.parametrize("purpose", ["summary", "title"])
async def test_the_background_takes_the_cheap_tier(purpose: Purpose) -> None:
    async with staged(server(), cards=(CHEAP,)) as stage:
        completion = stage.ask(aside(stage, purpose))
        assert await read(completion) == TEXT
        assert completion.service_tier == "flex"
        assert tiers(stage) == ["flex"]


@pytest.mark.parametrize("purpose", ["chat", "moderation"])
async def test_what_is_waited_for_does_not(purpose: Purpose) -> None:
    async with staged(server(), cards=(CHEAP,)) as stage:
        assert await stage.answer(aside(stage, purpose)) == TEXT
        assert tiers(stage) == [""]


async def test_models_without_a_cheap_tier_are_not_asked_for_one() -> None:
    async with staged(server()) as stage:
        assert await stage.answer(aside(stage)) == TEXT
        assert tiers(stage) == [""]


@pytest.mark.parametrize(
    "fault",
    [refusals.no_flex_room(), refusals.rate_limited(retry_after="60"), refusals.status(503), twists.stall_first()],
    ids=lambda fault: fault.name if isinstance(fault, Fault) else None,
)
async def test_a_cheap_tier_without_room_leads_to_the_usual_one_and_harms_nobody(fault: Fault) -> None:
    async with staged(server(), cards=(CHEAP,)) as stage:
        stage.servers[0].faults.next(fault)
        assert await stage.answer(aside(stage)) == TEXT
        assert tiers(stage) == ["flex", ""]
        assert stage.pool.gates.model(CHEAP).breaker._failures == 0
        assert await stage.answer() == TEXT
        assert stage.waits == []


async def test_every_key_s_cheap_tier_comes_before_the_usual_one() -> None:
    async with staged(server(), cards=(CHEAP,), keys=2) as stage:
        stage.servers[0].faults.next(refusals.no_flex_room(), refusals.no_flex_room())
        assert await stage.answer(aside(stage)) == TEXT
        assert tiers(stage) == ["flex", "flex", ""]
        assert stage.keys[0] != stage.keys[1]


async def test_a_refused_tier_is_left_out_and_remembered() -> None:
    async with staged(server(refuses=frozenset({"service_tier"})), cards=(CHEAP,)) as stage:
        assert await stage.answer(aside(stage)) == TEXT
        assert await stage.answer(aside(stage)) == TEXT
        assert tiers(stage) == ["flex", "", ""]


async def test_parameters_of_a_call_go_over_the_model_s() -> None:
    card = replace(model(), parameters=Parameters(temperature=0.3, verbosity="low", max_output=50))
    async with staged(server(), cards=(card,)) as stage:
        await stage.answer(replace(stage.prompt(), parameters=Parameters(temperature=1.2, max_output=20)))
        body = stage.servers[0].requests[0].request.body
    assert (body["temperature"], body["verbosity"], body["max_completion_tokens"]) == (1.2, "low", 20)


async def test_a_model_writes_no_more_than_it_was_told_to() -> None:
    async with staged(server(), cards=(replace(model(), parameters=Parameters(max_output=30)),)) as stage:
        await stage.answer()
        assert stage.servers[0].requests[0].request.body["max_completion_tokens"] == 30
