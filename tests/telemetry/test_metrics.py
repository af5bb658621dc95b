"""What Prometheus is told: counted from what happens, and never about whom."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.budgets import Budget, BudgetPlan
from bot.errors import PlatformDown
from bot.health import Health
from bot.llm.emulator import ModelEmulator, refusals
from bot.storage import Storage
from bot.telemetry.metrics import Metrics
from bot.vitals import Pulse
from tests.conftest import Core, make_core
from tests.scenarios.plays import TEXT
from tests.scenarios.pooled import Scene, scene, words

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
Stage = Scene[ModelEmulator]

MODEL = "main/scripted-1"


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Stage]:
    async with scene(storage, ModelEmulator(answer=lambda _: TEXT, count=words)) as one:
        yield one


async def told(metrics: Metrics, core: Core, stage: Stage | None = None) -> Samples:
    gates = stage.pool.gates if stage else None
    pulse = Pulse(core.storage, core.inbox, Health(core.storage, None), budgets=core.budgets, gates=gates)
    text = metrics.rendered(await pulse.take()).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def test_a_turn_is_counted_with_its_tokens_and_its_cost(stage: Stage) -> None:
    metrics = Metrics()
    with metrics.listening():
        await stage.core.say("ada", "hello")
    samples = await told(metrics, stage.core, stage)
    (row,) = await stage.rows()
    call = {"model": MODEL, "purpose": "chat"}
    assert value(samples, "parley_model_calls_total", **call, outcome="stop") == 1
    assert value(samples, "parley_model_tokens_total", **call, kind="input") == row["input_tokens"] > 0
    assert value(samples, "parley_model_tokens_total", **call, kind="output") == row["output_tokens"] > 0
    assert value(samples, "parley_model_cost_microusd_total", **call) == row["cost"] > 0
    assert value(samples, "parley_turn_seconds_count", platform="fake", ending="stop") == 1
    assert value(samples, "parley_breaker_open", way=MODEL) == 0


async def test_what_went_wrong_is_counted_by_its_kind(stage: Stage) -> None:
    stage.server.faults.when(lambda _: True, refusals.status(500))
    metrics = Metrics()
    with metrics.listening():
        await stage.core.say("ada", "hello")
    samples = await told(metrics, stage.core, stage)
    assert value(samples, "parley_events_total", event="model_retry", reason="UpstreamDown") >= 1
    assert value(samples, "parley_events_total", event="turn_failed", reason="UpstreamDown") == 1
    assert value(samples, "parley_turn_seconds_count", platform="fake", ending="UpstreamDown") == 1


async def test_what_waits_is_told_as_it_is_now(core: Core) -> None:
    await core.hear("ada", "hello")
    await core.hear("ben", "hello")
    metrics = Metrics()
    samples = await told(metrics, core)
    assert value(samples, "parley_lanes", state="ready") == 2
    assert value(samples, "parley_up", part="database") == 1
    await core.work()
    samples = await told(metrics, core)
    assert value(samples, "parley_lanes", state="ready") == 0
    assert value(samples, "parley_oldest_arrival_seconds") == 0
    assert value(samples, "parley_unsent_parts") == 0


async def test_what_the_platform_did_not_take_is_told_as_unsent(core: Core) -> None:
    core.platform.failures = [PlatformDown("away", outcome_unknown=False) for _ in range(100)]
    await core.say("ada", "hello")
    samples = await told(Metrics(), core)
    assert value(samples, "parley_unsent_parts") == 1
    assert value(samples, "parley_lanes", state="parked") == 1


async def test_budgets_are_told_with_what_is_left(storage: Storage) -> None:
    core = make_core(storage, budgets=BudgetPlan(budgets=(Budget(scope="", span="day", limit=5_000_000),)))
    await core.say("ada", "hello")
    samples = await told(Metrics(), core)
    assert value(samples, "parley_budget_limit_microusd", budget="all/day") == 5_000_000
    assert value(samples, "parley_budget_used_microusd", budget="all/day") >= 0


async def test_a_database_that_is_away_leaves_the_rest(core: Core) -> None:
    away = Storage.open("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    samples = await told(Metrics(), replace(core, storage=away))
    await away.close()
    assert value(samples, "parley_up", part="database") == 0
    assert not any(name == "parley_lanes" for name, _ in samples)


async def test_more_people_make_no_more_series(core: Core) -> None:
    metrics = Metrics()
    with metrics.listening():
        await core.say("ada", "hello")
        before = set(await told(metrics, core))
        for number in range(5):
            await core.say(f"person {number}", "hello")
        after = set(await told(metrics, core))
    assert after == before


async def test_lines_below_the_level_count_and_are_still_not_written(
    core: Core, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    metrics = Metrics()
    with metrics.listening():
        await core.say("ada", "hello")
    samples = await told(metrics, core)
    assert value(samples, "parley_turn_seconds_count", platform="fake", ending="stop") == 1
    assert "turn_done" not in capsys.readouterr().err


def test_a_sentence_becomes_no_label() -> None:
    metrics = Metrics()
    metrics.observe({"event": "heartbeat_failed", "reason": "the server closed the connection of ada@example.org"})
    assert metrics._registry.get_sample_value("parley_events_total", {"event": "heartbeat_failed", "reason": ""}) == 1
