"""Conversations read whole, to be written into files, and written whole from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


_STATES = {fate: state for state, fate in _FATES.items()}
_ADD = sa.insert(turn).returning(turn.c.id)
_REPLACED = (
    sa.update(turn)
    .where(turn.c.id == sa.bindparam("its_turn", type_=sa.BigInteger))
    .values(replaced_by=sa.bindparam("by_turn", type_=sa.BigInteger))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeighedEntry:
    """A turn with the tokens of its question and answer."""

    entry: Entry
    question_tokens: int
    answer_tokens: int


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

    async def write(self, conversation_id: int, account_id: int, entries: Sequence[WeighedEntry]) -> None:
        """Add turns to a conversation, as the account's own; they came from no arrival."""
        numbers = []
        for one in entries:
            row = _row(one) | {"conversation_id": conversation_id, "account_id": account_id}
            numbers.append((await self._connection.execute(_ADD, row)).scalar_one())
        for number, one in zip(numbers, entries, strict=True):
            if one.entry.replaced_by is not None:
                values = {"its_turn": number, "by_turn": numbers[one.entry.replaced_by]}
                await self._connection.execute(_REPLACED, values)


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


def _row(one: WeighedEntry) -> dict[str, Any]:
    entry = one.entry
    return {
        "state": _STATES[entry.fate],
        "question": entry.question,
        "question_tokens": one.question_tokens,
        "answer": entry.answer,
        "answer_tokens": one.answer_tokens,
        "ending": entry.ending,
        "started_at": _milliseconds(entry.asked_at),
        "finished_at": _milliseconds(entry.answered_at or entry.asked_at),
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
