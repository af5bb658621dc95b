"""Conversations read whole, to be written into files, and written whole from them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.transcripts import Entry, Fate
from bot.storage.tables import TurnState, turn

_FATES: Mapping[int, Fate] = {
    TurnState.ANSWERED: "answered",
    TurnState.REPLACED: "replaced",
    TurnState.FAILED: "failed",
}
_THERE = (
    sa.select(turn)
    .where(
        turn.c.conversation_id == sa.bindparam("its_conversation", type_=sa.BigInteger),
        turn.c.state.in_(list(_FATES)),
    )
    .order_by(turn.c.id)
)
_MINE = _THERE.where(turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger))


class Transcripts:
    """Whole conversations, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self, conversation_id: int, *, account_id: int | None = None) -> Sequence[Entry]:
        """Every turn of a conversation that has ended, in order; those of one account alone if it is given."""
        values = {"its_conversation": conversation_id, "its_account": account_id}
        rows = (await self._connection.execute(_THERE if account_id is None else _MINE, values)).all()
        numbers = {row.id: number for number, row in enumerate(rows)}
        return [_entry(row, numbers) for row in rows]


def _entry(row: sa.Row[*tuple[Any, ...]], numbers: Mapping[int, int]) -> Entry:
    return Entry(
        question=row.question,
        asked_at=_at(row.started_at),
        fate=_FATES[row.state],
        answer=row.answer,
        answered_at=None if row.finished_at is None else _at(row.finished_at),
        ending=row.ending,
        replaced_by=numbers.get(row.replaced_by) if row.state == TurnState.REPLACED else None,
    )


def _at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
