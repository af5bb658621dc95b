"""Conversations and their turns."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import TurnState, conversation, turn

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """A question and its answer, as the context needs them."""

    question: str
    question_tokens: int
    answer: str
    answer_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How a turn ended: what was said, and why it stopped."""

    answer: str
    answer_tokens: int
    ending: str


_CURRENT = (
    sa.select(conversation.c.id)
    .where(conversation.c.place == sa.bindparam("at_place"))
    .order_by(conversation.c.id.desc())
    .limit(1)
)
_START = (
    sa.insert(conversation).values(place=sa.bindparam("at_place"), started_at=now_ms()).returning(conversation.c.id)
)
_RECENT = (
    sa.select(turn.c.id, turn.c.question, turn.c.question_tokens, turn.c.answer, turn.c.answer_tokens)
    .where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.state == sa.literal_column(str(TurnState.ANSWERED)),
        turn.c.id < sa.bindparam("before", type_=sa.BigInteger),
    )
    .order_by(turn.c.id.desc())
    .limit(_PAGE)
)
_ANSWER = (
    sa.update(turn)
    .where(turn.c.inbox_id == sa.bindparam("arrival"))
    .values(
        state=TurnState.ANSWERED,
        answer=sa.bindparam("its_answer"),
        answer_tokens=sa.bindparam("its_tokens"),
        ending=sa.bindparam("its_ending"),
        finished_at=now_ms(),
    )
)
_FAIL = (
    sa.update(turn)
    .where(turn.c.inbox_id == sa.bindparam("arrival"), turn.c.state == TurnState.RUNNING)
    .values(state=TurnState.FAILED, ending=sa.bindparam("its_ending"), finished_at=now_ms())
    .returning(turn.c.id, turn.c.conversation_id, turn.c.account_id)
)

_mine = sa.and_(
    turn.c.conversation_id == sa.bindparam("its_conversation"), turn.c.account_id == sa.bindparam("its_account")
)
_OWN = sa.select(turn.c.question).where(turn.c.inbox_id == sa.bindparam("arrival"))
_LAST = sa.select(turn.c.id, turn.c.question, turn.c.question_tokens).where(_mine).order_by(turn.c.id.desc()).limit(1)
_other = turn.alias("other")
_others_of_mine = sa.and_(
    _other.c.conversation_id == sa.bindparam("its_conversation"), _other.c.account_id == sa.bindparam("its_account")
)
_ASKED_BY = sa.select(turn.c.id, turn.c.question, turn.c.question_tokens).where(
    _mine,
    turn.c.inbox_id == sa.bindparam("asked_by", type_=sa.BigInteger),
    ~sa.exists().where(
        _others_of_mine,
        _other.c.id > turn.c.id,
        _other.c.question == turn.c.question,
        _other.c.state != TurnState.FAILED,
    ),
)
_LAST_BEFORE = (
    sa.select(sa.func.max(_other.c.id))
    .where(
        _others_of_mine,
        _other.c.id < sa.bindparam("its_turn", type_=sa.BigInteger),
        _other.c.state != TurnState.FAILED,
    )
    .scalar_subquery()
)
_REPLACE = (
    sa.update(turn)
    .where(
        turn.c.id == _LAST_BEFORE,
        turn.c.state == TurnState.ANSWERED,
        turn.c.question == sa.bindparam("its_question"),
    )
    .values(state=TurnState.REPLACED)
)
_PUT_BACK = (
    sa.update(turn)
    .where(turn.c.id == _LAST_BEFORE, turn.c.state == TurnState.REPLACED)
    .values(state=TurnState.ANSWERED)
)


@cache
def _begin(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(turn).values(state=TurnState.RUNNING, started_at=now_ms())
    # A turn that is begun again, after a crash, stays in the conversation in which it began.
    return insert.on_conflict_do_update(
        index_elements=["inbox_id"], set_={"state": TurnState.RUNNING, "started_at": insert.excluded.started_at}
    ).returning(turn.c.id, turn.c.conversation_id)


class History:
    """Conversations and turns, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def current(self, place: str) -> int:
        """The id of the conversation at a place; a new one if there is none."""
        row = (await self._connection.execute(_CURRENT, {"at_place": place})).first()
        return await self.start(place) if row is None else int(row.id)

    async def start(self, place: str) -> int:
        """Begin a new conversation at a place; the old ones stay, and stay as they are."""
        return int((await self._connection.execute(_START, {"at_place": place})).scalar_one())

    async def begin(
        self, arrival: int, *, conversation_id: int, account_id: int, question: str, tokens: int
    ) -> tuple[int, int]:
        """Record the question of a turn. Returns (turn id, conversation id); beginning twice records one turn."""
        row = await self._connection.execute(
            _begin(self._dialect),
            {
                "inbox_id": arrival,
                "conversation_id": conversation_id,
                "account_id": account_id,
                "question": question,
                "question_tokens": tokens,
            },
        )
        turn_id, its_conversation = row.one()
        return turn_id, its_conversation

    async def again(self, arrival: int, *, place: str, account_id: int, asked_by: int | None) -> str | None:
        """Begin the turn of `arrival` with a question that the account asked before; None if there is none.

        That is its last one in the current conversation or, with `asked_by`, the one of that arrival, unless it has
        been answered again since. The answer it had just had leaves the context, unless the new turn fails.
        Beginning twice, after a crash, asks the same question.
        """
        if (own := (await self._connection.execute(_OWN, {"arrival": arrival})).scalar()) is not None:
            return str(own)
        mine = {"its_conversation": await self.current(place), "its_account": account_id}
        asked = await self._asked(mine, asked_by)
        if asked is None:
            return None
        turn_id, _ = await self.begin(
            arrival,
            conversation_id=mine["its_conversation"],
            account_id=account_id,
            question=asked.question,
            tokens=asked.question_tokens,
        )
        await self._connection.execute(_REPLACE, {**mine, "its_turn": turn_id, "its_question": asked.question})
        return str(asked.question)

    async def _asked(self, mine: Mapping[str, Any], asked_by: int | None) -> sa.Row[*tuple[Any, ...]] | None:
        if asked_by is None:
            return (await self._connection.execute(_LAST, mine)).first()
        return (await self._connection.execute(_ASKED_BY, {**mine, "asked_by": asked_by})).first()

    async def recent(self, conversation_id: int, *, before: int) -> AsyncIterator[StoredTurn]:
        """Answered turns before turn `before`, the newest first; fetched in pages, as many as are asked for."""
        while True:
            rows = (
                await self._connection.execute(_RECENT, {"its_conversation": conversation_id, "before": before})
            ).all()
            for row in rows:
                yield _stored(row)
            if len(rows) < _PAGE:
                return
            before = rows[-1].id

    async def answer(self, arrival: int, exchange: Exchange) -> None:
        await self._connection.execute(
            _ANSWER,
            {
                "arrival": arrival,
                "its_answer": exchange.answer,
                "its_tokens": exchange.answer_tokens,
                "its_ending": exchange.ending,
            },
        )

    async def fail(self, arrival: int, ending: str) -> None:
        """The turn has no answer: it stays on record and out of the context. One that has an answer keeps it.

        If it asked again, the answer it was to replace is in the context again: between the two no turn of the
        account in this conversation has come to an end.
        """
        failed = (await self._connection.execute(_FAIL, {"arrival": arrival, "its_ending": ending})).first()
        if failed is not None:
            mine = {"its_conversation": failed.conversation_id, "its_account": failed.account_id}
            await self._connection.execute(_PUT_BACK, {**mine, "its_turn": failed.id})


def _stored(row: sa.Row[*tuple[Any, ...]]) -> StoredTurn:
    return StoredTurn(
        question=row.question,
        question_tokens=row.question_tokens,
        answer=row.answer,
        answer_tokens=row.answer_tokens,
    )
