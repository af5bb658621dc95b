"""Who changed what, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import now_ms
from bot.storage.tables import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One act of an admin, or one that was refused. `actor` and `subject` are identities, or what else was changed.

    `at` and `age` in milliseconds, by the database's clock. `reverts` is the number of the act that it took back.
    """

    id: int
    at: int
    age: int
    actor: str
    action: str
    subject: str
    facts: Mapping[str, Any]
    reverts: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which acts: by or about one of `who`, called `what` or `what.…`, not older than `age`, with a number below."""

    who: Sequence[str] = ()
    what: str = ""
    age: int | None = None
    below: int | None = None


_ADD = sa.insert(audit).values(at=now_ms()).returning(audit.c.id)
_SELECT = sa.select(audit, (now_ms() - audit.c.at).label("age"))
_BY_NUMBER = _SELECT.where(audit.c.id == sa.bindparam("number")).with_for_update()
_REVERT_OF = _SELECT.where(audit.c.reverts == sa.bindparam("number"))
_LATER = _SELECT.where(audit.c.subject == sa.bindparam("its_subject"), audit.c.id > sa.bindparam("number"))


class Audit:
    """The audit log, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, *, actor: str, action: str, subject: str, facts: Mapping[str, Any], reverts: int | None = None
    ) -> int:
        """Record an act; returns its number."""
        values = {"actor": actor, "action": action, "subject": subject, "facts": dict(facts), "reverts": reverts}
        return int((await self._connection.execute(_ADD, values)).scalar_one())

    async def last(self, most: int, which: AuditFilter | None = None) -> list[AuditRecord]:
        """The latest acts, newest first."""
        query = _SELECT.where(*_conditions(which or AuditFilter())).order_by(audit.c.id.desc()).limit(most)
        return [_record(row) for row in await self._connection.execute(query)]

    async def record(self, number: int) -> AuditRecord | None:
        """One act; nobody else takes it back until the commit."""
        row = (await self._connection.execute(_BY_NUMBER, {"number": number})).first()
        return None if row is None else _record(row)

    async def knows(self, action: str) -> bool:
        """Whether there is an act of that name, or of that family."""
        return bool(await self.last(1, AuditFilter(what=action)))

    async def revert_of(self, number: int) -> AuditRecord | None:
        """The act that took back that one."""
        row = (await self._connection.execute(_REVERT_OF, {"number": number})).first()
        return None if row is None else _record(row)

    async def later(self, record: AuditRecord) -> list[AuditRecord]:
        """The acts on the same subject since."""
        rows = await self._connection.execute(_LATER, {"its_subject": record.subject, "number": record.id})
        return [_record(row) for row in rows]


def _conditions(which: AuditFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if which.who:
        found.append(audit.c.actor.in_(which.who) | audit.c.subject.in_(which.who))
    if which.what:
        found.append((audit.c.action == which.what) | audit.c.action.startswith(f"{which.what}.", autoescape=True))
    if which.age is not None:
        found.append(audit.c.at >= now_ms() - which.age)
    if which.below is not None:
        found.append(audit.c.id < which.below)
    return found


def _record(row: sa.Row[*tuple[Any, ...]]) -> AuditRecord:
    return AuditRecord(
        id=row.id,
        at=row.at,
        age=row.age,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        facts=row.facts,
        reverts=row.reverts,
    )
