"""Arrivals that were put aside: those that could not be read, and those that failed each time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import InboxState, inbox

_ASIDE = (InboxState.DEAD, InboxState.POISON)
_STATES = {InboxState.DEAD: "failed", InboxState.POISON: "unreadable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAside:
    """One of them. `why` is `failed` or `unreadable`, `received_at` in milliseconds."""

    id: int
    why: str
    source: str
    event: str
    lane: str
    received_at: int
    attempts: int
    payload: Mapping[str, Any]


_FIND = sa.select(inbox).where(inbox.c.state.in_(_ASIDE)).order_by(inbox.c.id.desc())
_ONE = _FIND.where(inbox.c.id == sa.bindparam("arrival"))
_DROP = (
    sa.update(inbox)
    .where(inbox.c.id == sa.bindparam("arrival"), inbox.c.state.in_(_ASIDE))
    .values(state=InboxState.DROPPED, payload={})
    .returning(inbox.c.id)
)


class Quarantine:
    """What was put aside, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def latest(self, most: int) -> Sequence[PutAside]:
        """The latest first."""
        return [_put_aside(row) for row in await self._connection.execute(_FIND.limit(most))]

    async def find(self, arrival: int) -> PutAside | None:
        """One of them."""
        row = (await self._connection.execute(_ONE, {"arrival": arrival})).first()
        return None if row is None else _put_aside(row)

    async def drop(self, arrival: int) -> bool:
        """Forget what it says. False if there is none."""
        return (await self._connection.execute(_DROP, {"arrival": arrival})).first() is not None


def _put_aside(row: sa.Row[*tuple[Any, ...]]) -> PutAside:
    return PutAside(
        id=row.id,
        why=_STATES[row.state],
        source=row.source,
        event=row.event,
        lane=row.lane,
        received_at=row.received_at,
        attempts=row.attempts,
        payload=row.payload,
    )
