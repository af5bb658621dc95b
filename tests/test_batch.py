"""`parley batch run` against the emulated Batch API, as an operator meets it."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web

from bot.batch import INTERRUPTED, run_batch
from bot.errors import ConfigError
from bot.llm.batch import BatchTrouble, Polling
from bot.llm.emulator import BatchPace, ModelEmulator, refusals
from bot.llm.emulator.batches import BatchDesk
from bot.settings import Settings
from bot.storage import Storage, UnitOfWork
from bot.storage.tables import budget, call

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
        self.database = f"sqlite:///{folder}/parley.db"
        self.more: dict[str, Any] = {}
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
        settings = Settings.load(
            _env_file=None, parley_models=self.folder / "models.toml", database_url=self.database, **self.more
        )
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

    async def rows(self) -> Sequence[sa.RowMapping]:
        """What is written down of calls."""
        async with self.books() as work:
            return list((await work.calls._connection.execute(sa.select(call).order_by(call.c.id))).mappings())

    async def budget(self) -> tuple[int, int]:
        """What is spent and reserved of the day's budget, in micro-US$."""
        async with self.books() as work:
            row = (await work.calls._connection.execute(sa.select(budget))).one()
            return row.spent, row.reserved

    @asynccontextmanager
    async def books(self) -> AsyncIterator[UnitOfWork]:
        storage = Storage.open(self.database.replace("sqlite", "sqlite+aiosqlite"))
        async with storage.begin() as work:
            yield work
        await storage.close()

    def results(self) -> Sequence[Any]:
        return [json.loads(line) for line in (self.folder / "prompts.jsonl.results.jsonl").read_text().splitlines()]


@pytest.fixture
def operator(model: ModelEmulator, tmp_path: Path, empty_database: Path) -> Operator:
    shutil.copy(empty_database, tmp_path / "parley.db")
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


async def test_every_request_is_in_the_ledger_under_whoever_sent_it(operator: Operator, model: ModelEmulator) -> None:
    await operator.run()
    rows = await operator.rows()
    served = [exchange.usage for exchange in model.batched]
    assert [(row["input_tokens"], row["output_tokens"]) for row in rows] == [
        (usage.prompt, usage.completion) for usage in served
    ]
    assert [row["cost"] for row in rows] == [one["cost_micro_usd"] for one in operator.results()]
    assert {(row["purpose"], row["platform"], row["asked"], row["failed"]) for row in rows} == {
        ("batch", "cli", "here/scripted-1", False)
    }
    assert len({(row["account_id"], row["conversation_id"]) for row in rows}) == 1


async def test_budgets_hold_what_it_may_cost_and_are_charged_with_what_it_did(
    operator: Operator, model: ModelEmulator
) -> None:
    operator.more = {"budget_day": "5"}
    model.desk.pace = SLOW
    await operator.run_until(lambda: operator.state.exists() and "batch_" in operator.state.read_text())
    spent, held = await operator.budget()
    model.desk.pace = BatchPace()
    await operator.run()
    cost = sum(one["cost_micro_usd"] for one in operator.results())
    assert (spent, await operator.budget()) == (0, (cost, 0))
    assert held > cost


async def test_without_a_budget_that_reaches_nothing_is_sent(operator: Operator, model: ModelEmulator) -> None:
    operator.more = {"budget_day": "0.001"}
    with pytest.raises(BatchTrouble) as caught:
        await operator.run()
    assert "has no room for it: it may cost US$" in trouble(caught)
    assert (model.desk.files, operator.state.exists()) == ({}, False)


async def test_a_batch_that_is_refused_gives_its_reservation_back(operator: Operator, model: ModelEmulator) -> None:
    operator.more = {"budget_day": "5"}
    model.key = "another"
    with pytest.raises(BatchTrouble):
        await operator.run()
    assert await operator.budget() == (0, 0)


async def test_a_crash_after_booking_books_nothing_twice(operator: Operator) -> None:
    await operator.run()
    before = await operator.rows()
    state = json.loads(operator.state.read_text())
    operator.state.write_text(json.dumps({**state, "finished": False}))
    assert await operator.run() == 0
    assert await operator.rows() == before


async def test_a_request_that_failed_is_booked_without_cost(operator: Operator, model: ModelEmulator) -> None:
    model.faults.when(lambda request: request.said == "two", refusals.status(500))
    await operator.run()
    rows = await operator.rows()
    assert [(row["failed"], row["cost"] == 0, row["ending"]) for row in rows] == [
        (False, False, "stop"),
        (True, True, "server_error"),
        (False, False, "stop"),
    ]


async def test_a_price_that_has_to_be_known_is_missed_before_anything_is_sent(
    operator: Operator, model: ModelEmulator
) -> None:
    operator.configure(prices="prices = { input = 2, output = 8 }")
    operator.more = {"unknown_prices": "refuse"}
    with pytest.raises(BatchTrouble, match="nobody knows what"):
        await operator.run()
    assert model.desk.files == {}


async def test_a_batch_on_a_new_machine_begins_the_database(operator: Operator) -> None:
    (operator.folder / "parley.db").unlink()
    assert await operator.run() == 0
    assert len(await operator.rows()) == 3


async def test_a_database_of_another_version_is_left_alone(operator: Operator, model: ModelEmulator) -> None:
    async with operator.books() as work:
        await work.calls._connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(ConfigError, match="of another version"):
        await operator.run()
    assert model.desk.files == {}


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
    environment = {
        **os.environ,
        "PARLEY_MODELS": str(operator.folder / "models.toml"),
        "DATABASE_URL": operator.database,
    }
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
