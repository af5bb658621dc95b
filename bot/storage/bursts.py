"""Arrivals that are part of another one's turn: joined to it, and finished with it.

All statements stand behind the lane's fence: nobody else handles what waits in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import lanes
from bot.storage.engine import now_ms
from bot.storage.inbox import Claim
from bot.storage.tables import InboxState, inbox

_MOST = 30
"""Arrivals that are looked at behind the one at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The arrival at work, one that was joined to it, or one that waits behind it.

    `age` is how many milliseconds ago it was stored.
    """

    id: int
    payload: Mapping[str, Any]
    age: int
    joined: bool


_BURST = (
    sa.select(inbox.c.id, inbox.c.payload, (now_ms() - inbox.c.received_at).label("age"), inbox.c.joined)
    .where(
        inbox.c.lane == sa.bindparam("lane_key"),
        sa.or_(
            inbox.c.id == lanes.big("arrival"),
            inbox.c.joined == lanes.big("arrival"),
            inbox.c.state == lanes.literal(InboxState.QUEUED),
        ),
    )
    # The claim first: an edit of something older may stand before it in the lane.
    .order_by(sa.case((inbox.c.id == lanes.big("arrival"), 0), else_=1), inbox.c.order_key, inbox.c.id)
    .limit(_MOST)
)
_JOIN = (
    sa.update(inbox)
    .where(
        inbox.c.id.in_(sa.bindparam("those", expanding=True)),
        inbox.c.state == lanes.literal(InboxState.QUEUED),
        inbox.c.lane == sa.bindparam("lane_key"),
    )
    .values(state=InboxState.JOINED, joined=lanes.big("arrival"))
    .returning(inbox.c.id)
)
_FINISH = (
    sa.update(inbox)
    .where(inbox.c.joined == lanes.big("arrival"), inbox.c.state == InboxState.JOINED)
    .values(state=sa.bindparam("as_state"))
)


class Bursts:
    """What waits behind a claim and may become part of its turn, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, claim: Claim) -> Sequence[Waiting]:
        """The claim, what was joined to it, by this process or by one that died since, and what waits: in order."""
        rows = await self._connection.execute(_BURST, {"lane_key": claim.lane, "arrival": claim.id})
        return [
            Waiting(id=row.id, payload=row.payload, age=int(row.age), joined=row.joined is not None) for row in rows
        ]

    async def join(self, claim: Claim, those: Sequence[int]) -> None:
        """Make arrivals part of the claim's turn: they wait no longer, and are finished when it is."""
        values = {"those": those, "lane_key": claim.lane, "arrival": claim.id}
        joined = (await self._connection.execute(_JOIN, values)).all()
        await self._connection.execute(lanes.FEWER, {"lane_key": claim.lane, "fewer": len(joined)})

    async def finish(self, claim: Claim, state: int) -> None:
        """What was joined to a claim shares its end."""
        await self._connection.execute(_FINISH, {"arrival": claim.id, "as_state": state})
