"""What has served its purpose is deleted, a few hundred rows at a time: nobody waits long for a lock."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.lanes import literal
from bot.storage.tables import InboxState, LaneState, inbox, lane, outbox, pace

_AT_ONCE = 500
_before = now_ms() - sa.bindparam("older_than", type_=sa.BigInteger)
_OLD = (
    sa.select(inbox.c.id)
    .where(inbox.c.state != literal(InboxState.QUEUED), inbox.c.received_at < _before)
    .order_by(inbox.c.id)
    .limit(_AT_ONCE)
)
_ids: sa.BindParameter[int] = sa.bindparam("ids", expanding=True)
_PARTS = sa.delete(outbox).where(outbox.c.inbox_id.in_(_ids))
_ARRIVALS = sa.delete(inbox).where(inbox.c.id.in_(_ids))
_idle = lane.c.state == LaneState.IDLE
_LANES = sa.delete(lane).where(
    lane.c.key.in_(
        sa.select(lane.c.key)
        .where(_idle, lane.c.pending == 0, lane.c.rank < _before)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ),
    _idle,
)

_PACES = sa.delete(pace).where(
    pace.c.person.in_(sa.select(pace.c.person).where(pace.c.since < _before).limit(_AT_ONCE))
)


class Pruning:
    """Batched deletes, inside one transaction. Times are milliseconds."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def events(self, older_than: int) -> int:
        """Delete what was handled longer ago, with what was sent. Returns how many; fewer than a batch is the end."""
        ids = list(await self._connection.scalars(_OLD, {"older_than": older_than}))
        if ids:
            await self._connection.execute(_PARTS, {"ids": ids})
            await self._connection.execute(_ARRIVALS, {"ids": ids})
        return len(ids)

    async def lanes(self, older_than: int) -> int:
        """Delete lanes of conversations in which nothing was said since."""
        return int((await self._connection.execute(_LANES, {"older_than": older_than})).rowcount)

    async def paces(self, older_than: int) -> int:
        """Delete counts of what people sent long ago."""
        return int((await self._connection.execute(_PACES, {"older_than": older_than})).rowcount)
