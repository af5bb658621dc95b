"""Newcomers who knocked, and what admins said. Times are milliseconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.updates import Arrival
from bot.storage.people import SELECT_ACCOUNT, Account, account_of
from bot.storage.tables import AdmissionState, admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """`state` is one of `AdmissionState`; `kept` is the first question."""

    state: int
    decided_by: str | None
    kept: Arrival | None


_OF = sa.select(admission).where(admission.c.account_id == sa.bindparam("its_id")).with_for_update()
_WAITING = admission.c.state == AdmissionState.WAITING
_KEEP = (
    sa.update(admission).where(admission.c.account_id == sa.bindparam("its_id")).values(kept=sa.bindparam("its_kept"))
)
_DECIDE = (
    sa.update(admission)
    .where(admission.c.account_id == sa.bindparam("its_id"), _WAITING)
    .values(state=sa.bindparam("decision"), decided_by=sa.bindparam("by"))
)
_LINE = SELECT_ACCOUNT.join(admission, admission.c.account_id == sa.literal_column("account.id")).where(_WAITING)
_ASKED = sa.select(sa.func.count()).where(admission.c.asked_at >= sa.bindparam("since"))


class Admissions:
    """The door, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, account_id: int) -> Admission | None:
        """What is known of somebody's admission; nobody else decides about it until the commit."""
        row = (await self._connection.execute(_OF, {"its_id": account_id})).first()
        if row is None:
            return None
        return Admission(state=row.state, decided_by=row.decided_by, kept=Arrival(**row.kept) if row.kept else None)

    async def ask(self, account_id: int, *, now: int) -> None:
        """Somebody waits from now on, who did not."""
        fresh = {"state": AdmissionState.WAITING, "asked_at": now, "decided_by": None}
        again = sa.update(admission).where(admission.c.account_id == account_id).values(fresh)
        if not (await self._connection.execute(again)).rowcount:
            await self._connection.execute(sa.insert(admission).values(account_id=account_id, **fresh))

    async def keep(self, account_id: int, question: Arrival) -> None:
        """Keep somebody's first question until they are let in."""
        await self._connection.execute(_KEEP, {"its_id": account_id, "its_kept": _stored(question)})

    async def decide(self, account_id: int, state: int, *, by: str) -> bool:
        """Approve or deny; False if nobody waits there (any more)."""
        given = {"its_id": account_id, "decision": state, "by": by}
        return (await self._connection.execute(_DECIDE, given)).rowcount == 1

    async def waiting(self, most: int) -> Sequence[Account]:
        """Who waits, the longest first."""
        rows = await self._connection.execute(_LINE.order_by(admission.c.asked_at).limit(most))
        return list({found.id: found for found in map(account_of, rows)}.values())

    async def asked_since(self, since: int) -> int:
        """How many have knocked since then."""
        return int((await self._connection.execute(_ASKED, {"since": since})).scalar_one())


def _stored(question: Arrival) -> Mapping[str, Any]:
    return {
        "source": question.source,
        "event": question.event,
        "lane": question.lane,
        "order": question.order,
        "payload": dict(question.payload),
    }
