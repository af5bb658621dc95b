"""Alerts that are not over: one for each kind and subject. Times are milliseconds."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import alert

_ALL = sa.select(alert).order_by(alert.c.kind, alert.c.subject)
_OPEN = sa.insert(alert)
_this = sa.and_(alert.c.kind == sa.bindparam("its_kind"), alert.c.subject == sa.bindparam("its_subject"))
_SEE = sa.update(alert).where(_this).values(seen_at=sa.bindparam("now", type_=sa.BigInteger))
_CLOSE = sa.delete(alert).where(_this)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert that was told; `seen_at` is when it last held."""

    kind: str
    subject: str
    opened_at: int
    seen_at: int


class Alerts:
    """Open alerts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> list[OpenAlert]:
        rows = await self._connection.execute(_ALL)
        return [
            OpenAlert(kind=row.kind, subject=row.subject, opened_at=row.opened_at, seen_at=row.seen_at) for row in rows
        ]

    async def open(self, kind: str, subject: str, *, now: int) -> None:
        values = {"kind": kind, "subject": subject, "opened_at": now, "seen_at": now}
        await self._connection.execute(_OPEN, values)

    async def see(self, kind: str, subject: str, *, now: int) -> None:
        """It holds still."""
        await self._connection.execute(_SEE, {"its_kind": kind, "its_subject": subject, "now": now})

    async def close(self, kind: str, subject: str) -> None:
        await self._connection.execute(_CLOSE, {"its_kind": kind, "its_subject": subject})
