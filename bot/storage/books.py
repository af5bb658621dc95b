"""Whether the database agrees with itself: questions whose answer is 0 unless something is wrong."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import ChargeState, InboxState, LaneState, charge, hold, inbox, lane, outbox

_queued = (
    sa.select(sa.func.count())
    .where(inbox.c.lane == lane.c.key, inbox.c.state == InboxState.QUEUED)
    .correlate(lane)
    .scalar_subquery()
)
_handled = sa.select(inbox.c.id).where(inbox.c.state != InboxState.QUEUED)
_QUESTIONS: Mapping[str, sa.Select[int]] = {
    "conversations that count their waiting messages wrong": sa.select(sa.func.count())
    .select_from(lane)
    .where(lane.c.pending != _queued),
    "waiting messages without a conversation": sa.select(sa.func.count())
    .select_from(inbox)
    .where(inbox.c.state == InboxState.QUEUED, ~sa.exists().where(lane.c.key == inbox.c.lane)),
    "conversations at work for nobody": sa.select(sa.func.count())
    .select_from(lane)
    .where(lane.c.state == LaneState.RUNNING, lane.c.owner.is_(None)),
    "messages that are done and still reserve quota": sa.select(sa.func.count())
    .select_from(charge)
    .where(charge.c.state == ChargeState.RESERVED, charge.c.inbox_id.in_(_handled)),
    "messages that are done and still reserve a budget": sa.select(sa.func.count())
    .select_from(hold)
    .where(hold.c.inbox_id.in_(_handled)),
    "answers to messages that nobody knows": sa.select(sa.func.count())
    .select_from(outbox)
    .where(~sa.exists().where(inbox.c.id == outbox.c.inbox_id)),
}


class Books:
    """The questions, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def contradictions(self) -> Mapping[str, int]:
        """What is wrong, and how often; empty if all is well."""
        found = {name: int((await self._connection.execute(one)).scalar_one()) for name, one in _QUESTIONS.items()}
        return {name: number for name, number in found.items() if number}

    async def damage(self) -> list[str]:
        """What SQLite says about its file. PostgreSQL looks after its own."""
        if self._connection.dialect.name != "sqlite":
            return []
        said = [str(line) for line in (await self._connection.exec_driver_sql("PRAGMA integrity_check")).scalars()]
        orphans = (await self._connection.exec_driver_sql("PRAGMA foreign_key_check")).mappings().all()
        lost = [f"a row of {row['table']} refers to one of {row['parent']} that is not there" for row in orphans[:10]]
        return [*(line for line in said if line != "ok"), *lost]
