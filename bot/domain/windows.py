"""Stretches of time: calendar days, weeks and months of a time zone, and windows that roll along with the clock."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Span = Literal["day", "week", "month"]
SPANS: tuple[Span, ...] = get_args(Span)

BUCKET = timedelta(minutes=5)
"""What was used is summed up in buckets of this length, which no calendar of the world cuts through. A rolling window
is exact to it: a bucket counts until the last of it has left the window."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MOST_HOURS = 24 * 366
_ROLLING = re.compile(r"([0-9]{1,5})([hd])")


def milliseconds(instant: datetime) -> int:
    """Since 1970. Exact, unlike `timestamp()`."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def instant(milliseconds_: int) -> datetime:
    """The other way round."""
    return EPOCH + timedelta(milliseconds=milliseconds_)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A calendar day, week or month of a time zone, as the instants (UTC) it begins and ends at.

    Days of a clock change have 23 or 25 hours; weeks begin on Monday.
    """

    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, span: Span, now: datetime, zone: tzinfo) -> Self:
        """The day, week or month in which `now` (aware) lies."""
        today = now.astimezone(zone).date()
        match span:
            case "day":
                return cls._between(today, today + _DAY, zone)
            case "week":
                monday = today - timedelta(days=today.weekday())
                return cls._between(monday, monday + timedelta(days=7), zone)
            case "month":
                first = today.replace(day=1)
                # No month has more than 31 days, so 32 days after the first is in the next one.
                return cls._between(first, (first + timedelta(days=32)).replace(day=1), zone)

    @classmethod
    def _between(cls, first: date, after: date, zone: tzinfo) -> Self:
        starts, ends = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (first, after))
        return cls(starts_at=starts, ends_at=ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time over which a limit counts: a calendar `span`, the last `hours`, or, without either, ever."""

    span: Span | None = None
    hours: int = 0

    @classmethod
    def parse(cls, word: str) -> Self:
        """Read `day`, `week`, `month`, `total`, `3h` or `30d` (days that roll). Raises ValueError."""
        match word:
            case "day" | "week" | "month":
                return cls(span=word)
            case "total":
                return cls()
        rolling = _ROLLING.fullmatch(word)
        hours = int(rolling[1]) * (24 if rolling[2] == "d" else 1) if rolling else 0
        if not 0 < hours <= _MOST_HOURS:
            raise ValueError(f"no window: {word!r}")
        return cls(hours=hours)

    def __str__(self) -> str:
        if self.span:
            return self.span
        if not self.hours:
            return "total"
        return f"{self.hours}h" if self.hours % 24 else f"{self.hours // 24}d"

    @property
    def length(self) -> timedelta:
        """About how long it is: orders windows."""
        days = {"day": 1, "week": 7, "month": 30}
        if self.span:
            return timedelta(days=days[self.span])
        return timedelta(hours=self.hours) if self.hours else timedelta.max

    def since(self, now: datetime, zone: tzinfo) -> datetime:
        """What was used from that instant (UTC) on counts."""
        if self.span:
            return Period.of(self.span, now, zone).starts_at
        return floor(now - timedelta(hours=self.hours)) if self.hours else EPOCH

    def until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When a calendar window begins anew (UTC); None for those that roll or never end."""
        return Period.of(self.span, now, zone).ends_at if self.span else None


def known_zone(name: str) -> bool:
    """Whether it is a time zone of the IANA list."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return False
    return True


def floor(at: datetime) -> datetime:
    """The beginning of the bucket in which `at` lies."""
    return at - (at - EPOCH) % BUCKET


def offsets(since: datetime, until: datetime) -> Sequence[tuple[datetime, timedelta]]:
    """How far the time zone of `since` is ahead of UTC: an offset for each stretch without a change of the clock, with
    the instant (UTC) at which it ends. The last one ends at `until` or later.
    """
    at, zone = since.astimezone(UTC), since.tzinfo
    found: list[tuple[datetime, timedelta]] = []
    while at < until:
        after = at + _DAY
        if _ahead(after, zone) != _ahead(at, zone):
            found.append((_change(at, after, zone), _ahead(at, zone)))
        at = after
    return [*found, (at, _ahead(at, zone))]


def _change(before: datetime, after: datetime, zone: tzinfo | None) -> datetime:
    """The instant between two at which the clock changes, to the second."""
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if _ahead(middle, zone) == _ahead(before, zone):
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _ahead(at: datetime, zone: tzinfo | None) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


Level = Literal["bucket", "day", "ever"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Sums to be read: those of a level that begin at `since` or later and before `before` (None: no end)."""

    level: Level
    since: datetime
    before: datetime | None = None


def stretches(since: datetime, now: datetime) -> Sequence[Stretch]:
    """The fewest sums that make up everything since an instant: whole UTC days, and buckets before the first of them.

    However long the window and however much was used in it, a day has at most 288 buckets.
    """
    if since == EPOCH:
        return (Stretch(level="ever", since=EPOCH),)
    midnight = since + (EPOCH - since) % _DAY
    if midnight > now:
        return (Stretch(level="bucket", since=since),)
    days = Stretch(level="day", since=midnight)
    return (days,) if midnight == since else (Stretch(level="bucket", since=since, before=midnight), days)


def freed(rows: Sequence[tuple[datetime, int]], *, wanted: int, window: Window) -> datetime | None:
    """When `wanted` of what was used in a rolling window has left it.

    `rows` are what was used in each bucket of the window, the oldest first. None if that is less than wanted.
    """
    for starts_at, used in rows:
        wanted -= used
        if wanted <= 0:
            return floor(starts_at) + BUCKET + timedelta(hours=window.hours)
    return None
