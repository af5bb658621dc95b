"""What waits and what runs in all processes, in numbers. Times are milliseconds."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.tables import InboxState, LaneState, OutboxState, inbox, lane, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Lanes that are `ready` for a worker, `running` or `parked` because a platform is away; parts that were not sent
    yet; and the age of the arrival that has waited longest, 0 if none does.
    """

    ready: int
    running: int
    parked: int
    unsent: int
    oldest: int


def _lanes(state: int) -> sa.ScalarSelect[int]:
    # Written out, so that PostgreSQL sees that the partial index of that state answers it.
    return sa.select(sa.func.count()).where(lane.c.state == sa.literal_column(str(state))).scalar_subquery()


_WAITING = inbox.c.state == sa.literal_column(str(InboxState.QUEUED))
_UNFINISHED = sa.select(inbox.c.id).where(_WAITING)
_BACKLOG = sa.select(
    _lanes(LaneState.READY).label("ready"),
    _lanes(LaneState.RUNNING).label("running"),
    _lanes(LaneState.PARKED).label("parked"),
    # What is not sent yet belongs to an arrival that is not finished: few rows, found by their arrival.
    sa.select(sa.func.count())
    .where(outbox.c.inbox_id.in_(_UNFINISHED), outbox.c.state.in_((OutboxState.PENDING, OutboxState.ATTEMPTED)))
    .scalar_subquery()
    .label("unsent"),
    sa.func.coalesce(now_ms() - sa.select(sa.func.min(inbox.c.received_at)).where(_WAITING).scalar_subquery(), 0).label(
        "oldest"
    ),
)


class Backlogs:
    """Counts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def now(self) -> Backlog:
        """As it is now; takes as long as there is work waiting, however much was done before."""
        row = (await self._connection.execute(_BACKLOG)).one()
        return Backlog(
            ready=row.ready,
            running=row.running,
            parked=row.parked,
            unsent=row.unsent,
            oldest=max(0, int(row.oldest)),
        )
