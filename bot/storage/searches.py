"""Searching what an account said and was answered, word for word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import TurnState, conversation, turn

_MOST_SEARCHED = 20_000
"""Turns of an account that are looked through, from the newest back: some 50 ms of an SQLite database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A turn that holds the words. `message` is the platform's id of its question, "" if that is not known."""

    turn: int
    conversation: int
    title: str
    question: str
    answer: str
    at: int
    message: str


_recent = (
    sa.select(turn.c.id)
    .where(
        turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger),
        turn.c.state.in_((TurnState.ANSWERED, TurnState.REPLACED)),
    )
    .order_by(turn.c.id.desc())
    .limit(_MOST_SEARCHED)
    .subquery()
)
_TURNS = (
    sa.select(
        turn.c.id,
        turn.c.conversation_id,
        conversation.c.title,
        turn.c.question,
        turn.c.answer,
        turn.c.started_at,
        turn.c.messages,
    )
    .join_from(turn, conversation)
    .where(turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger))
)
_ONE = _TURNS.where(
    turn.c.id == sa.bindparam("its_id", type_=sa.BigInteger), conversation.c.place == sa.bindparam("at_place")
)


class Searches:
    """Search, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(
        self, account_id: int, words: Sequence[str], *, place: str, most: int, skip: int = 0
    ) -> Sequence[Found]:
        """The account's turns at a place that hold every one of the words, in any case of letters, newest first."""
        said = sa.func.lower(turn.c.question + "\n" + sa.func.coalesce(turn.c.answer, ""))
        query = (
            _TURNS.where(turn.c.id.in_(sa.select(_recent.c.id)), conversation.c.place == sa.bindparam("at_place"))
            .where(*(said.contains(word.lower(), autoescape=True) for word in words))
            .order_by(turn.c.id.desc())
            .limit(most)
            .offset(skip)
        )
        rows = await self._connection.execute(query, {"its_account": account_id, "at_place": place})
        return [_found(row) for row in rows]

    async def turn(self, account_id: int, turn_id: int, *, place: str) -> Found | None:
        """One turn of the account's at a place."""
        values = {"its_account": account_id, "its_id": turn_id, "at_place": place}
        row = (await self._connection.execute(_ONE, values)).first()
        return None if row is None else _found(row)


def _found(row: sa.Row[*tuple[Any, ...]]) -> Found:
    return Found(
        turn=row.id,
        conversation=row.conversation_id,
        title=row.title or "",
        question=row.question,
        answer=row.answer or "",
        at=row.started_at,
        message=str(row.messages[0][0]) if row.messages else "",
    )
