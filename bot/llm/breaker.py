"""A breaker: an endpoint that keeps failing is left alone for a while, then tried with one call."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

from bot.errors import ModelError, StreamInterrupted, UpstreamBusy, UpstreamDown, UpstreamMisconfigured
from bot.ports import Clock

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """When a breaker opens, and for how long. Times in seconds."""

    window: float = 30.0
    failures: int = 5
    share: float = 0.5
    #: The first time; every time that the trial call fails too, it doubles.
    open_for: float = 15.0
    longest: float = 300.0
    #: The most that a server's Retry-After can keep it open.
    longest_asked: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure that counts. `retry_after` is what the server asked for; `final` opens the breaker by itself."""

    retry_after: float | None = None
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Permission for one call. `epoch` tells later results from those of before the last change of state."""

    epoch: int


class Breaker:
    """For one model of one endpoint.

    Ask `admit` before a call; report its end with exactly one of `succeeded`, `failed` and `dropped`. What calls
    report that began before the state last changed is ignored.
    """

    def __init__(self, clock: Clock, tolerance: Tolerance | None = None) -> None:
        self._clock = clock
        self._tolerance = tolerance or Tolerance()
        self._results: deque[tuple[float, bool]] = deque()
        self._failures = 0
        self._epoch = 0
        self._opened = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        if self._open_until is None:
            return "closed"
        return "open" if self._clock.monotonic() < self._open_until else "half-open"

    @property
    def wait(self) -> float:
        """Seconds until a call may be tried; 0 unless open."""
        return max(0.0, self._open_until - self._clock.monotonic()) if self._open_until is not None else 0.0

    def admit(self) -> Ticket | None:
        """Permission for a call, or None: it is open, or the one trial call is under way."""
        state = self.state
        if state == "open" or (state == "half-open" and self._trying):
            return None
        self._trying = state == "half-open"
        return Ticket(epoch=self._epoch)

    def succeeded(self, ticket: Ticket) -> None:
        if ticket.epoch != self._epoch:
            return
        if self._open_until is not None:
            self._close()
        else:
            self._note(ok=True)

    def failed(self, ticket: Ticket, failure: Failure) -> None:
        if ticket.epoch != self._epoch:
            return
        if self._open_until is None:
            self._note(ok=False)
        if failure.final or self._open_until is not None or self._too_many():
            self._open(failure)

    def dropped(self, ticket: Ticket) -> None:
        """It ended without telling anything about the endpoint: cancelled, refused, too long. Another may try."""
        if ticket.epoch == self._epoch:
            self._trying = False

    def _note(self, *, ok: bool) -> None:
        now = self._clock.monotonic()
        self._results.append((now, ok))
        self._failures += not ok
        while self._results[0][0] < now - self._tolerance.window:
            _, was_ok = self._results.popleft()
            self._failures -= not was_ok

    def _too_many(self) -> bool:
        enough = self._failures >= self._tolerance.failures
        return enough and self._failures >= self._tolerance.share * len(self._results)

    def _open(self, failure: Failure) -> None:
        self._open_until = self._clock.monotonic() + self._duration(failure)
        self._opened += 1
        self._begin()

    def _duration(self, failure: Failure) -> float:
        if failure.retry_after is not None:
            return min(failure.retry_after, self._tolerance.longest_asked)
        if failure.final:
            return self._tolerance.longest
        # The exponent is bounded: an endpoint that is away for weeks would overflow the float.
        return min(self._tolerance.open_for * 2.0 ** min(self._opened, 30), self._tolerance.longest)

    def _close(self) -> None:
        self._open_until = None
        self._opened = 0
        self._begin()

    def _begin(self) -> None:
        """Enter a state: what was known and what is under way belong to the one before."""
        self._epoch += 1
        self._trying = False
        self._results.clear()
        self._failures = 0


_SERVER_FAULT = re.compile(r"5\d\d\b")


def failure_of(error: ModelError) -> Failure | None:
    """What an error means for the breaker; None if it says nothing about the endpoint's health.

    5xx, timeouts and lost connections count, and so does an empty purse, which nothing but money cures. A rate limit
    is the business of `bot.llm.shaping`; a wrong key or model, a refusal or a long prompt is nobody's outage.
    """
    if isinstance(error, UpstreamMisconfigured):
        return Failure(final=True) if error.cause == "credit" else None
    if isinstance(error, UpstreamBusy):
        # An overloaded server and a rate limit are the same error with another status, which its text begins with.
        return Failure(retry_after=error.retry_after) if _SERVER_FAULT.match(str(error)) else None
    return Failure() if isinstance(error, UpstreamDown | StreamInterrupted) else None
