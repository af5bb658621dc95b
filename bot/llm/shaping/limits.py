"""What an endpoint allows: requests and tokens per minute and per day, and calls at the same time."""

from dataclasses import dataclass, replace
from typing import Any, Literal

MINUTE = 60.0
DAY = 86_400.0
USUAL_BURST = 0.9

Kind = Literal["requests", "tokens"]
Name = Literal["rpm", "tpm", "rpd", "tpd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who counts us: limits hold for one model behind one key of one endpoint.

    `key` is what the operator calls the key. The key itself must not come here: routes are shown in Redis and in logs.
    """

    endpoint: str
    key: str
    model: str

    def __str__(self) -> str:
        return f"{self.endpoint}/{self.key}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A bucket of `burst` units that refills with `limit` units per `period` seconds."""

    name: str
    kind: Kind
    limit: float
    period: float
    burst: float

    @property
    def pace(self) -> float:
        """Seconds in which one unit comes back."""
        return self.period / self.limit

    @property
    def tolerance(self) -> float:
        """Seconds in which an empty bucket fills."""
        return self.burst * self.pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one route; None where there is none.

    `burst` is the share of a limit that may be used at once after a silence. Calls overtake one another on their way,
    so that a server's bucket can be a little behind ours: the tenth that is left makes up for six seconds of it.
    Servers that count in windows instead of refilling steadily, or that cut a minute's limit into seconds
    (https://platform.openai.com/docs/guides/rate-limits says it may), want a burst near 0, which spaces calls evenly,
    at the price of a tenth of the throughput where requests and tokens are about equally short.

    `counted` says which tokens the server holds against us: those that were "used", or those that were "promised" when
    the call began (prompt and `max_tokens`), which are not given back. Azure and OpenAI document the latter; taken for
    the former, such a server refuses about one call for each that it serves when tokens are what is short.
    """

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    tpd: int | None = None
    concurrent: int | None = None
    burst: float = USUAL_BURST
    counted: Literal["used", "promised"] = "used"

    def spared(self) -> "Limits":
        """What background work may take: half of what there is at once, so that whoever comes finds room."""
        slots = self.concurrent and max(1, self.concurrent // 2)
        return replace(self, burst=self.burst / 2, concurrent=slots)

    def meters(self) -> tuple[Meter, ...]:
        """The buckets to take from."""
        sizes = (
            self._meter("rpm", "requests", self.rpm, MINUTE),
            self._meter("tpm", "tokens", self.tpm, MINUTE),
            self._meter("rpd", "requests", self.rpd, DAY),
            self._meter("tpd", "tokens", self.tpd, DAY),
        )
        return tuple(meter for meter in sizes if meter is not None)

    def _meter(self, name: Name, kind: Kind, limit: int | None, period: float) -> Meter | None:
        if limit is None:
            return None
        # A limit of 0 would never let anything through, and could not say when it does.
        size = max(1, limit)
        return Meter(name=name, kind=kind, limit=size, period=period, burst=max(1.0, size * self.burst))

    def told(self, name: Name, limit: int) -> "Limits":
        """With what the server says of itself. An operator's smaller limit stays: the key may have other users."""
        known: int | None = getattr(self, name)
        if limit < 1 or (known is not None and known <= limit):
            return self
        change: dict[str, Any] = {name: limit}
        return replace(self, **change)
