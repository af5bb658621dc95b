"""`parley batch run`: a file of prompts through the Batch API, shown on a terminal."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot.accounting import MARGIN
from bot.admin.opening import operator
from bot.batchbook import BatchBook, open_books
from bot.catalogs import single_catalog
from bot.clock import SystemClock
from bot.domain.completions import Usage
from bot.domain.context import MESSAGE_OVERHEAD, PRIMING
from bot.domain.models import Catalog, Endpoint, Key, ModelCard, TurnFacts
from bot.errors import ConfigError, ModelError
from bot.llm.batch import (
    Answer,
    BatchEndpoint,
    BatchRun,
    BatchTrouble,
    Cost,
    Files,
    Line,
    Polling,
    Report,
    State,
    Totals,
    read_lines,
    request_lines,
)
from bot.llm.catalog import read_catalog, surroundings
from bot.llm.prices import PriceBook
from bot.llm.routing import choose
from bot.llm.tokens import TiktokenCounter, vocabulary_of
from bot.llm.windows import known_window
from bot.needs import model_problems
from bot.settings import Settings
from bot.tasks import cancel

Say = Callable[[str], None]

TIER = "batch"
"""The service tier whose prices hold."""

INTERRUPTED = 130
"""The exit status of programs that were ended by Ctrl-C."""

_SHOWN = 20

_UNKNOWN_WINDOW = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A file of prompts, and with what it is sent."""

    files: Files
    lines: Sequence[Line]
    state: State
    known: bool
    catalog: Catalog
    card: ModelCard

    @property
    def endpoint(self) -> Endpoint:
        return self.catalog.endpoints[self.card.endpoint]

    @property
    def key(self) -> Key:
        """The key it was sent with, which the models file may have dropped since."""
        for key in self.endpoint.keys:
            if key.name == self.state.key:
                return key
        problem = f"the key {self.state.key} it was sent with is not configured for {self.endpoint.name} any more"
        raise BatchTrouble("The batch cannot be followed:", [problem])


async def run_batch(
    settings: Settings,
    path: Path,
    model: str | None,
    stop_signal: Callable[[], asyncio.Event],
    say: Say,
    *,
    polling: Polling | None = None,
) -> int:
    """Send, follow or resume the batch of a file; returns the exit status.

    Raises ConfigError, and BatchTrouble for everything that can be acted on.
    """
    task = prepare(settings, path, model)
    if task.state.finished:
        say(f"Done before: the results are in {task.files.results}. Delete {task.files.state} to send the file again.")
        return 0
    clock = SystemClock()
    prices = PriceBook(task.catalog, clock)
    await prices.load()
    async with open_books(settings, clock, operator(), task.state.run) as book:
        await book.hold(await _most(settings, task, prices))
        report = await _until(stop_signal(), _through(task, book, _price(task, prices), polling))
    if report is None:
        say(f"Left. The endpoint works on; run the same command again to go on, or delete {task.files.state}.")
        return INTERRUPTED
    _tell(report, task, say)
    return 1 if any(answer.failed for answer in report.answers) else 0


async def _through(task: Task, book: BatchBook, cost: Cost, polling: Polling | None) -> Report:
    endpoint = BatchEndpoint.connect(task.endpoint, task.key, SystemClock())
    try:
        return await _run(task, endpoint, book, cost, polling)
    except BatchTrouble:
        await book.let_go()  # nothing of it will be charged, as far as anybody will ever hear
        raise
    except ModelError as error:
        if not task.files.state.exists():  # refused for good
            await book.let_go()
        raise BatchTrouble("The endpoint failed:", _advice(error, task)) from None
    finally:
        await endpoint.close()


def _price(task: Task, prices: PriceBook) -> Cost:
    return lambda usage: prices.cost(task.card, usage, TIER)


async def _most(settings: Settings, task: Task, prices: PriceBook) -> int:
    """What all prompts can cost together, in micro-US$. Raises BatchTrouble for a price that has to be known."""
    if prices.prices(task.card, TIER) is None:
        if settings.unknown_prices == "refuse":
            problem = f"nobody knows what {task.card.ref} costs in a batch (UNKNOWN_PRICES=refuse)"
            raise BatchTrouble("Nothing was sent:", [problem])
        return 0
    tokens = TiktokenCounter(vocabulary_of([task.card.known_as]))
    await tokens.load()
    most = 0
    for line in task.lines:
        prompt = PRIMING + sum([await tokens.count(one.text) + MESSAGE_OVERHEAD for one in line.messages])
        usage = Usage(input=round(prompt * MARGIN), output=line.room)
        most += prices.ceiling(task.card, usage, TIER) or 0
    return most


def prepare(settings: Settings, path: Path, model: str | None) -> Task:
    """Read and check everything; sends nothing. Raises ConfigError and BatchTrouble."""
    if problems := model_problems(settings):
        raise ConfigError(problems)
    catalog, files = _catalog(settings), Files(path)
    content = _content(path)
    state = files.load(content)
    card = _card(catalog, model, state)
    return Task(
        files=files,
        lines=read_lines(content, room=card.room(settings.max_answer_tokens), longest=card.max_output),
        state=state or State.new(content=content, model=card.ref, key=catalog.endpoints[card.endpoint].keys[0].name),
        known=state is not None,
        catalog=catalog,
        card=card,
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BatchTrouble("Nothing was sent:", [f"{path} cannot be read ({type(error).__name__})"]) from None


def _catalog(settings: Settings) -> Catalog:
    if settings.parley_models is not None:
        return read_catalog(settings.parley_models, surroundings())
    return single_catalog(settings, settings.context_window or known_window(settings.model) or _UNKNOWN_WINDOW)


def _card(catalog: Catalog, wanted: str | None, state: State | None) -> ModelCard:
    """The model that was asked for, else the one of the batch under way, else the first that the rules choose."""
    if state is not None and wanted not in (None, state.model):
        problem = f"the batch under way was sent to {state.model}: leave --model out to go on with it"
        raise BatchTrouble("Nothing was sent:", [problem])
    name = state.model if state is not None else wanted
    chosen = choose(catalog, TurnFacts(purpose="batch")).first
    card = chosen if name is None else catalog.find(name, plan="")
    if card is None:
        raise BatchTrouble("Nothing was sent:", [f"{name} is no model: there are {', '.join(catalog.models)}"])
    return card


async def _run(task: Task, endpoint: BatchEndpoint, book: BatchBook, cost: Cost, polling: Polling | None) -> Report:
    run = BatchRun(
        files=task.files,
        state=task.state,
        known=task.known,
        lines=task.lines,
        requests=lambda: request_lines(task.lines, task.card, task.endpoint.base_url),
        endpoint=endpoint,
        cost=cost,
        book=partial(book.write, task.card),
        clock=SystemClock(),
        polling=polling,
    )
    with click.progressbar(length=len(task.lines), label="sending", file=sys.stderr) as bar:

        def show(status: str, done: int) -> None:
            bar.label = status
            bar.update(done - bar.pos)
            bar.render_progress()

        return await run.run(show)


async def _until(stop: asyncio.Event, doing: Coroutine[Any, Any, Report]) -> Report | None:
    """Do it, unless `stop` is set first: then it is given up where it is, and None."""
    working, stopping = asyncio.create_task(doing), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        await cancel(working, stopping)


def _advice(error: ModelError, task: Task) -> list[str]:
    again = f"run the same command again: nothing is sent twice (to begin anew, delete {task.files.state} first)"
    return [one for one in (f"{type(error).__name__}: {error}", getattr(error, "hint", ""), again) if one]


def _tell(report: Report, task: Task, say: Say) -> None:
    totals = Totals.of(report.answers)
    say(f"Batch {report.batch} {report.status}: {totals.answered} answered, {totals.failed} failed.")
    failed = [answer for answer in report.answers if answer.failed]
    for answer in failed[:_SHOWN]:
        say(_failure(answer))
    if len(failed) > _SHOWN:
        say(f"  … and {len(failed) - _SHOWN} more")
    say(f"Tokens: {totals.input} in ({totals.cached} of them cached), {totals.output} out. Cost: {_cost(totals)}.")
    say(f"Results: {task.files.results}")


def _failure(answer: Answer) -> str:
    return f"  ✗ {answer.name}: {answer.code} {answer.message}".rstrip()


def _cost(totals: Totals) -> str:
    """Exact to the micro-US$; what nobody knows is told and not taken for nothing."""
    known = f"US$ {Decimal(totals.cost).scaleb(-6):f}"
    unknown = totals.unpriced + totals.untold
    if not unknown:
        return known
    if unknown == totals.answered + totals.failed or not totals.cost:
        return f"unknown ({totals.unpriced} without a price, {totals.untold} without a bill)"
    return f"{known} and {unknown} requests of unknown cost"
