"""How long a turn in the queue will probably wait."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.llm.shaping.buckets import CLOSED, Denied, cost_of
from bot.llm.shaping.limits import Meter

TYPICAL = 8.0
"""Seconds that a call takes, until we have seen some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What stands in line: turns, and the tokens that they asked for."""

    turns: int = 0
    tokens: float = 0.0

    def plus(self, tokens: float) -> "Load":
        return Load(turns=self.turns + 1, tokens=self.tokens + tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is known of a route since the last denial, at `at` (seconds, monotonic).

    `call` is the mean length of a call in seconds.
    """

    meters: tuple[Meter, ...]
    debts: Sequence[float]
    concurrent: int | None
    closed: float
    at: float
    call: float

    def wait(self, load: Load, now: float) -> float:
        """Seconds until everything in `load`, whose last turn is the one that asks, has begun."""
        passed = now - self.at
        paces = (self._fill(meter, debt, load) for meter, debt in zip(self.meters, self.debts, strict=True))
        return max(0.0, self.closed - passed, self._turnover(load) - passed, *(fill - passed for fill in paces))

    def _fill(self, meter: Meter, debt: float, load: Load) -> float:
        needed = cost_of(meter, load.turns, load.tokens) * meter.pace
        return debt + needed - meter.tolerance

    def _turnover(self, load: Load) -> float:
        if self.concurrent is None:
            return 0.0
        return load.turns * self.call / max(1, self.concurrent)


def forecast(meters: tuple[Meter, ...], denied: Denied, concurrent: int | None, at: float, call: float) -> Forecast:
    """What a denial tells. Calls under way only matter when they were what was missing."""
    return Forecast(
        meters=meters,
        debts=denied.debts,
        concurrent=concurrent if denied.wait == float("inf") else None,
        closed=denied.wait if denied.meter == CLOSED else 0.0,
        at=at,
        call=call,
    )
