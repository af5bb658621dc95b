"""Arrivals: stored, claimed lane by lane, finished. The statements of lanes are in `bot.storage.lanes`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.caps import UNCAPPED, Caps
from bot.domain.updates import OVERTAKING, Arrival
from bot.errors import LostLease
from bot.ports import Ref
from bot.storage import lanes
from bot.storage.bell import STOP, WAKE
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, LaneState, inbox, lane, place


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One arrival, claimed by this worker. `epoch` is the fencing token of its lane.

    `attempts` counts claims, `excused` those that came to nothing without any fault of the arrival's; `age` is how
    many milliseconds ago it was stored.
    """

    id: int
    lane: str
    epoch: int
    source: str
    payload: Mapping[str, Any]
    attempts: int
    excused: int
    age: int
    ref: Ref | None

    @property
    def faults(self) -> int:
        """Which attempt this is, of those that may have been its own fault."""
        return self.attempts - self.excused

    def is_late(self, longest: float | None) -> bool:
        """Whether its turn came after `longest` seconds in line. What was begun is brought to its end, however old."""
        return longest is not None and self.faults == 1 and self.age > longest * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """A turn that was asked to stop, and the process where it runs."""

    lane: str
    epoch: int
    owner: str


_UNLIMITED = 2**31
_RECENT = 50_000
"""Arrivals among which it is looked for an earlier one."""
_ONE_CLAIM = f"SELECT pg_advisory_xact_lock({0x636C61696D})"
_NOTIFY = sa.select(sa.func.pg_notify(sa.bindparam("channel"), sa.bindparam("payload")))
_DROP = (
    sa.update(inbox)
    .where(
        inbox.c.lane == sa.bindparam("lane_key"),
        inbox.c.state == lanes.literal(InboxState.QUEUED),
        inbox.c.attempts == 0,
        inbox.c.id < lanes.big("before"),
    )
    .values(state=InboxState.DROPPED)
    .returning(inbox.c.id)
)
_FINISH = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(state=sa.bindparam("as_state"))
_REMEMBER = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(ref=sa.bindparam("its_ref"))
_BLANK = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(payload={})
_other, _this = inbox.alias("other"), inbox.alias("this")
_HEARD = (
    sa.select(sa.literal(1))
    .join_from(_this, _other, sa.and_(_other.c.lane == _this.c.lane, _other.c.order_key == _this.c.order_key))
    # Along the primary key: by lane there is an index of what waits alone.
    .where(_this.c.id == sa.bindparam("arrival"), _other.c.id < _this.c.id, _other.c.id > _this.c.id - _RECENT)
    .limit(1)
)
_EXCUSE = sa.update(inbox).where(inbox.c.id == sa.bindparam("arrival")).values(excused=inbox.c.excused + 1)

_TALKED = sa.select(
    sa.or_(
        sa.exists().where(lane.c.key == sa.bindparam("at_place")),
        sa.exists().where(place.c.key == sa.bindparam("at_place")),
    )
)


@cache
def _put(dialect: str) -> sa.Executable:
    return (
        insert_for(dialect)(inbox)
        .values(received_at=now_ms())
        .on_conflict_do_nothing(index_elements=["source", "event"])
        .returning(inbox.c.id)
    )


class Inbox:
    """Arrivals and lanes, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)
        self._rung = False

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
        who = arrival.waiting
        values = {
            "lane_key": arrival.lane,
            "sender": str(who or ""),
            "its_platform": who.platform if who else "",
            "its_user": who.user if who else "",
        }
        row = await self._first(lanes.enqueue(self._dialect), values)
        if row is not None and row.state == LaneState.READY and row.pending == 1:
            await self._ring()
        return True

    async def talked_at(self, place: str) -> bool:
        """Whether anybody has talked to us at a place: something waits there, or a conversation goes on."""
        return bool((await self._connection.execute(_TALKED, {"at_place": place})).scalar_one())

    async def claim(self, most: int, *, owner: str, ttl: int, caps: Caps = UNCAPPED) -> list[Claim]:
        """Take up to `most` ready lanes for `ttl` milliseconds, each with its oldest arrival."""
        rows = await self._take({"most": most, "me": owner, "ttl": ttl}, caps)
        epochs: dict[str, int] = {row.key: row.epoch for row in rows}
        if not epochs:
            return []
        heads = (await self._connection.execute(lanes.HEADS, {"claimed": list(epochs)})).all()
        for key in epochs.keys() - {row.lane for row in heads}:
            await self._connection.execute(lanes.HEAL, {"lane_key": key})
        return [
            Claim(
                id=row.id,
                lane=row.lane,
                epoch=epochs[row.lane],
                source=row.source,
                payload=row.payload,
                attempts=row.attempts,
                excused=row.excused,
                age=row.age,
                ref=row.ref,
            )
            for row in heads
        ]

    async def _take(self, values: Mapping[str, Any], caps: Caps) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        if caps == UNCAPPED:
            return (await self._connection.execute(lanes.CLAIM, values)).all()
        if self._dialect == "postgresql":
            await self._connection.exec_driver_sql(_ONE_CLAIM)
        limits = {"most_each": caps.each or _UNLIMITED, "most_together": caps.together or _UNLIMITED}
        return (await self._connection.execute(lanes.CLAIM_CAPPED, {**values, **limits})).all()

    async def fence(self, claim: Claim, *, ttl: int) -> None:
        """First statement of every transaction of a claim: lock the lane and renew its lease. Raises LostLease."""
        if await self._first(lanes.FENCE, {**_holder(claim), "ttl": ttl}) is None:
            raise LostLease(claim.lane)
        if claim.lane.endswith(OVERTAKING) and self._dialect != "sqlite":
            # What it may stop is locked before anything else is, as the turn there does: neither waits for ever.
            await self._first(lanes.LOCK, {"lane_key": claim.lane.removesuffix(OVERTAKING)})

    async def complete(self, claim: Claim, *, state: int = InboxState.DONE) -> bool:
        """Finish the arrival and free its lane. True if the lane has more to do. Raises LostLease."""
        row = await self._first(lanes.RELEASE, _holder(claim))
        if row is None:
            raise LostLease(claim.lane)
        await self._connection.execute(_FINISH, {"arrival": claim.id, "as_state": state})
        return bool(row.state == LaneState.READY)

    async def remember(self, claim: Claim, ref: Ref) -> None:
        """Keep what stands on the platform for this arrival, for whoever has to take over."""
        await self._connection.execute(_REMEMBER, {"arrival": claim.id, "its_ref": dict(ref)})

    async def blank(self, claim: Claim) -> None:
        """Keep nothing of what it says: it is answered."""
        await self._connection.execute(_BLANK, {"arrival": claim.id})

    async def renew(self, held: Sequence[str], *, owner: str, ttl: int) -> dict[tuple[str, int], bool]:
        """Renew the leases of `owner` on the lanes `held`. Returns {(lane, epoch): someone asked it to stop}."""
        rows = await self._connection.execute(lanes.RENEW, {"held": list(held), "me": owner, "ttl": ttl})
        return {(row.key, row.epoch): row.stop_epoch == row.epoch for row in rows}

    async def take_back(self, *, everything: bool) -> list[str]:
        """Free lanes whose lease has run out, or (embedded, at start: the only process) every running one."""
        left = (await self._connection.execute(lanes.ALL_RUNNING if everything else lanes.EXPIRED)).all()
        if not left:
            return []
        taken = [row.key for row in left]
        await self._connection.execute(lanes.TAKE_BACK, {"taken": taken})
        if innocent := [row.key for row in left if row.together > 1]:
            await self._connection.execute(lanes.EXCUSE, {"innocent": innocent})
        await self._ring()
        return taken

    async def heard(self, arrival: int) -> bool:
        """Whether the same message arrived before, in other words."""
        return await self._first(_HEARD, {"arrival": arrival}) is not None

    async def give_back(self, claim: Claim) -> None:
        """Let somebody else handle the arrival: that this attempt ends is no fault of its own. Raises LostLease."""
        if await self._first(lanes.GIVE_BACK, _holder(claim)) is None:
            raise LostLease(claim.lane)
        await self._connection.execute(_EXCUSE, {"arrival": claim.id})
        await self._ring()

    async def excuse(self, claim: Claim) -> None:
        """An attempt came to nothing without any fault of the arrival's."""
        await self._connection.execute(_EXCUSE, {"arrival": claim.id})

    async def park(self, claim: Claim, *, pause: int) -> None:
        """Try the arrival again in so many milliseconds; its lane waits with it. Raises LostLease."""
        if await self._first(lanes.PARK, {**_holder(claim), "pause": pause}) is None:
            raise LostLease(claim.lane)
        await self._connection.execute(_EXCUSE, {"arrival": claim.id})

    async def unpark(self) -> list[str]:
        """Free the parked lanes whose time has come."""
        rows = (await self._connection.execute(lanes.UNPARK)).all()
        if rows:
            await self._ring()
        return [row.key for row in rows]

    async def stop(self, key: str) -> Stopping | None:
        """Ask the turn that runs in a lane to stop. None if nothing runs."""
        row = await self._first(lanes.STOP, {"lane_key": key})
        if row is None:
            return None
        await self._notify(STOP, f"{row.epoch}:{key}")
        return Stopping(lane=key, epoch=row.epoch, owner=row.owner)

    async def drop(self, key: str, *, before: int) -> int:
        """Drop what waits in a lane and came before arrival `before`. Returns how many."""
        dropped = (await self._connection.execute(_DROP, {"lane_key": key, "before": before})).all()
        if dropped:
            await self._connection.execute(lanes.FEWER, {"lane_key": key, "fewer": len(dropped)})
        return len(dropped)

    async def _ring(self) -> None:
        """Wake the other processes when this transaction commits, once."""
        if not self._rung:
            self._rung = True
            await self._notify(WAKE, "")

    async def _notify(self, channel: str, payload: str) -> None:
        if self._dialect == "postgresql":
            await self._connection.execute(_NOTIFY, {"channel": channel, "payload": payload})

    async def _first(self, statement: sa.Executable, values: Mapping[str, Any]) -> sa.Row[*tuple[Any, ...]] | None:
        return (await self._connection.execute(statement, values)).first()


def _holder(claim: Claim) -> dict[str, Any]:
    return {"lane_key": claim.lane, "held_epoch": claim.epoch}
