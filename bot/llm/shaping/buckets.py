"""The buckets' port: take before a call, settle after it, correct by what the server says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.llm.shaping.limits import Meter

SLOTS = "slots"
"""The meter that a denial names when too many calls are under way."""
CLOSED = "closed"
"""The meter that a denial names when the server asked for silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a call needs. `tokens` is an estimate, better too high than too low: prompt and longest answer."""

    meters: tuple[Meter, ...]
    requests: float = 1.0
    tokens: float = 0.0
    concurrent: int | None = None

    @property
    def costs(self) -> tuple[float, ...]:
        """Units for each meter."""
        return tuple(cost_of(meter, self.requests, self.tokens) for meter in self.meters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Something taken, to be settled or released once.

    `at` is when it was taken, `until` when each bucket would be full again had nobody else taken from it; both in
    seconds of the clock of the buckets it came from, which `home` names.
    """

    id: str
    route: str
    ask: Ask
    at: float
    until: tuple[float, ...]
    home: str

    def changes(self, requests: float, tokens: float) -> tuple[float, ...]:
        """What to add to each meter's debt, in seconds, when this much was used instead of what was asked for."""
        used = (cost_of(meter, requests, tokens) for meter in self.ask.meters)
        pairs = zip(self.ask.meters, used, self.ask.costs, strict=True)
        return tuple((real - asked) * meter.pace for meter, real, asked in pairs)

    def floors(self, remaining: Mapping[str, float]) -> tuple[float, ...]:
        """When each bucket is full at the earliest, by what the server said was left; 0 where it said nothing.

        The server counted at some time after `at`. Taking `at` for it forgives what came back meanwhile, and calls
        that overtook this one, so that in the usual case nothing changes.
        """
        left = ((meter, remaining.get(meter.name)) for meter in self.ask.meters)
        return tuple(0.0 if size is None else self.at + meter.tolerance - size * meter.pace for meter, size in left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """Nothing was taken. It would be after `wait` seconds if nobody else took or gave anything back.

    `wait` is infinite when too many calls are under way. `meter` names what is short. `debts` are the seconds
    until each bucket is full.
    """

    wait: float
    meter: str
    debts: tuple[float, ...]


class Buckets(Protocol):
    """Where the counts are kept. Taking is all or nothing over all meters of a route."""

    async def take(self, route: str, ask: Ask) -> Grant | Denied: ...

    async def settle(self, grant: Grant, *, tokens: float, requests: float = 1.0) -> None:
        """Charge or give back the difference to what was taken, and end the call.

        What a bucket has refilled since is not given back a second time.
        """

    async def release(self, grant: Grant) -> None:
        """End the call; what was taken stays taken."""

    async def correct(self, grant: Grant, remaining: Mapping[str, float]) -> None:
        """Believe the server, meter by meter, when it says that less is left than we thought; never more."""

    async def close(self, route: str, seconds: float) -> None:
        """Deny everything for so long, or longer if it was closed for longer."""

    async def watch(self, freed: Callable[[str], None]) -> None:
        """Call `freed` with every route that other processes gave something back to, until cancelled."""


def cost_of(meter: Meter, requests: float, tokens: float) -> float:
    return requests if meter.kind == "requests" else tokens


def wait_for(meter: Meter, debt: float, cost: float) -> float:
    """Seconds until `cost` units fit when the bucket needs `debt` seconds to be full (generic cell rate algorithm).

    What is larger than the bucket fits when the bucket is full: it could never be taken otherwise.
    """
    if cost <= 0:
        return 0.0
    needed = cost * meter.pace
    return max(0.0, debt + needed - max(meter.tolerance, needed))
