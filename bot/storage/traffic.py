"""What is going on: lanes at work, arrivals that wait, parts on their way. Each question reads a bounded part.

Times are milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.lanes import literal
from bot.storage.tables import InboxState, LaneState, call, inbox, lane, leadership, outbox

RECENT = 10_000
"""Arrivals and parts that are looked at, the newest: there may be millions."""

_MOST_CALLS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneAtWork:
    """A lane with something to do. `age` is how long ago its oldest arrival came, None if it has just gone."""

    key: str
    state: int
    pending: int
    person: str
    owner: str | None
    source: str
    age: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something that only one process may do, and which one does it; `left` is what is left of its lease."""

    name: str
    owner: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCall:
    """How one call went."""

    endpoint: str
    model: str
    failed: bool
    waited: int
    first_piece: int
    lasted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """An arrival that nobody handles any more, or a part that could not be delivered."""

    id: int
    source: str
    lane: str
    state: int
    at: int
    why: str


_LANES = (
    sa.select(
        lane.c.state, sa.func.count().label("lanes"), sa.func.coalesce(sa.func.sum(lane.c.pending), 0).label("pending")
    )
    .where(lane.c.state > literal(LaneState.IDLE))
    .group_by(lane.c.state)
)
_HEAD = (
    sa.select(inbox.c.id)
    .where(inbox.c.lane == lane.c.key, inbox.c.state == literal(InboxState.QUEUED))
    .order_by(inbox.c.order_key, inbox.c.id)
    .limit(1)
    .correlate(lane)
    .scalar_subquery()
)
_AT_WORK = (
    sa.select(
        lane.c.key,
        lane.c.state,
        lane.c.pending,
        lane.c.person,
        lane.c.owner,
        inbox.c.source,
        (now_ms() - inbox.c.received_at).label("age"),
    )
    .select_from(lane.outerjoin(inbox, inbox.c.id == _HEAD))
    .where(lane.c.state > literal(LaneState.IDLE))
    .order_by(sa.case((lane.c.state == LaneState.RUNNING, 0), else_=1), inbox.c.received_at)
    .limit(sa.bindparam("most"))
)
_DUTIES = sa.select(leadership.c.duty, leadership.c.owner, (leadership.c.until - now_ms()).label("left")).order_by(
    leadership.c.duty
)
_CALLS = (
    sa.select(
        call.c.endpoint,
        call.c.asked,
        call.c.failed,
        call.c.waited_ms,
        call.c.first_piece_ms,
        call.c.lasted_ms,
    )
    .where(call.c.at >= sa.bindparam("since", type_=sa.BigInteger), call.c.purpose != "batch")
    .order_by(call.c.at.desc())
    .limit(_MOST_CALLS)
)
_newest_arrival = sa.select(sa.func.coalesce(sa.func.max(inbox.c.id), 0) - RECENT).scalar_subquery()
_newest_part = sa.select(sa.func.coalesce(sa.func.max(outbox.c.id), 0) - RECENT).scalar_subquery()
_ARRIVALS = (
    sa.select(inbox.c.state, sa.func.count().label("some")).where(inbox.c.id > _newest_arrival).group_by(inbox.c.state)
)
_PARTS = (
    sa.select(outbox.c.platform, outbox.c.state, sa.func.count().label("some"))
    .where(outbox.c.id > _newest_part)
    .group_by(outbox.c.platform, outbox.c.state)
)
_STUCK = (
    sa.select(inbox.c.id, inbox.c.source, inbox.c.lane, inbox.c.state, inbox.c.received_at)
    .where(inbox.c.state.in_((InboxState.DEAD, InboxState.POISON)), inbox.c.id > _newest_arrival)
    .order_by(inbox.c.id.desc())
    .limit(sa.bindparam("most"))
)
_UNSENT = (
    sa.select(outbox.c.inbox_id, outbox.c.platform, outbox.c.state, outbox.c.created_at, outbox.c.failure)
    .where(outbox.c.failure.is_not(None), outbox.c.id > _newest_part)
    .order_by(outbox.c.id.desc())
    .limit(sa.bindparam("most"))
)


class Traffic:
    """What is going on, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lanes(self) -> Mapping[int, tuple[int, int]]:
        """By state: how many lanes, and how many arrivals are in them. Idle ones are not counted."""
        return {row.state: (row.lanes, int(row.pending)) for row in await self._connection.execute(_LANES)}

    async def at_work(self, most: int) -> Sequence[LaneAtWork]:
        """Lanes with something to do: those that run first, then those that wait longest."""
        rows = await self._connection.execute(_AT_WORK, {"most": most})
        return [
            LaneAtWork(
                key=row.key,
                state=row.state,
                pending=row.pending,
                person=row.person,
                owner=row.owner,
                source=row.source or "",
                age=row.age,
            )
            for row in rows
        ]

    async def duties(self) -> Sequence[Duty]:
        return [Duty(name=row.duty, owner=row.owner, left=row.left) for row in await self._connection.execute(_DUTIES)]

    async def calls(self, since: int) -> Sequence[RecentCall]:
        """How the latest calls went, some thousand at most, the newest first; batches apart."""
        return [
            RecentCall(
                endpoint=row.endpoint,
                model=row.asked,
                failed=row.failed,
                waited=row.waited_ms,
                first_piece=row.first_piece_ms,
                lasted=row.lasted_ms,
            )
            for row in await self._connection.execute(_CALLS, {"since": since})
        ]

    async def arrivals(self) -> Mapping[int, int]:
        """How many of the newest arrivals are in each state."""
        return {row.state: row.some for row in await self._connection.execute(_ARRIVALS)}

    async def parts(self) -> Mapping[tuple[str, int], int]:
        """How many of the newest parts are in each state, by platform."""
        return {(row.platform, row.state): row.some for row in await self._connection.execute(_PARTS)}

    async def stuck(self, most: int) -> Sequence[Stuck]:
        """Arrivals that could not be read or handled, the newest first."""
        return [
            Stuck(id=row.id, source=row.source, lane=row.lane, state=row.state, at=row.received_at, why="")
            for row in await self._connection.execute(_STUCK, {"most": most})
        ]

    async def undelivered(self, most: int) -> Sequence[Stuck]:
        """Parts that could not be delivered, the newest first; `id` is the arrival that they answer."""
        return [
            Stuck(
                id=row.inbox_id, source=row.platform, lane="", state=row.state, at=row.created_at, why=row.failure or ""
            )
            for row in await self._connection.execute(_UNSENT, {"most": most})
        ]
