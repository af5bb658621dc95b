"""What a chart shows. Charts say little in words: whoever sends one says the rest in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal, Protocol

from bot.domain.usage import REST, DayUse
from bot.texts import Text, text

Words = Callable[[Text], str]
"""Renders a sentence in the reader's language."""

Unit = Literal["tokens", "cost", "calls"]

_MOST_SERIES = 6
"""Colours that are told apart; what is less used shares the last one."""


class Chart(Protocol):
    """Something to be drawn."""

    def to_json(self, words: Words) -> dict[str, Any]:
        """What `bot.charts.drawing` needs, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageChart:
    """What was used a day, stacked by group, beneath a limit.

    Args:
        first: the first day.
        days: how many.
        used: by group (a model, a person, …), most used first; a number for each day, in `unit`.
        limit: what may be used in a day, None for no limit.
        unit: what the numbers are; money is micro-US$.
        names: groups that are called otherwise in each language.
        graded: whether groups are steps of one thing, from little to much, and coloured so.
    """

    first: date
    days: int
    used: Mapping[str, Sequence[int]]
    limit: int | None
    unit: Unit = "tokens"
    names: Mapping[str, Text] = field(default_factory=dict)
    graded: bool = False

    def to_json(self, words: Words) -> dict[str, Any]:
        series = [
            {**_named(self.names.get(group, group), words), "numbers": list(numbers)}
            for group, numbers in self.used.items()
        ]
        facts = {"first": self.first.isoformat(), "days": self.days, "series": series, "limit": self.limit}
        return {"kind": "usage", "unit": self.unit, "graded": self.graded, **facts}


@dataclass(frozen=True, slots=True, kw_only=True)
class RankChart:
    """Who has most of something, most first."""

    ranks: Sequence[tuple[str, int]]
    unit: Unit = "tokens"

    def to_json(self, words: Words) -> dict[str, Any]:
        ranks = [{**_named(name, words), "number": number} for name, number in self.ranks]
        return {"kind": "ranks", "unit": self.unit, "ranks": ranks}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a whole, in tokens."""

    name: Text
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowChart:
    """What fills a context window of `window` tokens, in the order in which the model reads it."""

    slices: Sequence[Slice]
    window: int

    def to_json(self, words: Words) -> dict[str, Any]:
        slices = [{**_named(one.name, words), "tokens": one.tokens} for one in self.slices]
        return {"kind": "window", "slices": slices, "window": self.window}


_WAITS: Mapping[str, Text] = {
    "none": text("at once"),
    "1": text("up to 1 s"),
    "5": text("up to 5 s"),
    "30": text("up to 30 s"),
    "more": text("longer"),
}


def usage_chart(
    uses: Sequence[DayUse], *, until: date, days: int = 30, limit: int | None = None, unit: Unit = "tokens"
) -> UsageChart:
    """The `days` up to and with `until`; days on which nothing was used are there too."""
    ranked = _ranked(uses, unit)
    used = _spread(uses, ranked, until=until, days=days, unit=unit)
    if len(used) > _MOST_SERIES:
        rest = ranked[_MOST_SERIES - 1 :]
        used[REST] = [sum(together) for together in zip(*(used.pop(name) for name in rest), strict=True)]
    first = until - timedelta(days=days - 1)
    return UsageChart(first=first, days=days, used=used, limit=limit, unit=unit)


def waits_chart(uses: Sequence[DayUse], *, until: date, days: int = 30) -> UsageChart:
    """How many calls waited how long; `uses` are by "wait"."""
    used = _spread(uses, list(_WAITS), until=until, days=days, unit="calls")
    first = until - timedelta(days=days - 1)
    return UsageChart(first=first, days=days, used=used, limit=None, unit="calls", names=_WAITS, graded=True)


def context_chart(uses: Sequence[DayUse], *, until: date, days: int = 30) -> UsageChart:
    """What prompts were made of: tokens that the vendor had in its cache, and those that it read anew."""
    cached = [replace(use, group="cached", tokens=use.cached) for use in uses]
    fresh = [replace(use, group="fresh", tokens=use.read - use.cached) for use in uses]
    used = _spread([*cached, *fresh], ["cached", "fresh"], until=until, days=days, unit="tokens")
    names = {"cached": text("from the vendor's cache"), "fresh": text("read anew")}
    return UsageChart(first=until - timedelta(days=days - 1), days=days, used=used, limit=None, names=names)


def _spread(
    uses: Sequence[DayUse], groups: Sequence[str], *, until: date, days: int, unit: Unit
) -> dict[str, list[int]]:
    first, used = until - timedelta(days=days - 1), {group: [0] * days for group in groups}
    for use in uses:
        if 0 <= (at := (use.day - first).days) < days:
            used[use.group][at] += getattr(use, unit)
    return used


def _ranked(uses: Sequence[DayUse], unit: Unit) -> list[str]:
    """Groups by what they used, most first, and last the rest."""
    total: dict[str, int] = {}
    for use in uses:
        total[use.group] = total.get(use.group, 0) + getattr(use, unit)
    return sorted(total, key=lambda name: (name == REST, -total[name], name))


def _named(name: Text | str, words: Words) -> dict[str, str]:
    """A name twice: in English too, for machines without letters for the reader's language."""
    if isinstance(name, str):
        return {"name": name, "english": name}
    return {"name": words(name), "english": name.message.format_map(name.values)}
