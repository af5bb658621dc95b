"""Who uses most, and what is wrong right now."""

import re
from collections.abc import Mapping
from datetime import timedelta

from bot.commands.budget import dollars
from bot.commands.call import Call
from bot.commands.declaration import Answer, Command, Role, Table
from bot.commands.phrases import meter_named
from bot.domain.windows import Period, instant, milliseconds
from bot.storage.calls import Order
from bot.texts import Text, lines, text
from bot.texts.limits import meter_name

_DAYS = {"day": 1, "week": 7, "month": 30}
_ORDERS: Mapping[str, Order] = {"messages": "calls", "tokens": "tokens", "cost": "cost"}
_MOST = 10


async def top(call: Call) -> Text | Answer:
    meter, days = _asked(call)
    today = Period.of("day", call.now, call.zone)
    since = today.starts_at - timedelta(days=days - 1)
    found = await call.work.calls.spent(milliseconds(since), "person", order=_ORDERS[meter], most=_MOST)
    if not found:
        return text("Nobody used anything since {since}.", since=since)
    return Answer(
        said=text("Who used most since {since}, by {meter}:", since=since, meter=meter_name(meter)),
        table=Table(
            columns=(text("Person"), text("Messages"), text("Tokens"), text("US$")),
            rows=[(one.group, one.calls, one.tokens, dollars(one.cost)) for one in found],
        ),
    )


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


def _asked(call: Call) -> tuple[str, int]:
    """`[messages|tokens|dollars] [day|week|month]`, in any order."""
    meter, days = "messages", 1
    for word in call.words:
        named = meter_named(word) or ""
        if word in _DAYS:
            days = _DAYS[word]
        elif named in _ORDERS:
            meter = named
        else:
            raise call.bad_argument()
    return meter, days


COMMANDS = (
    Command(
        name="top",
        summary=text("Who uses most"),
        handler=top,
        usage="[messages|tokens|dollars] [day|week|month]",
        example="tokens week",
        role=Role.SUPPORT,
        spoken=re.compile(r"(messages|tokens|dollars)?\s*(day|week|month)?"),
    ),
    Command(name="alerts", summary=text("What is wrong right now"), handler=alerts, role=Role.SUPPORT),
)
