"""Answers that are pictures."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

from bot.charts.values import Chart, RankChart, Unit, usage_chart, waits_chart
from bot.commands.call import Call
from bot.commands.declaration import Answer, Later
from bot.domain.quotas import ANY_MODEL
from bot.storage import Account
from bot.texts import Text, plural, text

_DAYS = 30


async def usage_picture(call: Call, subject: Account) -> Later:
    """What somebody used, day by day and by model, beneath their limit for a day. It is drawn afterwards."""
    return await _picture(call, subject.id, await _limit(call, subject))


async def everybodys_picture(call: Call) -> Later:
    """What everybody together used."""
    return await _picture(call, None, None)


async def cost_picture(call: Call) -> Later:
    """What the models cost, day by day."""
    chart = usage_chart(await call.work.calls.by_day(_since(call)), until=_today(call), days=_DAYS, unit="cost")
    said = plural("US$ of the last {count} day, by model.", "US$ of the last {count} days, by model.", _DAYS)
    return _drawn(call, "cost", chart, said)


async def waits_picture(call: Call) -> Later:
    """How long calls waited in line for their endpoint."""
    waits = await call.work.calls.by_day(_since(call), by="wait")
    said = plural(
        "How long calls waited in line, the last {count} day.",
        "How long calls waited in line, the last {count} days.",
        _DAYS,
    )
    return _drawn(call, "waits", waits_chart(waits, until=_today(call), days=_DAYS), said)


def rank_picture(call: Call, ranks: Sequence[tuple[str, int]], unit: Unit, said: Text) -> Later:
    """Who used most."""
    return _drawn(call, "top", RankChart(ranks=ranks, unit=unit), said)


async def _picture(call: Call, account: int | None, limit: int | None) -> Later:
    uses = await call.work.calls.by_day(_since(call), account=account)
    chart = usage_chart(uses, until=_today(call), days=_DAYS, limit=limit)
    said = plural("Tokens of the last {count} day, by model.", "Tokens of the last {count} days, by model.", _DAYS)
    if limit is not None:
        said = text("{tokens} The limit of a day is {limit}.", tokens=said, limit=limit)
    return _drawn(call, "usage", chart, said)


def _drawn(call: Call, name: str, chart: Chart, said: Text) -> Later:
    async def draw(words: Callable[[Text], str]) -> Answer:
        return Answer(said=said, files=[await call.studio.picture(name, chart, words)])

    return Later(make=draw)


def _today(call: Call) -> date:
    return call.now.astimezone(call.zone).date()


def _since(call: Call) -> datetime:
    return datetime.combine(_today(call) - timedelta(days=_DAYS - 1), time(), call.zone)


async def _limit(call: Call, subject: Account) -> int | None:
    """How many tokens of any model there are for a day."""
    standings = await call.quotas.standings(call.work, subject)
    return next((one.limit for one in standings if one.rule.key == ("tokens", ANY_MODEL, "day")), None)
