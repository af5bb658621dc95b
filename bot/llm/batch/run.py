"""One batch from its prompts to its results, across any number of restarts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog

from bot.errors import ModelError
from bot.llm.batch.answers import Answer, Cost, in_order
from bot.llm.batch.endpoint import BatchEndpoint, Standing
from bot.llm.batch.files import Files, State
from bot.llm.batch.lines import Line
from bot.llm.batch.trouble import BatchTrouble
from bot.ports import Clock

_log = structlog.get_logger(__name__)

OnProgress = Callable[[str, int], None]
"""Told the endpoint's word for where the batch stands, and how many requests are done."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often to look, in seconds: each wait is `factor` times the one before it, `longest` at most.

    A look that fails for a passing reason is repeated; `failures` of them in a row end the run.
    """

    first: float = 2.0
    factor: float = 1.5
    longest: float = 60.0
    failures: int = 20

    def after(self, wait: float) -> float:
        return min(wait * self.factor, self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a batch ended, in the endpoint's word (`completed`, `expired`, `cancelled`), with an answer per prompt."""

    batch: str
    status: str
    answers: Sequence[Answer]


class BatchRun:
    """Sends, follows and fetches. Ended at any instant, the next run goes on where this one was.

    `known` is the state an earlier run has left; `book` writes down what was answered, and does so once. Whatever may
    cost money is written down before it is done: a batch whose making was never confirmed is looked for by its mark
    before another is made.
    """

    def __init__(
        self,
        *,
        files: Files,
        state: State,
        known: bool,
        lines: Sequence[Line],
        requests: Callable[[], bytes],
        endpoint: BatchEndpoint,
        cost: Cost,
        book: Callable[[Sequence[Answer]], Awaitable[None]],
        clock: Clock,
        polling: Polling | None = None,
    ) -> None:
        self._files = files
        self._state = state
        self._known = known
        self._lines = lines
        self._requests = requests
        self._endpoint = endpoint
        self._cost = cost
        self._book = book
        self._clock = clock
        self._polling = polling or Polling()

    async def run(self, on_progress: OnProgress) -> Report:
        """Raises BatchTrouble and ModelError."""
        batch = self._state.batch or await self._begin()
        ended = await self._follow(batch, on_progress)
        if ended.status == "failed":
            # It failed as a whole and cost nothing: the next run is to send the mended file.
            self._files.forget()
            problems = ended.problems or ("it did not say why",)
            raise BatchTrouble("The endpoint refused the batch; nothing was answered and nothing is charged:", problems)
        answers = await self._fetch(ended)
        self._files.save_results(answer.line() for answer in answers)
        # Before it is finished: a run that is ended here is made again, and what was booked is not booked twice.
        await self._book(answers)
        self._save(replace(self._state, finished=True))
        return Report(batch=batch, status=ended.status, answers=answers)

    async def _begin(self) -> str:
        """Make the batch, or find the one whose making was not confirmed."""
        found = await self._endpoint.find(self._state.run) if self._known else None
        batch = found or await self._submit()
        self._save(replace(self._state, batch=batch))
        return batch

    async def _submit(self) -> str:
        requests = self._requests()
        self._save(self._state)
        try:
            return await self._endpoint.submit(requests, self._state.run)
        except (BatchTrouble, ModelError) as error:
            # Refused for good, so there is no batch to go on with. After other errors there may be one.
            if not (isinstance(error, ModelError) and error.retryable):
                self._files.forget()
            raise

    async def _follow(self, batch: str, on_progress: OnProgress) -> Standing:
        wait = self._polling.first
        while True:
            standing = await self._patiently(partial(self._endpoint.standing, batch))
            if standing is None:
                advice = f"delete {self._files.state} to send the file again"
                raise BatchTrouble("The batch is lost:", [f"the endpoint does not know {batch} any more: {advice}"])
            on_progress(standing.status, standing.done)
            if standing.ended:
                return standing
            await self._clock.sleep(wait)
            wait = self._polling.after(wait)

    async def _fetch(self, ended: Standing) -> list[Answer]:
        names = [name for name in (ended.output_file, ended.error_file) if name]
        contents = [await self._patiently(partial(self._endpoint.content, name)) for name in names]
        return in_order(self._lines, contents, self._cost)

    async def _patiently(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask again after failures that pass. Only what costs nothing may be asked this way."""
        wait = self._polling.first
        for _ in range(self._polling.failures - 1):
            try:
                return await ask()
            except ModelError as error:
                if not error.retryable:
                    raise
                _log.info("batch_poll_failed", reason=type(error).__name__, wait=round(wait, 1))
            await self._clock.sleep(wait)
            wait = self._polling.after(wait)
        return await ask()

    def _save(self, state: State) -> None:
        self._state = state
        self._files.save(state)
