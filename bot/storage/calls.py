"""Every call of a model: who caused it, who answered, what it took and what it cost."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from heapq import nlargest
from operator import attrgetter
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.models import Purpose
from bot.domain.usage import REST, DayUse
from bot.domain.windows import EPOCH, milliseconds, offsets
from bot.storage.tables import call, identity

Grouping = Literal["person", "model", "platform"]
Order = Literal["calls", "tokens", "cost"]
Payer = Literal["", "own"]
"""Whose key it was: the operator's, or the person's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call. `at` in milliseconds, `cost` in micro-US$ or None if the price is unknown.

    A failed call gave no answer, and `ending` is the class of its error. It took and cost nothing, unless it had begun
    to answer: then that much is estimated.
    """

    at: int
    purpose: Purpose
    inbox_id: int
    account_id: int
    conversation_id: int
    platform: str
    endpoint: str
    asked: str
    answered: str
    input_tokens: int
    cached_tokens: int
    cache_written_tokens: int
    output_tokens: int
    reasoning_tokens: int
    estimated: bool
    cost: int | None
    attempts: int
    waited_ms: int
    first_piece_ms: int
    lasted_ms: int
    ending: str
    failed: bool = False
    payer: Payer = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a group of calls took, `calls` of which gave an answer. `unpriced` ones are not in `cost` (micro-US$).

    Of `tokens`, the models read `read`, `cached` of them at the price of the vendor's prompt cache.
    """

    group: str
    calls: int
    tokens: int
    cost: int
    unpriced: int
    read: int = 0
    cached: int = 0


_ADD = sa.insert(call)
# Few calls are made in a batch, whose arrivals are below 0, and no index is worth its place for them.
_ANY = sa.select(call.c.id).where(call.c.inbox_id == sa.bindparam("arrival"), call.c.purpose == "batch").limit(1)
_ANSWERED = sa.func.coalesce(sa.func.sum(sa.case((call.c.failed, 0), else_=1)), 0)
# People are counted by account and named afterwards: a name for each call would be looked up for each call.
_NAMES = (
    sa.select(identity.c.account_id, sa.func.min(sa.func.coalesce(identity.c.username, identity.c.name)).label("name"))
    .where(identity.c.account_id.in_(sa.bindparam("accounts", expanding=True)))
    .group_by(identity.c.account_id)
)
_GROUPS: dict[Grouping, sa.ColumnElement[Any]] = {
    "person": call.c.account_id,
    "model": call.c.asked,
    "platform": call.c.platform,
}


def _spent(by: Grouping, order: Order) -> sa.Select[tuple[str, int, int, int, int, int, int]]:
    group = _GROUPS[by].label("its_group")
    return (
        sa.select(
            group,
            _ANSWERED.label("calls"),
            sa.func.sum(call.c.input_tokens + call.c.output_tokens).label("tokens"),
            sa.func.sum(call.c.input_tokens).label("read"),
            sa.func.sum(call.c.cached_tokens).label("cached"),
            sa.func.coalesce(sa.func.sum(call.c.cost), 0).label("cost"),
            sa.func.sum(sa.case((call.c.cost.is_(None), 1), else_=0)).label("unpriced"),
        )
        # Failed ones are counted for what they took before they failed.
        .where(
            call.c.at >= sa.bindparam("since", type_=sa.BigInteger),
            sa.or_(call.c.failed.is_(False), call.c.input_tokens > 0),
        )
        .group_by(sa.text("its_group"))
        .order_by(sa.text(f"{order} DESC"), sa.text("tokens DESC"), sa.text("its_group"))
        .limit(sa.bindparam("most"))
    )


WAITS: Mapping[str, int] = {"none": 100, "1": 1000, "5": 5000, "30": 30_000, "more": 2**31 - 1}
"""How long calls waited: names, and milliseconds below which they are meant."""

_WAIT = sa.case(*((call.c.waited_ms < below, sa.literal_column(f"'{name}'")) for name, below in WAITS.items()))
_DAY = 24 * 60 * 60 * 1000
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST = timedelta(days=366)
"""Changes of the clock after that are not looked for."""


def _its_day(since: datetime) -> sa.ColumnElement[int]:
    """The day since 1970 of a call in the time zone of `since`. Databases have other zones than we, or none."""
    stretches = [(milliseconds(until), offset // _MILLISECOND) for until, offset in offsets(since, since + _LONGEST)]
    *earlier, (_, last) = stretches
    ahead = sa.case(*((call.c.at < until, offset) for until, offset in earlier), else_=last) if earlier else last
    return (call.c.at + ahead) // _DAY


_LEADERS = 10
"""People that are told apart day by day: those who made most calls, took most tokens or cost most."""

_BY_ACCOUNT = (
    sa.select(
        call.c.account_id.label("account"),
        sa.func.count().label("calls"),
        sa.func.sum(call.c.input_tokens + call.c.output_tokens).label("tokens"),
        sa.func.coalesce(sa.func.sum(call.c.cost), 0).label("cost"),
    )
    .where(call.c.at >= sa.bindparam("since", type_=sa.BigInteger), call.c.failed.is_(False))
    .group_by(call.c.account_id)
)


def _by_day(since: datetime, group: sa.ColumnElement[Any], account: int | None) -> sa.Select[tuple[Any, ...]]:
    query = (
        sa.select(
            _its_day(since).label("day"),
            group.label("its_group"),
            sa.func.sum(call.c.input_tokens + call.c.output_tokens).label("tokens"),
            sa.func.coalesce(sa.func.sum(call.c.cost), 0).label("cost"),
            sa.func.count().label("calls"),
            sa.func.sum(call.c.input_tokens).label("read"),
            sa.func.sum(call.c.cached_tokens).label("cached"),
        )
        .where(call.c.at >= milliseconds(since), call.c.failed.is_(False))
        .group_by(sa.text("day"), sa.text("its_group"))
    )
    return query if account is None else query.where(call.c.account_id == account)


class Calls:
    """The record of calls, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, record: CallRecord) -> None:
        await self._connection.execute(_ADD, asdict(record))

    async def add_all(self, records: Sequence[CallRecord]) -> None:
        """Many at once."""
        await self._connection.execute(_ADD, [asdict(one) for one in records])

    async def has(self, arrival: int) -> bool:
        """Whether calls for that arrival were written down."""
        return (await self._connection.execute(_ANY, {"arrival": arrival})).first() is not None

    async def spent(self, since: int, by: Grouping, *, order: Order = "cost", most: int = 20) -> Sequence[Spending]:
        """What was spent since an instant (milliseconds), the group with the most of `order` first."""
        rows = (await self._connection.execute(_spent(by, order), {"since": since, "most": most})).all()
        names = await self._names(by, {row.its_group for row in rows})
        return [
            Spending(
                group=names.get(row.its_group, row.its_group),
                calls=row.calls,
                tokens=int(row.tokens),
                cost=int(row.cost),
                unpriced=int(row.unpriced),
                read=int(row.read),
                cached=int(row.cached),
            )
            for row in rows
        ]

    async def by_day(
        self, since: datetime, *, by: Grouping | Literal["wait"] = "model", account: int | None = None
    ) -> Sequence[DayUse]:
        """What was used on each day since an instant, by model; the instant's time zone says when days begin.

        By "wait" the groups are how long calls waited for their turn at the endpoint (WAITS); by "person" they are
        those who used most, and REST: two thousand people on ninety days are too many rows to look at.
        """
        rows = (await self._connection.execute(_by_day(since, await self._group(since, by), account))).all()
        names = await self._names(by, {row.its_group for row in rows})
        days: dict[tuple[date, str], list[int]] = {}
        for row in rows:
            # People may be called the same.
            sums = days.setdefault(
                (EPOCH.date() + timedelta(days=int(row.day)), names.get(row.its_group, row.its_group)), [0] * 5
            )
            for at, number in enumerate((row.tokens, row.cost, row.calls, row.read, row.cached)):
                sums[at] += int(number)
        return [
            DayUse(day=day, group=group, tokens=tokens, cost=cost, calls=calls, read=read, cached=cached)
            for (day, group), (tokens, cost, calls, read, cached) in sorted(days.items())
        ]

    async def _group(self, since: datetime, by: Grouping | Literal["wait"]) -> sa.ColumnElement[Any]:
        if by == "wait":
            return _WAIT
        return (
            sa.case((call.c.account_id.in_(await self._leaders(since)), call.c.account_id))
            if by == "person"
            else _GROUPS[by]
        )

    async def _leaders(self, since: datetime) -> Collection[int]:
        """The accounts that are ahead of all others in one thing or another."""
        rows = (await self._connection.execute(_BY_ACCOUNT, {"since": milliseconds(since)})).all()
        orders = (attrgetter("calls"), attrgetter("tokens"), attrgetter("cost"))
        return {row.account for order in orders for row in nlargest(_LEADERS, rows, key=order)}

    async def _names(self, by: Grouping | Literal["wait"], groups: Collection[Any]) -> Mapping[Any, str]:
        """What the groups are called, where that is not what they are."""
        if by != "person" or not groups:
            return {}
        rows = await self._connection.execute(_NAMES, {"accounts": sorted(group for group in groups if group)})
        return dict.fromkeys(groups, "") | {None: REST} | {row.account_id: row.name for row in rows}
