"""Turns as they are indexed and summed up: what was asked and answered, by whom."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import TurnState, conversation, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A turn that has an answer. `at` in milliseconds, `tokens` of both together."""

    id: int
    account: int
    question: str
    answer: str
    tokens: int
    at: int


_ANSWERED: sa.ColumnClause[int] = sa.literal_column(str(TurnState.ANSWERED))
_TURNS = sa.select(
    turn.c.id,
    turn.c.account_id,
    turn.c.question,
    turn.c.answer,
    (turn.c.question_tokens + turn.c.answer_tokens).label("tokens"),
    turn.c.started_at,
)
_UNINDEXED = (
    _TURNS.where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        # Also those of other branches, which may be gone back to: only answered turns are ever recalled.
        turn.c.state.in_((TurnState.ANSWERED, TurnState.REPLACED)),
        turn.c.answer.is_not(None),
        turn.c.id > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(turn.c.id)
    .limit(sa.bindparam("most"))
)
_SPOKEN = _TURNS.where(
    turn.c.conversation_id == sa.bindparam("its_conversation"),
    turn.c.state == _ANSWERED,
    turn.c.id > sa.bindparam("after", type_=sa.BigInteger),
    turn.c.id <= sa.bindparam("upto", type_=sa.BigInteger),
).order_by(turn.c.id)
_PLACE = sa.select(conversation.c.place).where(conversation.c.id == sa.bindparam("its_conversation"))
_LAST = (
    sa.select(turn.c.question)
    .where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.account_id == sa.bindparam("its_account"),
        turn.c.state == _ANSWERED,
    )
    .order_by(turn.c.id.desc())
    .limit(1)
)
_PREVIOUS = (
    sa.select(turn.c.conversation_id)
    .where(
        turn.c.account_id == sa.bindparam("its_account"),
        turn.c.conversation_id != sa.bindparam("its_conversation"),
        turn.c.state == _ANSWERED,
    )
    .order_by(turn.c.id.desc())
    .limit(1)
)


class SpokenTurns:
    """Turns of a conversation, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def unindexed(self, conversation_id: int, *, after: int, most: int) -> list[Spoken]:
        """The next turns after turn `after` that have an answer, the oldest first."""
        rows = await self._connection.execute(
            _UNINDEXED, {"its_conversation": conversation_id, "after": after, "most": most}
        )
        return [_spoken(row) for row in rows]

    async def upto(self, conversation_id: int, *, after: int, upto: int) -> list[Spoken]:
        """The answered turns after turn `after` and up to turn `upto`, the oldest first."""
        asked = {"its_conversation": conversation_id, "after": after, "upto": upto}
        return [_spoken(row) for row in await self._connection.execute(_SPOKEN, asked)]

    async def last_question(self, conversation_id: int, account: int) -> str | None:
        """What the account asked last in a conversation, of what was answered."""
        asked = {"its_conversation": conversation_id, "its_account": account}
        found = (await self._connection.execute(_LAST, asked)).scalar()
        return None if found is None else str(found)

    async def where(self, conversation_id: int) -> str | None:
        """The key of the place of a conversation; it begins with the platform."""
        place = (await self._connection.execute(_PLACE, {"its_conversation": conversation_id})).scalar()
        return None if place is None else str(place)

    async def previous(self, account: int, conversation_id: int) -> int | None:
        """The conversation in which the account spoke last, beside this one."""
        asked = {"its_account": account, "its_conversation": conversation_id}
        found = (await self._connection.execute(_PREVIOUS, asked)).scalar()
        return None if found is None else int(found)


def _spoken(row: sa.Row[*tuple[Any, ...]]) -> Spoken:
    return Spoken(
        id=row.id,
        account=row.account_id,
        question=row.question,
        answer=row.answer,
        tokens=row.tokens,
        at=row.started_at,
    )
