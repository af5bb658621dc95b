"""Searching what an account said and was answered, word for word."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import TurnState, conversation, turn

_MOST_SEARCHED = 5_000
"""Turns of an account at a place that are looked through, from the newest back: some 150 ms where they are sealed."""

_AT_ONCE = 200
_NEVER = 2**62
"""A turn that nobody will live to see."""


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
    .where(conversation.c.place == sa.bindparam("at_place"))
)
_PAGE = (
    _TURNS.where(
        turn.c.state.in_((TurnState.ANSWERED, TurnState.REPLACED)),
        turn.c.id < sa.bindparam("before", type_=sa.BigInteger),
    )
    .order_by(turn.c.id.desc())
    .limit(_AT_ONCE)
)
_ONE = _TURNS.where(turn.c.id == sa.bindparam("its_id", type_=sa.BigInteger))


class Searches:
    """Search, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(
        self, account_id: int, words: Sequence[str], *, place: str, most: int, skip: int = 0
    ) -> Sequence[Found]:
        """The account's turns at a place that hold every one of the words, in any case of letters, newest first."""
        sought, found = [word.lower() for word in words], list[Found]()
        async for row in self._recent(account_id, place):
            said = f"{row.question}\n{row.answer or ''}".lower()
            if all(word in said for word in sought):
                found.append(_found(row))
                if len(found) == skip + most:
                    break
        return found[skip:]

    async def _recent(self, account_id: int, place: str) -> AsyncIterator[sa.Row[*tuple[Any, ...]]]:
        """The latest first. Words are compared here, because the database may hold them sealed."""
        values = {"its_account": account_id, "at_place": place, "before": _NEVER}
        for _ in range(_MOST_SEARCHED // _AT_ONCE):
            rows = (await self._connection.execute(_PAGE, values)).all()
            for row in rows:
                yield row
            if len(rows) < _AT_ONCE:
                return
            values["before"] = rows[-1].id

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
