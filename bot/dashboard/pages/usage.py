"""What was used and what it cost, over time: charts one looks at, and the numbers beside them."""

from collections.abc import Sequence
from datetime import date

from bot.charts.values import RankChart, UsageChart, context_chart, usage_chart, waits_chart
from bot.commands.declaration import Table
from bot.dashboard.looking import Look, dollars, percent
from bot.dashboard.pages.declaration import View
from bot.dashboard.values import Blank, Listing, Page, Picture, Search, Section, Tile, Tiles
from bot.domain.usage import DayUse
from bot.domain.windows import milliseconds
from bot.storage.calls import Grouping, Spending
from bot.texts import Text, plural, text

_DAYS = (7, 30, 90)
_GROUPS: dict[str, tuple[Grouping, Text]] = {
    "model": ("model", text("Model")),
    "platform": ("platform", text("Platform")),
    "person": ("person", text("Person")),
}
_BY: dict[Grouping, Text] = {
    "model": text("by model"),
    "platform": text("by platform"),
    "person": text("by person"),
}
_MOST_RANKED = 10


async def usage(look: Look) -> Page:
    days = look.number("days") if look.number("days") in _DAYS else 30
    assert days is not None  # noqa: S101 - one of the three
    by, _ = _GROUPS.get(look.word("by"), _GROUPS["model"])
    since, today = look.since(days), look.now.astimezone(look.inside.zone).date()
    uses = await look.work.calls.by_day(since, by=by)
    groups = await look.work.calls.spent(milliseconds(since), by, most=look.most)
    pictures = await _pictures(look, uses, groups=groups, by=by, days=days, today=today)
    return Page(
        title=text("Usage"),
        sections=[_choice(days, by), _sums(groups), *pictures, _table(groups, by), _daily(uses)],
    )


def _choice(days: int, by: Grouping) -> Search:
    spans = [(str(some), text("{days} days", days=some)) for some in _DAYS]
    return Search(
        blanks=[
            Blank(name="days", label=text("Time"), value=str(days), options=spans),
            Blank(
                name="by",
                label=text("By"),
                value=by,
                options=[(key, label) for key, (_, label) in _GROUPS.items()],
            ),
        ],
        label=text("Show"),
    )


def _sums(groups: Sequence[Spending]) -> Tiles:
    read, cached = sum(one.read for one in groups), sum(one.cached for one in groups)
    unpriced = sum(one.unpriced for one in groups)
    return Tiles(
        tiles=[
            Tile(label=text("Answers"), value=sum(one.calls for one in groups)),
            Tile(label=text("Tokens"), value=sum(one.tokens for one in groups)),
            Tile(
                label=text("US$"),
                value=dollars(sum(one.cost for one in groups)),
                note=plural("{count} call of unknown price", "{count} calls of unknown price", unpriced)
                if unpriced
                else None,
            ),
            Tile(label=text("Read from the vendor's cache"), value=percent(cached, read)),
        ]
    )


async def _pictures(
    look: Look, uses: Sequence[DayUse], *, groups: Sequence[Spending], by: Grouping, days: int, today: date
) -> list[Section]:
    waits = await look.work.calls.by_day(look.since(days), by="wait")
    people = await look.work.calls.spent(milliseconds(look.since(days)), "person", order="tokens", most=_MOST_RANKED)
    name = _BY[by]
    charts: list[tuple[str, Text, UsageChart | RankChart]] = [
        ("tokens", text("Tokens a day, {by}", by=name), usage_chart(uses, until=today, days=days)),
        ("cost", text("US$ a day, {by}", by=name), usage_chart(uses, until=today, days=days, unit="cost")),
        ("calls", text("Answers a day, {by}", by=name), usage_chart(uses, until=today, days=days, unit="calls")),
        (
            "people",
            text("Who used most, in tokens"),
            RankChart(ranks=[(one.group or "", one.tokens) for one in people]),
        ),
        ("waits", text("How long calls waited in line, calls a day"), waits_chart(waits, until=today, days=days)),
        ("context", text("What prompts were made of, tokens a day"), context_chart(uses, until=today, days=days)),
    ]
    if not groups:
        return []
    return [Picture(name=key, title=title, about=title, chart=chart) for key, title, chart in charts]


def _table(groups: Sequence[Spending], by: Grouping) -> Listing:
    return Listing(
        name="groups",
        title=text("In all, {by}", by=_BY[by]),
        table=Table(
            columns=(_GROUPS[by][1], text("Answers"), text("Tokens"), text("From the cache"), text("US$")),
            rows=[
                (one.group or "", one.calls, one.tokens, percent(one.cached, one.read), dollars(one.cost))
                for one in groups
            ],
        ),
        empty=text("Nothing was used in this time."),
    )


def _daily(uses: Sequence[DayUse]) -> Listing:
    days: dict[date, list[int]] = {}
    for use in uses:
        sums = days.setdefault(use.day, [0, 0, 0])
        for at, number in enumerate((use.calls, use.tokens, use.cost)):
            sums[at] += number
    return Listing(
        name="days",
        title=text("Day by day"),
        table=Table(
            columns=(text("Day"), text("Calls"), text("Tokens"), text("US$")),
            rows=[
                (day.isoformat(), calls, tokens, dollars(cost))
                for day, (calls, tokens, cost) in sorted(days.items(), reverse=True)
            ],
        ),
        empty=text("Nothing was used in this time."),
    )


VIEW = View(name="usage", title=text("Usage"), show=usage)
