"""Answers that could not be delivered because their reader wanted to hear nothing, for when they do again."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.updates import OVERTAKING
from bot.errors import RecipientGone
from bot.storage import lanes
from bot.storage.dialect import dialect_of
from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, OutboxState, inbox, outbox

_LOST = sa.and_(
    outbox.c.inbox_id == inbox.c.id,
    outbox.c.state == OutboxState.FAILED,
    outbox.c.failure == RecipientGone.__name__,
    outbox.c.created_at > now_ms() - sa.bindparam("within", type_=sa.BigInteger),
)


class Revival:
    """Puts answers on their way again, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def undelivered(self, place: str, *, within: int) -> int:
        """Queue what was answered at a place, or in a thread of it, in the last `within` milliseconds and is missing.

        Returns how many answers.
        """
        there = sa.or_(inbox.c.lane.in_([place, f"{place}{OVERTAKING}"]), inbox.c.lane.startswith(f"{place}#"))
        lost = sa.select(inbox.c.id, inbox.c.lane).where(
            there, inbox.c.state == InboxState.DONE, sa.exists().where(_LOST)
        )
        rows = (await self._connection.execute(lost.order_by(inbox.c.id), {"within": within})).all()
        for row in rows:
            # The lane before its arrivals: see `bot.storage.lanes`.
            nobody = {"lane_key": row.lane, "sender": "", "its_platform": "", "its_user": ""}
            await self._connection.execute(lanes.enqueue(self._dialect), nobody)
            mine = sa.and_(outbox.c.inbox_id == row.id, outbox.c.state == OutboxState.FAILED)
            again = {"state": OutboxState.PENDING, "attempts": 0, "failure": None}
            await self._connection.execute(sa.update(outbox).where(mine).values(again))
            await self._connection.execute(sa.update(inbox).where(inbox.c.id == row.id).values(state=InboxState.QUEUED))
        return len(rows)
