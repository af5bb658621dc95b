"""What a chart shows. Charts say little in words: whoever sends one says the rest in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from bot.domain.usage import DayUse
from bot.texts import Text

Words = Callable[[Text], str]
"""Renders a sentence in the reader's language."""

_MOST_SERIES = 6
"""Colours that are told apart; what is less used shares the last one."""


class Chart(Protocol):
    """Something to be drawn."""

    def to_json(self, words: Words) -> dict[str, Any]:
        """What `bot.charts.drawing` needs, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageChart:
    """Tokens a day, stacked by model, beneath a limit.

    Args:
        first: the first day.
        days: how many.
        used: by model, most used first; a number for each day.
        limit: tokens that may be used in a day, None for no limit.
    """

    first: date
    days: int
    used: Mapping[str, Sequence[int]]
    limit: int | None

    def to_json(self, words: Words) -> dict[str, Any]:  # noqa: ARG002 - numbers and names of models only
        facts = {"first": self.first.isoformat(), "days": self.days, "used": dict(self.used), "limit": self.limit}
        return {"kind": "usage", **facts}


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
        """Each name twice: in English too, for machines without letters for the reader's language."""
        slices = [
            {"name": words(one.name), "english": one.name.message.format_map(one.name.values), "tokens": one.tokens}
            for one in self.slices
        ]
        return {"kind": "window", "slices": slices, "window": self.window}


def usage_chart(uses: Sequence[DayUse], *, until: date, days: int = 30, limit: int | None = None) -> UsageChart:
    """The `days` up to and with `until`; days on which nothing was used are there too."""
    first = until - timedelta(days=days - 1)
    used: dict[str, list[int]] = {}
    for name in _ranked(uses):
        used.setdefault(name, [0] * days)
    rest = list(used)[_MOST_SERIES - 1 :] if len(used) > _MOST_SERIES else []
    for use in uses:
        if 0 <= (at := (use.day - first).days) < days:
            used[use.model][at] += use.tokens
    if rest:
        used["…"] = [sum(together) for together in zip(*(used.pop(name) for name in rest), strict=True)]
    return UsageChart(first=first, days=days, used=used, limit=limit)


def _ranked(uses: Sequence[DayUse]) -> list[str]:
    """Models by what they were used, most first."""
    total: dict[str, int] = {}
    for use in uses:
        total[use.model] = total.get(use.model, 0) + use.tokens
    return sorted(total, key=lambda name: (-total[name], name))
