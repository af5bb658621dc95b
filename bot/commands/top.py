"""Who uses most, and what is wrong right now."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.commands.budget import dollars
from bot.commands.call import Call
from bot.commands.declaration import Answer, Command, Later, Role, Table
from bot.commands.phrases import meter_named
from bot.commands.pictures import rank_picture
from bot.domain.windows import Period, instant, milliseconds
from bot.storage.calls import Order, Spending
from bot.texts import Text, lines, text
from bot.texts.limits import meter_name

_DAYS = {"day": 1, "week": 7, "month": 30}
_ORDERS: Mapping[str, Order] = {"messages": "calls", "tokens": "tokens", "cost": "cost"}
_MOST = 10
_PICTURE = "picture"


async def top(call: Call) -> Text | Answer | Later:
    if call.words[-1:] == [_PICTURE]:
        return await _picture(call, call.words[:-1])
    return await ranking(call, call.words)


async def ranking(call: Call, words: Sequence[str]) -> Text | Answer:
    """Who used most of a meter in a time, as the words say."""
    meter, since = _asked(call, words)
    found = await _most(call, meter, since)
    if not found:
        return text("Nobody used anything since {since}.", since=since)
    return Answer(
        said=_title(meter, since),
        table=Table(
            columns=(text("Person"), text("Messages"), text("Tokens"), text("US$")),
            rows=[(one.group, one.calls, one.tokens, dollars(one.cost)) for one in found],
        ),
    )


async def _picture(call: Call, words: Sequence[str]) -> Later:
    meter, since = _asked(call, words)
    found, order = await _most(call, meter, since), _ORDERS[meter]
    return rank_picture(call, [(one.group, getattr(one, order)) for one in found], order, _title(meter, since))


async def _most(call: Call, meter: str, since: datetime) -> Sequence[Spending]:
    return await call.work.calls.spent(milliseconds(since), "person", order=_ORDERS[meter], most=_MOST)


def _title(meter: str, since: datetime) -> Text:
    return text("Who used most since {since}, by {meter}:", since=since, meter=meter_name(meter))


async def alerts(call: Call) -> Text | Answer:
    if call.words:
        raise call.bad_argument()
    found = await call.work.alerts.all()
    if not found:
        return text("All is well: no alert is open.")
    return Answer(
        said=lines(text("Open alerts:")),
        table=Table(
            columns=(text("Alert"), text("About"), text("Since")),
            rows=[(one.kind, one.subject, instant(one.opened_at)) for one in found],
        ),
    )


def _asked(call: Call, words: Sequence[str]) -> tuple[str, datetime]:
    """`[messages|tokens|dollars] [day|week|month]`, in any order: the meter, and since when."""
    meter, days = "messages", 1
    for word in words:
        named = meter_named(word) or ""
        if word in _DAYS:
            days = _DAYS[word]
        elif named in _ORDERS:
            meter = named
        else:
            raise call.bad_argument()
    return meter, Period.of("day", call.now, call.zone).starts_at - timedelta(days=days - 1)


COMMANDS = (
    Command(
        name="top",
        summary=text("Who uses most"),
        handler=top,
        usage="[messages|tokens|dollars] [day|week|month] [picture]",
        example="tokens week",
        role=Role.SUPPORT,
        spoken=re.compile(r"(messages|tokens|dollars)?\s*(day|week|month)?\s*(picture)?"),
    ),
    Command(name="alerts", summary=text("What is wrong right now"), handler=alerts, role=Role.SUPPORT),
)
