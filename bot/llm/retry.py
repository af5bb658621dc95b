"""Patience with a model: calls that failed before their first piece are repeated, never those that spoke."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.domain.completions import FinishReason, Prompt, Usage
from bot.errors import ModelError, UpstreamBusy, UpstreamDown
from bot.ports import Clock, Completion, Model

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long we try, in seconds. `deadline` bounds everything before the first piece, waits included."""

    attempts: int = 3
    deadline: float = 90.0
    #: The ceiling of the first wait; it doubles with every attempt.
    backoff: float = 0.5
    #: A server that asks for a longer wait than this is not waited for: the person is told at once.
    longest_wait: float = 5.0

    def wait(self, error: ModelError, attempt: int, chance: float) -> float | None:
        """Seconds before attempt `attempt` + 1; None to give up. `chance` is in [0, 1)."""
        if not error.retryable or attempt >= self.attempts:
            return None
        asked = error.retry_after if isinstance(error, UpstreamBusy) else None
        if asked is None:
            # Full jitter: a crowd that failed together does not come back together.
            return chance * min(self.backoff * 2.0 ** (attempt - 1), self.longest_wait)
        return asked + chance * 0.1 * asked if asked <= self.longest_wait else None


class PatientModel:
    """A Model that repeats another one's failed attempts."""

    def __init__(
        self, model: Model, clock: Clock, chance: Callable[[], float], patience: Patience | None = None
    ) -> None:
        self._model = model
        self._clock = clock
        self._chance = chance
        self._patience = patience or Patience()

    def complete(self, prompt: Prompt) -> "PatientCompletion":
        return PatientCompletion(
            begin=lambda: self._model.complete(prompt),
            clock=self._clock,
            chance=self._chance,
            patience=self._patience,
        )

    async def models(self) -> Mapping[str, int | None]:
        return await self._model.models()

    async def close(self) -> None:
        await self._model.close()


class PatientCompletion:
    """The Completion port over as many attempts as it takes; its facts are the last attempt's."""

    def __init__(
        self, *, begin: Callable[[], Completion], clock: Clock, chance: Callable[[], float], patience: Patience
    ) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self._begin = begin
        self._clock = clock
        self._chance = chance
        self._patience = patience
        self._current: Completion | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces()

    async def aclose(self) -> None:
        if self._current is not None:
            await self._current.aclose()
            self._adopt(self._current)

    def _adopt(self, attempt: Completion) -> None:
        self.usage, self.finish_reason, self.model = attempt.usage, attempt.finish_reason, attempt.model

    async def _pieces(self) -> AsyncIterator[str]:
        try:
            first, rest = await self._started()
            if first is not None:
                yield first
            async for piece in rest:
                yield piece
        finally:
            await self.aclose()

    async def _started(self) -> tuple[str | None, AsyncIterator[str]]:
        """The first piece (None if the answer is empty) and the iterator for the others."""
        ends = self._clock.monotonic() + self._patience.deadline
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(ends)
            except ModelError as error:
                await self.aclose()
                await self._pause(error, attempt, ends)

    async def _attempt(self, ends: float) -> tuple[str | None, AsyncIterator[str]]:
        self._current = self._begin()
        pieces = aiter(self._current)
        try:
            async with asyncio.timeout(ends - self._clock.monotonic()):
                return await anext(pieces, None), pieces
        except TimeoutError:
            raise UpstreamDown("no answer before the deadline") from None

    async def _pause(self, error: ModelError, attempt: int, ends: float) -> None:
        """Wait before the next attempt, or raise the error that ended this one."""
        wait = self._patience.wait(error, attempt, self._chance())
        if wait is None or self._clock.monotonic() + wait >= ends:
            raise error
        _log.info("model_retry", reason=type(error).__name__, attempt=attempt, wait=round(wait, 3))
        await self._clock.sleep(wait)
