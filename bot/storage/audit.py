"""Who changed what, when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.tables import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One act of an admin. `actor` and `subject` are identities as text."""

    id: int
    actor: str
    action: str
    subject: str
    facts: Mapping[str, Any]


_ADD = sa.insert(audit).values(at=now_ms()).returning(audit.c.id)
_LAST = (
    sa.select(audit.c.id, audit.c.actor, audit.c.action, audit.c.subject, audit.c.facts)
    .order_by(audit.c.id.desc())
    .limit(sa.bindparam("most"))
)


class Audit:
    """The audit log, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, *, actor: str, action: str, subject: str, facts: Mapping[str, Any]) -> int:
        """Record an act; returns its number."""
        values = {"actor": actor, "action": action, "subject": subject, "facts": dict(facts)}
        return int((await self._connection.execute(_ADD, values)).scalar_one())

    async def last(self, most: int) -> list[AuditRecord]:
        """The latest acts, newest first."""
        rows = await self._connection.execute(_LAST, {"most": most})
        return [
            AuditRecord(id=row.id, actor=row.actor, action=row.action, subject=row.subject, facts=row.facts)
            for row in rows
        ]
