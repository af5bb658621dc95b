"""`parley batch run` against the emulated Batch API, as an operator meets it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.batch import INTERRUPTED, run_batch
from bot.errors import ConfigError
from bot.llm.batch import BatchTrouble, Polling
from bot.llm.emulator import BatchPace, ModelEmulator, refusals
from bot.llm.emulator.batches import BatchDesk
from bot.settings import Settings

QUICK = Polling(first=0.005, longest=0.01, failures=3)
SLOW = BatchPace(working=3600)

MODELS = """
[[endpoints]]
name = "here"
base_url = "{url}"
keys = ["sk-test"]

[[endpoints.models]]
name = "scripted-1"
window = 1000
{prices}
"""
PRICES = """
prices = { input = 2, output = 8, service_tiers.batch = { input = 1, output = 4 } }
"""


@pytest.fixture
async def model() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(key="sk-test", answer=lambda request: request.said.upper()) as emulator:
        yield emulator


class Operator:
    """Somebody with a file of prompts, a configured endpoint and a terminal."""

    def __init__(self, model: ModelEmulator, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "prompts.jsonl"
        self.state = folder / "prompts.jsonl.state.json"
        self.said: list[str] = []
        self.stop = asyncio.Event()
        self.use(model)

    def use(self, model: ModelEmulator) -> None:
        self._model = model
        self.configure()

    def configure(self, prices: str = PRICES) -> None:
        (self.folder / "models.toml").write_text(MODELS.format(url=self._model.url, prices=prices))

    def write(self, *prompts: tuple[str, str]) -> None:
        lines = [json.dumps({"custom_id": name, "prompt": said}) for name, said in prompts]
        self.file.write_text("\n".join(lines))

    async def run(self, model: str | None = None) -> int:
        settings = Settings.load(_env_file=None, parley_models=self.folder / "models.toml")
        return await run_batch(settings, self.file, model, lambda: self.stop, self.said.append, polling=QUICK)

    async def run_until(self, condition: Callable[[], object]) -> int:
        """Press Ctrl-C as soon as the condition holds."""
        running = asyncio.create_task(self.run())
        await self._model.until(condition)
        self.stop.set()
        try:
            return await running
        finally:
            self.stop = asyncio.Event()

    def results(self) -> Sequence[Any]:
        return [json.loads(line) for line in (self.folder / "prompts.jsonl.results.jsonl").read_text().splitlines()]


@pytest.fixture
def operator(model: ModelEmulator, tmp_path: Path) -> Operator:
    operator = Operator(model, tmp_path)
    operator.write(("a", "one"), ("b", "two"), ("c", "three"))
    return operator


def trouble(caught: pytest.ExceptionInfo[BatchTrouble]) -> str:
    return "\n".join([caught.value.headline, *caught.value.problems])


async def test_results_come_in_the_order_of_the_prompts(operator: Operator, model: ModelEmulator) -> None:
    assert await operator.run() == 0
    assert [(one["custom_id"], one["answer"]) for one in operator.results()] == [
        ("a", "ONE"),
        ("b", "TWO"),
        ("c", "THREE"),
    ]
    assert [exchange.request.stream for exchange in model.batched] == [False] * 3
    assert model.requests == []


async def test_the_cost_is_that_of_the_batch_tier_to_the_micro_dollar(operator: Operator, model: ModelEmulator) -> None:
    await operator.run()
    served = [exchange.usage for exchange in model.batched]
    micro = sum(usage.prompt + 4 * usage.completion for usage in served)
    assert sum(one["cost_micro_usd"] for one in operator.results()) == micro
    spent, written = sum(usage.prompt for usage in served), sum(usage.completion for usage in served)
    assert f"Tokens: {spent} in (0 of them cached), {written} out. Cost: US$ 0.0000{micro}." in operator.said


async def test_an_unknown_price_is_told_and_is_not_nothing(operator: Operator) -> None:
    operator.configure(prices="prices = { input = 2, output = 8 }")
    await operator.run()
    assert [one["cost_micro_usd"] for one in operator.results()] == [None] * 3
    assert "Cost: unknown (3 without a price, 0 without a bill)." in operator.said[-2]


async def test_a_bad_line_stops_everything_before_it_is_sent(operator: Operator, model: ModelEmulator) -> None:
    operator.file.write_text('{"custom_id": "a", "prompt": "one"}\n{"custom_id": "b"}\nnonsense\n')
    with pytest.raises(BatchTrouble) as caught:
        await operator.run()
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["line 2", "line 3"]
    assert (model.desk.files, operator.state.exists()) == ({}, False)


async def test_requests_that_failed_are_listed_and_the_others_kept(operator: Operator, model: ModelEmulator) -> None:
    model.faults.when(lambda request: request.said == "two", refusals.status(500))
    assert await operator.run() == 1
    assert [one.get("answer") for one in operator.results()] == ["ONE", None, "THREE"]
    assert operator.results()[1]["error"]["code"] == "server_error"
    assert any(line.startswith("  ✗ b: server_error") for line in operator.said)


async def test_an_expired_batch_keeps_what_was_answered(operator: Operator, model: ModelEmulator) -> None:
    model.desk.pace = BatchPace(working=0.2, window=0.15)
    assert await operator.run() == 1
    assert [one.get("answer") for one in operator.results()] == ["ONE", "TWO", None]
    assert operator.results()[2]["error"]["code"] == "batch_expired"


async def test_a_refused_batch_is_explained_and_the_file_may_be_sent_again(
    operator: Operator, model: ModelEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached.", "line": None, "param": None}
    open_batch = BatchDesk._open

    def refusing(desk: BatchDesk, *given: Any) -> Any:
        batch = open_batch(desk, *given)
        batch.problems.append(problem)
        return batch

    with monkeypatch.context() as patched:
        patched.setattr(BatchDesk, "_open", refusing)
        with pytest.raises(BatchTrouble, match="token_limit_exceeded: Enqueued"):
            await operator.run()
    assert not operator.state.exists()
    assert await operator.run() == 0


async def test_ctrl_c_leaves_a_batch_that_the_next_run_goes_on_with(operator: Operator, model: ModelEmulator) -> None:
    model.desk.pace = SLOW
    assert (
        await operator.run_until(lambda: operator.state.exists() and "batch_" in operator.state.read_text())
        == INTERRUPTED
    )
    assert operator.said[-1].startswith("Left.")
    model.desk.pace = BatchPace()
    assert await operator.run() == 0
    assert len(model.desk.batches) == 1
    assert [one["answer"] for one in operator.results()] == ["ONE", "TWO", "THREE"]


async def test_a_batch_whose_making_was_not_confirmed_is_found_again(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint made it, and the connection or the process died before its name came back."""
    create = BatchDesk.create

    async def deaf(desk: BatchDesk, http: web.Request) -> Any:
        await create(desk, http)
        assert http.transport is not None
        http.transport.close()
        await asyncio.Event().wait()

    monkeypatch.setattr(BatchDesk, "create", deaf)
    async with ModelEmulator(key="sk-test") as cut:
        operator.use(cut)
        with pytest.raises(BatchTrouble) as caught:
            await operator.run()
        assert "nothing is sent twice" in trouble(caught)
        assert json.loads(operator.state.read_text())["batch"] is None
        assert await operator.run() == 0
        assert len(cut.desk.batches) == 1


async def test_a_passing_outage_while_waiting_is_waited_out(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    retrieve, broken = BatchDesk.retrieve, iter([True, True, False])

    async def shaky(desk: BatchDesk, http: web.Request) -> Any:
        fault = refusals.status(503).reply
        return fault if next(broken, False) else await retrieve(desk, http)

    monkeypatch.setattr(BatchDesk, "retrieve", shaky)
    async with ModelEmulator(key="sk-test") as moody:
        operator.use(moody)
        assert await operator.run() == 0
        assert len(moody.desk.batches) == 1


async def test_a_finished_file_is_not_sent_again(operator: Operator, model: ModelEmulator) -> None:
    await operator.run()
    assert await operator.run() == 0
    assert operator.said[-1].startswith("Done before")
    assert len(model.desk.batches) == 1


async def test_a_file_that_changed_under_way_is_not_mixed_up(operator: Operator, model: ModelEmulator) -> None:
    model.desk.pace = SLOW
    await operator.run_until(operator.state.exists)
    operator.write(("a", "something else"))
    with pytest.raises(BatchTrouble, match="has changed since"):
        await operator.run()


async def test_a_batch_that_the_endpoint_forgot_is_told(operator: Operator, model: ModelEmulator) -> None:
    model.desk.pace = SLOW
    await operator.run_until(lambda: operator.state.exists() and "batch_" in operator.state.read_text())
    model.desk.batches.clear()
    with pytest.raises(BatchTrouble, match="does not know"):
        await operator.run()


async def test_an_endpoint_without_batches_is_told_and_leaves_no_state(
    operator: Operator, model: ModelEmulator
) -> None:
    elsewhere = MODELS.format(url=model.url.replace("/v1", "/other"), prices="")
    (operator.folder / "models.toml").write_text(elsewhere)
    with pytest.raises(BatchTrouble, match="has no Batch API"):
        await operator.run()
    assert not operator.state.exists()


async def test_a_wrong_key_is_told_with_what_to_do(operator: Operator, model: ModelEmulator) -> None:
    model.key = "another"
    with pytest.raises(BatchTrouble) as caught:
        await operator.run()
    assert "check OPENAI_API_KEY" in trouble(caught)
    assert "sk-test" not in trouble(caught)


async def test_a_model_that_is_not_configured_is_told(operator: Operator) -> None:
    with pytest.raises(BatchTrouble, match="there are here/scripted-1"):
        await operator.run("here/none")


async def test_a_missing_file_is_told(operator: Operator) -> None:
    operator.file.unlink()
    with pytest.raises(BatchTrouble, match="cannot be read"):
        await operator.run()


async def test_settings_without_a_model_are_told(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PARLEY_MODELS", "OPENAI_API_KEY", "OPENAI_BASE_URL", "MODEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError):
        await run_batch(Settings.load(_env_file=None), operator.file, None, asyncio.Event, operator.said.append)


async def test_the_command_shows_progress_and_leaves_at_ctrl_c(operator: Operator, model: ModelEmulator) -> None:
    model.desk.pace = SLOW
    environment = {**os.environ, "PARLEY_MODELS": str(operator.folder / "models.toml")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "batch", "run", str(operator.file)),
        env=environment,
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await model.until(lambda: operator.state.exists() and "batch_" in operator.state.read_text(), timeout=20)
        process.send_signal(signal.SIGINT)
        said, errors = await asyncio.wait_for(process.communicate(), 20)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert (process.returncode, errors.decode().count("Traceback")) == (INTERRUPTED, 0)
    assert said.decode().startswith("Left.")
