"""Conversations as others may look at them: who, where, when and how much; what was said only where it is asked for.

Times are milliseconds, money is micro-US$.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import conversation, identity, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One conversation, without a word of it: titles are words of it too."""

    id: int
    place: str
    account_id: int | None
    person: str
    started_at: int
    archived: bool
    turns: int
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEntry:
    """One turn of a conversation. `question` and `answer` are "" unless they were asked for."""

    id: int
    account_id: int
    state: int
    ending: str
    started_at: int
    finished_at: int | None
    question_tokens: int
    answer_tokens: int | None
    question: str
    answer: str


_PERSON = (
    sa.select(sa.func.min(sa.func.coalesce(identity.c.username, identity.c.name)))
    .where(identity.c.account_id == conversation.c.account_id)
    .correlate(conversation)
    .scalar_subquery()
)


def _of_turns(what: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(what).where(turn.c.conversation_id == conversation.c.id).correlate(conversation).scalar_subquery()


_ENTRIES = sa.select(
    conversation.c.id,
    conversation.c.place,
    conversation.c.account_id,
    conversation.c.started_at,
    conversation.c.archived_at,
    _PERSON.label("person"),
    _of_turns(sa.func.count()).label("turns"),
    _of_turns(sa.func.max(turn.c.started_at)).label("last"),
).where(conversation.c.forgotten_at.is_(None))
_TURNS = (
    sa.select(
        turn.c.id,
        turn.c.account_id,
        turn.c.state,
        turn.c.ending,
        turn.c.started_at,
        turn.c.finished_at,
        turn.c.question_tokens,
        turn.c.answer_tokens,
    )
    .where(turn.c.conversation_id == sa.bindparam("its_conversation"))
    .order_by(turn.c.id.desc())
    .limit(sa.bindparam("most"))
)


class Registry:
    """All conversations, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, *, most: int, below: int | None = None, account: int | None = None) -> Sequence[Entry]:
        """Conversations, the newest first; of one person only, and with numbers below one, if that is asked."""
        query = _ENTRIES.order_by(conversation.c.id.desc()).limit(most)
        if below is not None:
            query = query.where(conversation.c.id < below)
        if account is not None:
            query = query.where(conversation.c.account_id == account)
        return [_entry(row) for row in await self._connection.execute(query)]

    async def find(self, number: int) -> Entry | None:
        row = (await self._connection.execute(_ENTRIES.where(conversation.c.id == number))).first()
        return None if row is None else _entry(row)

    async def turns(self, number: int, *, most: int, words: bool = False) -> Sequence[TurnEntry]:
        """Turns of a conversation, the newest first; what was said only with `words`."""
        query = _TURNS.add_columns(turn.c.question, turn.c.answer) if words else _TURNS
        rows = await self._connection.execute(query, {"its_conversation": number, "most": most})
        return [_turn(row, words=words) for row in rows]


def _entry(row: sa.Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        id=row.id,
        place=row.place,
        account_id=row.account_id,
        person=row.person or "",
        started_at=row.started_at,
        archived=row.archived_at is not None,
        turns=row.turns,
        last=row.last,
    )


def _turn(row: sa.Row[*tuple[Any, ...]], *, words: bool) -> TurnEntry:
    return TurnEntry(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        ending=row.ending or "",
        started_at=row.started_at,
        finished_at=row.finished_at,
        question_tokens=row.question_tokens,
        answer_tokens=row.answer_tokens,
        question=row.question if words else "",
        answer=(row.answer or "") if words else "",
    )
