"""Branches of a conversation: turns that took the place of others, which stay on record and can come back.

A turn that is REPLACED is out of the context. `replaced_by` names the turn that took its place, if one did: a turn that
was undone was replaced by nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import TurnState, turn

_MOST_EDITABLE = 200
"""Turns among which an edited message is looked for, from the newest back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A turn on record. `messages` are its question's: (the platform's id, characters); `pictures` go with it."""

    id: int
    question: str
    question_tokens: int
    messages: Sequence[tuple[str, int]]
    pictures: int = 0
    restored: int = 0
    """How many turns came back with it, or in its place."""


_mine = sa.and_(
    turn.c.conversation_id == sa.bindparam("its_conversation", type_=sa.BigInteger),
    turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger),
)
BRANCH = (turn.c.id, turn.c.question, turn.c.question_tokens, turn.c.messages, turn.c.pictures)
"""The columns that `branch_of` reads."""

_TURN = sa.select(*BRANCH)
_standing = turn.c.state.in_((TurnState.ANSWERED, TurnState.FAILED))
_LAST = _TURN.where(_mine, _standing).order_by(turn.c.id.desc()).limit(1)
_LAST_ANSWERED = _TURN.where(_mine, turn.c.state == TurnState.ANSWERED).order_by(turn.c.id.desc()).limit(1)
_RECENT = _TURN.where(_mine, turn.c.messages.is_not(None)).order_by(turn.c.id.desc()).limit(_MOST_EDITABLE)

_other = turn.alias("other")
_ASKED_BY = _TURN.where(_mine, turn.c.inbox_id == sa.bindparam("asked_by", type_=sa.BigInteger))
_ASKED_SINCE = sa.select(turn.c.question).where(
    _mine, turn.c.id > sa.bindparam("its_turn", type_=sa.BigInteger), turn.c.state != TurnState.FAILED
)
_REPLACE = (
    sa.update(turn)
    .where(turn.c.id.in_(sa.bindparam("old", expanding=True)), turn.c.state == TurnState.ANSWERED)
    .values(state=TurnState.REPLACED, replaced_by=sa.bindparam("its_turn", type_=sa.BigInteger))
)
_FROM = sa.select(turn.c.id).where(
    turn.c.conversation_id == sa.bindparam("its_conversation", type_=sa.BigInteger),
    turn.c.state == TurnState.ANSWERED,
    turn.c.id >= sa.bindparam("first", type_=sa.BigInteger),
)
_replaced_by_it = turn.c.replaced_by == sa.bindparam("its_turn", type_=sa.BigInteger)
_PUT_BACK = (
    sa.update(turn)
    .where(_replaced_by_it, turn.c.state == TurnState.REPLACED)
    .values(state=TurnState.ANSWERED)
    .returning(turn.c.id)
)
_PUT_AWAY = sa.update(turn).where(_replaced_by_it, turn.c.state == TurnState.ANSWERED).values(state=TurnState.REPLACED)
_its_id = turn.c.id == sa.bindparam("its_turn", type_=sa.BigInteger)
_UNDO = sa.update(turn).where(_its_id).values(state=TurnState.REPLACED)
_REDO = sa.update(turn).where(_its_id).values(state=TurnState.ANSWERED)
_UNDONE = _TURN.where(
    _mine,
    _its_id,
    turn.c.state == TurnState.REPLACED,
    # What was asked since was asked without it.
    ~sa.exists().where(
        _other.c.conversation_id == turn.c.conversation_id,
        _other.c.account_id == turn.c.account_id,
        _other.c.id > turn.c.id,
        _other.c.state == TurnState.ANSWERED,
    ),
)


class Branches:
    """What one account replaces in one conversation, inside one transaction."""

    def __init__(self, connection: AsyncConnection, conversation_id: int, account_id: int) -> None:
        self._connection = connection
        self._mine = {"its_conversation": conversation_id, "its_account": account_id}

    async def asked(self, asked_by: int | None) -> Branch | None:
        """The account's last turn or, with `asked_by`, the one of that arrival, unless it was answered again since."""
        if asked_by is None:
            return await self._first(_LAST)
        asked = await self._first(_ASKED_BY, asked_by=asked_by)
        if asked is None:
            return None
        since = await self._connection.scalars(_ASKED_SINCE, {**self._mine, "its_turn": asked.id})
        return None if asked.question in since else asked

    async def replace_same(self, its_turn: int, question: str) -> None:
        """The turn takes the place of the account's last answer, if that was to the same question."""
        last = await self._first(_LAST_ANSWERED)
        if last is not None and last.question == question:
            await self._connection.execute(_REPLACE, {"old": [last.id], "its_turn": its_turn})

    async def replace_from(self, first: int, its_turn: int, *, alone: bool) -> None:
        """The turn takes the place of turn `first` and, unless `alone`, of everything that was said after it."""
        rows = await self._connection.execute(_FROM, {**self._mine, "first": first})
        old = [row.id for row in rows if row.id == first or not alone]
        await self._connection.execute(_REPLACE, {"old": [one for one in old if one != its_turn], "its_turn": its_turn})

    async def holding(self, message: str) -> Branch | None:
        """The account's newest turn whose question holds a message."""
        for row in await self._connection.execute(_RECENT, self._mine):
            if any(number == message for number, _ in row.messages):
                return branch_of(row)
        return None

    async def undo(self) -> Branch | None:
        """Take the account's last answered turn out of the context; what it had replaced comes back."""
        last = await self._first(_LAST_ANSWERED)
        if last is None:
            return None
        await self._connection.execute(_UNDO, {"its_turn": last.id})
        return _restored(last, len((await self._connection.execute(_PUT_BACK, {"its_turn": last.id})).all()))

    async def redo(self, its_turn: int) -> Branch | None:
        """Put back a turn that was undone, if nothing was answered since."""
        undone = await self._first(_UNDONE, its_turn=its_turn)
        if undone is None:
            return None
        await self._connection.execute(_PUT_AWAY, {"its_turn": its_turn})
        await self._connection.execute(_REDO, {"its_turn": its_turn})
        return undone

    async def _first(self, statement: sa.Executable, **values: int) -> Branch | None:
        row = (await self._connection.execute(statement, {**self._mine, **values})).first()
        return None if row is None else branch_of(row)


async def put_back(connection: AsyncConnection, its_turn: int) -> None:
    """What a turn was to replace is in the context again: it came to nothing."""
    await connection.execute(_PUT_BACK, {"its_turn": its_turn})


def branch_of(row: sa.Row[*tuple[Any, ...]]) -> Branch:
    """A row with the columns of a turn."""
    return Branch(
        id=row.id,
        question=row.question,
        question_tokens=row.question_tokens,
        messages=[(str(number), int(size)) for number, size in row.messages or ()],
        pictures=row.pictures,
    )


def _restored(branch: Branch, count: int) -> Branch:
    return replace(branch, restored=count)
