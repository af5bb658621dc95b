"""Statements of the inbox and its lanes: the same on SQLite and PostgreSQL.

Rules that keep them right under concurrency: the lane's row is locked before the inbox's; locks of several rows skip
locked ones; the head of a lane is read in a statement of its own, whose snapshot begins after the lane was locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.updates import Arrival
from bot.errors import LostLease
from bot.ports import Ref
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, LaneState, inbox, lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One arrival, claimed by this worker. `epoch` is the fencing token of its lane."""

    id: int
    lane: str
    epoch: int
    source: str
    payload: Mapping[str, Any]
    attempts: int
    ref: Ref | None


def _literal(value: int) -> sa.ColumnClause[int]:
    """A constant written into the SQL: a bound parameter cannot match a partial index."""
    return sa.literal_column(str(value), sa.SmallInteger)


def _big(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_ready = lane.c.state == _literal(LaneState.READY)
_running = lane.c.state == _literal(LaneState.RUNNING)
_held = sa.and_(lane.c.key == sa.bindparam("lane_key"), _running, lane.c.epoch == _big("held_epoch"))

_PICK = (
    sa.select(lane.c.key)
    .where(_ready)
    .order_by(lane.c.rank)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("pick")
)
_CLAIM = (
    sa.update(lane)
    .where(lane.c.key.in_(sa.select(_PICK.c.key)))
    .values(
        state=LaneState.RUNNING,
        owner=sa.bindparam("me"),
        epoch=lane.c.epoch + 1,
        lease_until=now_ms() + _big("ttl"),
        stop_epoch=None,
    )
    .returning(lane.c.key, lane.c.epoch)
)
_l, _i = lane.alias("l"), inbox.alias("i")
_HEAD = (
    sa.select(_i.c.id)
    .where(_i.c.lane == _l.c.key, _i.c.state == _literal(InboxState.QUEUED))
    .order_by(_i.c.order_key, _i.c.id)
    .limit(1)
    .scalar_subquery()
)
_HEADS = (
    sa.update(inbox)
    .where(
        inbox.c.id.in_(sa.select(_HEAD).select_from(_l).where(_l.c.key.in_(sa.bindparam("claimed", expanding=True))))
    )
    .values(attempts=inbox.c.attempts + 1)
    .returning(inbox.c.id, inbox.c.lane, inbox.c.source, inbox.c.payload, inbox.c.attempts, inbox.c.ref)
)
_FENCE = sa.update(lane).where(_held).values(lease_until=now_ms() + _big("ttl")).returning(lane.c.key)
_RELEASE = (
    sa.update(lane)
    .where(_held)
    .values(
        state=sa.case((lane.c.pending > 1, LaneState.READY), else_=LaneState.IDLE),
        pending=sa.case((lane.c.pending > 0, lane.c.pending - 1), else_=0),
        rank=now_ms(),
        owner=None,
        lease_until=None,
        stop_epoch=None,
    )
    .returning(lane.c.state)
)
_RENEW = (
    sa.update(lane)
    .where(_running, lane.c.owner == sa.bindparam("me"), lane.c.key.in_(sa.bindparam("held", expanding=True)))
    .values(lease_until=now_ms() + _big("ttl"))
    .returning(lane.c.key, lane.c.epoch, lane.c.stop_epoch)
)
_EXPIRED = (
    sa.select(lane.c.key)
    .where(_running, lane.c.lease_until < now_ms())
    .with_for_update(skip_locked=True)
    .cte("expired")
)
_TAKE_BACK = (
    sa.update(lane)
    .where(lane.c.key.in_(sa.select(_EXPIRED.c.key)))
    .values(state=LaneState.READY, owner=None, lease_until=None, rank=0)
    .returning(lane.c.key)
)
_TAKE_BACK_ALL = (
    sa.update(lane)
    .where(_running)
    .values(state=LaneState.READY, owner=None, lease_until=None, rank=0)
    .returning(lane.c.key)
)
_STOP = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"), _running)
    .values(stop_epoch=lane.c.epoch)
    .returning(lane.c.epoch)
)
_DROP = (
    sa.update(inbox)
    .where(
        inbox.c.lane == sa.bindparam("lane_key"),
        inbox.c.state == _literal(InboxState.QUEUED),
        inbox.c.attempts == 0,
        inbox.c.id < _big("before"),
    )
    .values(state=InboxState.DROPPED)
    .returning(inbox.c.id)
)
_FEWER = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"))
    .values(
        pending=lane.c.pending - sa.bindparam("fewer"),
        state=sa.case((sa.and_(_ready, lane.c.pending <= sa.bindparam("fewer")), LaneState.IDLE), else_=lane.c.state),
    )
)
_FINISH = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(state=sa.bindparam("as_state"))
_REMEMBER = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(ref=sa.bindparam("its_ref"))
_HEAL = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"))
    .values(state=LaneState.IDLE, pending=0, owner=None, lease_until=None)
)


@cache
def _put(dialect: str) -> sa.Executable:
    return (
        insert_for(dialect)(inbox)
        .values(received_at=now_ms())
        .on_conflict_do_nothing(index_elements=["source", "event"])
        .returning(inbox.c.id)
    )


@cache
def _enqueue(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(lane).values(
        key=sa.bindparam("lane_key"), state=LaneState.READY, pending=1, rank=now_ms(), epoch=0
    )
    idle = lane.c.state == LaneState.IDLE
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "pending": lane.c.pending + 1,
            "state": sa.case((idle, LaneState.READY), else_=lane.c.state),
            "rank": sa.case((idle, insert.excluded.rank), else_=lane.c.rank),
        },
    )


class Inbox:
    """Arrivals and lanes, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def put(self, arrival: Arrival) -> bool:
        """Store an arrival. False if there is nothing new to do: a redelivery, or poison."""
        row = await self._first(
            _put(self._dialect),
            {
                "source": arrival.source,
                "event": arrival.event,
                "lane": arrival.lane,
                "order_key": arrival.order,
                "state": InboxState.POISON if arrival.poison else InboxState.QUEUED,
                "payload": dict(arrival.payload),
            },
        )
        if row is None or arrival.poison:
            return False
        await self._connection.execute(_enqueue(self._dialect), {"lane_key": arrival.lane})
        return True

    async def claim(self, most: int, *, owner: str, ttl: int) -> list[Claim]:
        """Take up to `most` ready lanes for `ttl` milliseconds, each with its oldest arrival."""
        rows = await self._connection.execute(_CLAIM, {"most": most, "me": owner, "ttl": ttl})
        epochs: dict[str, int] = {row.key: row.epoch for row in rows}
        if not epochs:
            return []
        heads = (await self._connection.execute(_HEADS, {"claimed": list(epochs)})).all()
        for key in epochs.keys() - {row.lane for row in heads}:
            await self._connection.execute(_HEAL, {"lane_key": key})
        return [
            Claim(
                id=row.id,
                lane=row.lane,
                epoch=epochs[row.lane],
                source=row.source,
                payload=row.payload,
                attempts=row.attempts,
                ref=row.ref,
            )
            for row in heads
        ]

    async def fence(self, claim: Claim, *, ttl: int) -> None:
        """First statement of every transaction of a claim: lock the lane and renew its lease. Raises LostLease."""
        if await self._first(_FENCE, {**_holder(claim), "ttl": ttl}) is None:
            raise LostLease(claim.lane)

    async def complete(self, claim: Claim, *, state: int = InboxState.DONE) -> bool:
        """Finish the arrival and free its lane. True if the lane has more to do. Raises LostLease."""
        row = await self._first(_RELEASE, _holder(claim))
        if row is None:
            raise LostLease(claim.lane)
        await self._connection.execute(_FINISH, {"arrival": claim.id, "as_state": state})
        return bool(row.state == LaneState.READY)

    async def remember(self, claim: Claim, ref: Ref) -> None:
        """Keep what stands on the platform for this arrival, for whoever has to take over."""
        await self._connection.execute(_REMEMBER, {"arrival": claim.id, "its_ref": dict(ref)})

    async def renew(self, lanes: Sequence[str], *, owner: str, ttl: int) -> dict[tuple[str, int], bool]:
        """Renew the leases of `owner` on `lanes`. Returns {(lane, epoch): someone asked it to stop}."""
        rows = await self._connection.execute(_RENEW, {"held": list(lanes), "me": owner, "ttl": ttl})
        return {(row.key, row.epoch): row.stop_epoch == row.epoch for row in rows}

    async def take_back(self, *, everything: bool) -> list[str]:
        """Free lanes whose lease has run out, or (embedded, at start: the only process) every running one."""
        rows = await self._connection.execute(_TAKE_BACK_ALL if everything else _TAKE_BACK)
        return [row.key for row in rows]

    async def stop(self, key: str) -> int | None:
        """Ask the turn that runs in a lane to stop. Returns its epoch, None if nothing runs."""
        row = await self._first(_STOP, {"lane_key": key})
        return None if row is None else row.epoch

    async def drop(self, key: str, *, before: int) -> int:
        """Drop what waits in a lane and came before arrival `before`. Returns how many."""
        dropped = (await self._connection.execute(_DROP, {"lane_key": key, "before": before})).all()
        if dropped:
            await self._connection.execute(_FEWER, {"lane_key": key, "fewer": len(dropped)})
        return len(dropped)

    async def _first(self, statement: sa.Executable, values: Mapping[str, Any]) -> sa.Row[*tuple[Any, ...]] | None:
        return (await self._connection.execute(statement, values)).first()


def _holder(claim: Claim) -> dict[str, Any]:
    return {"lane_key": claim.lane, "held_epoch": claim.epoch}
