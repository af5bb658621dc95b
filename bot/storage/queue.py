"""Who waits in line: arrivals that nobody has begun with yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import lanes
from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, inbox, lane


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """The first arrival of a lane that is ready and was not claimed."""

    id: int
    source: str
    payload: Mapping[str, Any]


_first = inbox.alias("first")
_HEAD = (
    sa.select(_first.c.id)
    .where(_first.c.lane == lane.c.key, _first.c.state == lanes.literal(InboxState.QUEUED))
    .order_by(_first.c.order_key, _first.c.id)
    .limit(1)
    .correlate(lane)
    .scalar_subquery()
)
_IN_LINE = (
    sa.select(inbox.c.id, inbox.c.source, inbox.c.payload)
    .join_from(lane, inbox, inbox.c.id == _HEAD)
    # What is nobody's is waited for by nobody.
    .where(lanes.ready, lane.c.person != "", inbox.c.received_at < now_ms() - sa.bindparam("pause"))
    .order_by(lane.c.rank)
    .limit(sa.bindparam("most"))
)


class Queue:
    """The line, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def waiting(self, *, longer: int, most: int) -> Sequence[InLine]:
        """Those who have waited for more than `longer` milliseconds, the next one first."""
        rows = await self._connection.execute(_IN_LINE, {"pause": longer, "most": most})
        return [InLine(id=row.id, source=row.source, payload=row.payload) for row in rows]
