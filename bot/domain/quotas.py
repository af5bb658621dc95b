"""What an account may use in a day, and the rule that nobody overspends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal, Self, get_args

from bot.errors import QuotaExceeded

Meter = Literal["messages", "tokens"]
METERS: tuple[Meter, ...] = get_args(Meter)

UNLIMITED = None
Plan = Mapping[Meter, int | None]
"""Limits per day by meter; None is unlimited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What something takes from each meter."""

    messages: int
    tokens: int

    def of(self, meter: Meter) -> int:
        return self.messages if meter == "messages" else self.tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar day of a time zone, as the instants (UTC) it begins and ends at: 23 to 25 hours."""

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, now: datetime, zone: tzinfo) -> Self:
        """The day in which `now` (aware) lies."""
        today = now.astimezone(zone).date()
        return cls(
            starts_at=datetime.combine(today, time(), zone).astimezone(UTC),
            ends_at=datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One meter of one account today. `limit` is None when unlimited; `used` includes what is reserved."""

    meter: Meter
    limit: int | None
    used: int
    resets_at: datetime

    @property
    def left(self) -> int | None:
        """What may still be reserved; never negative, None if unlimited."""
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def share_left(self) -> float:
        """The share (0 to 1) of the limit that is left."""
        return 1.0 if self.left is None else self.left / self.limit if self.limit else 0.0

    def check(self, wanted: int) -> None:
        """Raises QuotaExceeded unless `wanted` more may be used."""
        if self.limit is not None and self.used + wanted > self.limit:
            raise QuotaExceeded(meter=self.meter, limit=self.limit, used=self.used, resets_at=self.resets_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """All meters of one account today."""

    messages: Standing
    tokens: Standing

    def __iter__(self) -> Iterator[Standing]:
        return iter((self.messages, self.tokens))

    @property
    def share_left(self) -> float:
        """The share (0 to 1) that is left of the scarcest meter; 1 when nothing is limited."""
        return min((1.0, *(standing.share_left for standing in self)))

    def check(self, amount: Amount) -> None:
        """Raises QuotaExceeded for the first meter that has not enough left."""
        for standing in self:
            standing.check(amount.of(standing.meter))

    def answer_room(self, *, prompt: int, wanted: int, least: int) -> int:
        """How long the answer to a prompt may be (all in tokens): `wanted`, or what the tokens left allow.

        Raises QuotaExceeded when not even `least` is left.
        """
        self.check(Amount(messages=1, tokens=prompt + min(least, wanted)))
        left = self.tokens.left
        return wanted if left is None else min(wanted, left - prompt)
