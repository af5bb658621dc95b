"""Answers that are pictures."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from bot.charts.values import usage_chart
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


async def _picture(call: Call, account: int | None, limit: int | None) -> Later:
    today = call.now.astimezone(call.zone).date()
    since = datetime.combine(today - timedelta(days=_DAYS - 1), time(), call.zone)
    uses = await call.work.calls.by_day(since, account=account)
    chart = usage_chart(uses, until=today, days=_DAYS, limit=limit)
    said = plural("Tokens of the last {count} day, by model.", "Tokens of the last {count} days, by model.", _DAYS)
    if limit is not None:
        said = text("{tokens} The limit of a day is {limit}.", tokens=said, limit=limit)

    async def draw(words: Callable[[Text], str]) -> Answer:
        return Answer(said=said, files=[await call.studio.picture("usage", chart, words)])

    return Later(make=draw)


async def _limit(call: Call, subject: Account) -> int | None:
    """How many tokens of any model there are for a day."""
    standings = await call.quotas.standings(call.work, subject)
    return next((one.limit for one in standings if one.rule.key == ("tokens", ANY_MODEL, "day")), None)
