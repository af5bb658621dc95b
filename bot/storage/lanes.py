"""Statements by which lanes become ready, are claimed, renewed and freed: the same on SQLite and PostgreSQL.

Rules that keep them right under concurrency: the lane's row is locked before the inbox's; locks of several rows skip
locked ones; the head of a lane is read in a statement of its own, whose snapshot begins after the lane was locked.
"""

from functools import cache
from typing import Any

import sqlalchemy as sa

from bot.storage.dialect import insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, LaneState, account, identity, inbox, lane

_APART = 5_000
"""Milliseconds by which each further lane of a person ranks behind: about the time of a turn, so that somebody with a
hundred conversations waits in line with them, and nobody else behind them."""


def literal(value: int) -> sa.ColumnClause[int]:
    """A constant written into the SQL: a bound parameter cannot match a partial index."""
    return sa.literal_column(str(value), sa.SmallInteger)


def big(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


ready = lane.c.state == literal(LaneState.READY)
running = lane.c.state == literal(LaneState.RUNNING)
_held = sa.and_(lane.c.key == sa.bindparam("lane_key"), running, lane.c.epoch == big("held_epoch"))
_until = now_ms() + big("ttl")
_other = lane.alias("other")
_FREE: dict[str, Any] = {"owner": None, "lease_until": None, "stop_epoch": None}


_NOBODY = sa.literal_column("''", sa.String)


def _others(person: sa.ColumnElement[str], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """How many lanes of a person are active."""
    active = _other.c.state > literal(LaneState.IDLE)
    return (
        sa.select(sa.func.count())
        .select_from(_other)
        .where(active, _other.c.person == person, person != _NOBODY, *conditions)
        .scalar_subquery()
    )


# --- becoming ready

_known = (
    sa.join(identity, account)
    .select()
    .where(identity.c.platform == sa.bindparam("its_platform"), identity.c.user == sa.bindparam("its_user"))
)
_number = sa.literal_column("'#'", sa.String).concat(sa.cast(account.c.id, sa.String))
_person = sa.func.coalesce(_known.with_only_columns(_number).scalar_subquery(), sa.bindparam("sender", type_=sa.String))
_ahead = sa.func.coalesce(_known.with_only_columns(account.c.head_start).scalar_subquery(), 0)


@cache
def enqueue(dialect: str) -> sa.Executable:
    """One more arrival in a lane, which becomes ready unless it is busy."""
    insert = insert_for(dialect)(lane).values(
        key=sa.bindparam("lane_key"),
        state=LaneState.READY,
        pending=1,
        rank=now_ms() - _ahead + _others(_person) * _APART,
        epoch=0,
        person=_person,
        head_start=_ahead,
    )
    idle = lane.c.state == LaneState.IDLE
    fresh = {
        name: sa.case((idle, insert.excluded[name]), else_=lane.c[name]) for name in ("rank", "person", "head_start")
    }
    return insert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            **fresh,
            "pending": lane.c.pending + 1,
            "state": sa.case((idle, LaneState.READY), else_=lane.c.state),
        },
    ).returning(lane.c.state, lane.c.pending)


# --- being claimed


def _claimed(pick: sa.CTE) -> sa.Executable:
    return (
        sa.update(lane)
        .where(lane.c.key.in_(sa.select(pick.c.key)))
        .values(
            state=LaneState.RUNNING,
            owner=sa.bindparam("me"),
            epoch=lane.c.epoch + 1,
            lease_until=_until,
            stop_epoch=None,
        )
        .returning(lane.c.key, lane.c.epoch)
    )


def _picked(*conditions: sa.ColumnElement[bool]) -> sa.CTE:
    return (
        sa.select(lane.c.key)
        .where(ready, *conditions)
        .order_by(lane.c.rank)
        .limit(sa.bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("pick")
    )


CLAIM = _claimed(_picked())


def _within_caps() -> sa.CompoundSelect[tuple[str]]:
    """The ready lanes that both caps let through, if nobody else claims meanwhile. What is nobody's always may."""
    at_work = sa.select(sa.func.count()).select_from(_other).where(_other.c.state == literal(LaneState.RUNNING))
    of_theirs = at_work.where(_other.c.person == lane.c.person).scalar_subquery()
    of_all = at_work.where(_other.c.person != _NOBODY).scalar_subquery()
    turn = sa.func.row_number().over(partition_by=lane.c.person, order_by=(lane.c.rank, lane.c.key))
    each = sa.select(lane.c.key, lane.c.rank, (turn + of_theirs).label("place")).where(ready, lane.c.person != _NOBODY)
    mine = each.subquery("mine")
    overall = sa.func.row_number().over(order_by=(mine.c.rank, mine.c.key))
    together = sa.select(mine.c.key, (overall + of_all).label("place")).where(mine.c.place <= big("most_each"))
    ours = together.subquery("ours")
    within = sa.select(ours.c.key).where(ours.c.place <= big("most_together"))
    return within.union_all(sa.select(lane.c.key).where(ready, lane.c.person == _NOBODY))


CLAIM_CAPPED = _claimed(_picked(lane.c.key.in_(_within_caps())))
"""Only one at a time may run: two would each take what is left of a cap."""

_l, _i = lane.alias("l"), inbox.alias("i")
_HEAD = (
    sa.select(_i.c.id)
    .where(_i.c.lane == _l.c.key, _i.c.state == literal(InboxState.QUEUED))
    .order_by(_i.c.order_key, _i.c.id)
    .limit(1)
    .scalar_subquery()
)
HEADS = (
    sa.update(inbox)
    .where(
        inbox.c.id.in_(sa.select(_HEAD).select_from(_l).where(_l.c.key.in_(sa.bindparam("claimed", expanding=True))))
    )
    .values(attempts=inbox.c.attempts + 1)
    .returning(
        inbox.c.id,
        inbox.c.lane,
        inbox.c.source,
        inbox.c.payload,
        inbox.c.attempts,
        inbox.c.excused,
        inbox.c.ref,
        (now_ms() - inbox.c.received_at).label("age"),
    )
)
HEAL = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"))
    .values(state=LaneState.IDLE, pending=0, owner=None, lease_until=None)
)

# --- being held

LOCK = sa.select(lane.c.key).where(lane.c.key == sa.bindparam("lane_key")).with_for_update()
FENCE = sa.update(lane).where(_held).values(lease_until=_until).returning(lane.c.key)
RENEW = (
    sa.update(lane)
    .where(running, lane.c.owner == sa.bindparam("me"), lane.c.key.in_(sa.bindparam("held", expanding=True)))
    .values(lease_until=_until)
    .returning(lane.c.key, lane.c.epoch, lane.c.stop_epoch)
)
STOP = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"), running)
    .values(stop_epoch=lane.c.epoch)
    .returning(lane.c.epoch, lane.c.owner)
)

# --- being taken from a worker that has died


def _left_behind(*conditions: sa.ColumnElement[bool]) -> sa.Executable:
    """Lanes whose worker is gone, and how many it had at work."""
    others = sa.and_(_other.c.state == literal(LaneState.RUNNING), _other.c.owner == lane.c.owner)
    together = sa.select(sa.func.count()).select_from(_other).where(others).scalar_subquery()
    return (
        sa.select(lane.c.key, together.label("together")).where(running, *conditions).with_for_update(skip_locked=True)
    )


EXPIRED = _left_behind(lane.c.lease_until < now_ms())
ALL_RUNNING = _left_behind()
TAKE_BACK = (
    sa.update(lane)
    .where(lane.c.key.in_(sa.bindparam("taken", expanding=True)), running)
    .values(state=LaneState.READY, rank=0, **_FREE)
)

_COUNTS = 3
EXCUSE = (
    sa.update(inbox)
    .where(
        inbox.c.id.in_(sa.select(_HEAD).select_from(_l).where(_l.c.key.in_(sa.bindparam("innocent", expanding=True)))),
        inbox.c.attempts % _COUNTS != 0,
    )
    .values(excused=inbox.c.excused + 1)
)
"""Of several arrivals that a worker had when it died, nobody knows which one killed it, if any did. Most often none
did: so each third such death counts against them. One that does kill is found out a little later."""

# --- being freed

_more = lane.c.pending > 1
RELEASE = (
    sa.update(lane)
    .where(_held)
    .values(
        state=sa.case((_more, LaneState.READY), else_=LaneState.IDLE),
        pending=sa.case((lane.c.pending > 0, lane.c.pending - 1), else_=0),
        rank=sa.case(
            (_more, now_ms() - lane.c.head_start + _others(lane.c.person, _other.c.key != lane.c.key) * _APART),
            else_=lane.c.rank,
        ),
        **_FREE,
    )
    .returning(lane.c.state)
)
GIVE_BACK = sa.update(lane).where(_held).values(state=LaneState.READY, rank=0, **_FREE).returning(lane.c.key)
PARK = (
    sa.update(lane)
    .where(_held)
    .values(state=LaneState.PARKED, not_before=now_ms() + big("pause"), **_FREE)
    .returning(lane.c.key)
)


def _freed(*conditions: sa.ColumnElement[bool], state: int) -> sa.Executable:
    found = sa.select(lane.c.key).where(*conditions).with_for_update(skip_locked=True).cte("found")
    return (
        sa.update(lane)
        .where(lane.c.key.in_(sa.select(found.c.key)), lane.c.state == literal(state))
        .values(state=LaneState.READY, rank=0, **_FREE)
        .returning(lane.c.key)
    )


UNPARK = _freed(lane.c.state == literal(LaneState.PARKED), lane.c.not_before <= now_ms(), state=LaneState.PARKED)
FEWER = (
    sa.update(lane)
    .where(lane.c.key == sa.bindparam("lane_key"))
    .values(
        pending=lane.c.pending - sa.bindparam("fewer"),
        state=sa.case((sa.and_(ready, lane.c.pending <= sa.bindparam("fewer")), LaneState.IDLE), else_=lane.c.state),
    )
)
