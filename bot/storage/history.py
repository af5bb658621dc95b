"""Turns: how they begin, how they end, and which of them the context may use."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.bursts import edited
from bot.storage.branches import BRANCH, Branch, Branches, branch_of, put_back
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.pictures import Pictures
from bot.storage.tables import TurnState, inbox, turn

STEERED = "steered"
"""How a turn ends that gives way to the next message of the same person."""

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """A question and its answer, as the context needs them. `at` is when it was answered, in milliseconds."""

    id: int
    at: int
    question: str
    question_tokens: int
    answer: str
    answer_tokens: int
    pictures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How a turn ended: what was said, and why it stopped."""

    answer: str
    answer_tokens: int
    ending: str


_RECENT = (
    sa.select(
        turn.c.id,
        sa.func.coalesce(turn.c.finished_at, turn.c.started_at).label("at"),
        turn.c.question,
        turn.c.question_tokens,
        turn.c.answer,
        turn.c.answer_tokens,
        turn.c.pictures,
    )
    .where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.state == sa.literal_column(str(TurnState.ANSWERED)),
        turn.c.id < sa.bindparam("before", type_=sa.BigInteger),
        turn.c.id >= sa.bindparam("since", type_=sa.BigInteger),
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
    .returning(turn.c.id)
)

_STEERED = (
    sa.select(*BRANCH, turn.c.state, turn.c.ending)
    .where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.account_id == sa.bindparam("its_account"),
        sa.or_(turn.c.inbox_id.is_(None), turn.c.inbox_id != sa.bindparam("arrival", type_=sa.BigInteger)),
    )
    .order_by(turn.c.id.desc())
    .limit(1)
)
_RECEIVED = (
    sa.select(inbox.c.received_at).where(inbox.c.id == sa.bindparam("arrival", type_=sa.BigInteger)).scalar_subquery()
)
_MEANWHILE = sa.select(
    sa.exists().where(
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.account_id == sa.bindparam("its_account"),
        turn.c.inbox_id != sa.bindparam("arrival", type_=sa.BigInteger),
        turn.c.started_at <= _RECEIVED,
        turn.c.finished_at >= _RECEIVED,
    )
)
_RUNS = sa.select(
    sa.exists().where(
        turn.c.account_id == sa.bindparam("its_account"),
        turn.c.conversation_id == sa.bindparam("its_conversation"),
        turn.c.state == TurnState.RUNNING,
    )
)
_OWN = sa.select(turn.c.question).where(turn.c.inbox_id == sa.bindparam("arrival"))


@cache
def _begin(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(turn).values(state=TurnState.RUNNING, started_at=now_ms())
    # A turn that is begun again, after a crash, stays in the conversation in which it began.
    return insert.on_conflict_do_update(
        index_elements=["inbox_id"],
        set_={
            "state": TurnState.RUNNING,
            "started_at": insert.excluded.started_at,
            "question_tokens": insert.excluded.question_tokens,
        },
    ).returning(turn.c.id, turn.c.conversation_id)


class History:
    """Turns, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def begin(
        self,
        arrival: int,
        *,
        conversation_id: int,
        account_id: int,
        question: str,
        tokens: int,
        messages: Sequence[tuple[str, int]] = (),
        pictures: int = 0,
    ) -> tuple[int, int]:
        """Record the question of a turn. Returns (turn id, conversation id); beginning twice records one turn.

        `messages` are what it is made of: the platform's id of each, and how many characters it has. `pictures` go
        with it; see `bot.storage.pictures`.
        """
        row = await self._connection.execute(
            _begin(self._dialect),
            {
                "inbox_id": arrival,
                "conversation_id": conversation_id,
                "account_id": account_id,
                "question": question,
                "question_tokens": tokens,
                "messages": [[number, size] for number, size in messages] or None,
                "pictures": pictures,
            },
        )
        turn_id, its_conversation = row.one()
        return turn_id, its_conversation

    def branches(self, conversation_id: int, account_id: int) -> Branches:
        """What the account may replace in a conversation, undo and put back."""
        return Branches(self._connection, conversation_id, account_id)

    async def begun(self, arrival: int) -> str | None:
        """The question of a turn that was begun before, by a process that died since."""
        found = (await self._connection.execute(_OWN, {"arrival": arrival})).scalar()
        return None if found is None else str(found)

    async def runs(self, conversation_id: int, account_id: int) -> bool:
        """Whether a question of the account's is being answered in this conversation."""
        values = {"its_conversation": conversation_id, "its_account": account_id}
        return bool((await self._connection.execute(_RUNS, values)).scalar())

    async def steered(self, arrival: int, *, conversation_id: int, account_id: int) -> Branch | None:
        """The account's turn just before that of `arrival`, if it gave way to it before its first word."""
        values = {"arrival": arrival, "its_conversation": conversation_id, "its_account": account_id}
        row = (await self._connection.execute(_STEERED, values)).first()
        gave_way = row is not None and row.state == TurnState.FAILED and row.ending == STEERED
        return branch_of(row) if row is not None and gave_way else None

    async def came_meanwhile(self, arrival: int, *, conversation_id: int, account_id: int) -> bool:
        """Whether it was received while another turn of the account was answered in this conversation."""
        values = {"arrival": arrival, "its_conversation": conversation_id, "its_account": account_id}
        return bool((await self._connection.execute(_MEANWHILE, values)).scalar())

    async def again(
        self, arrival: int, *, conversation_id: int, account_id: int, asked_by: int | None = None
    ) -> str | None:
        """Begin the turn of `arrival` with a question that the account asked before; None if there is none.

        That is its last one in the conversation or, with `asked_by`, the one of that arrival, unless it has been
        answered again since. The answer it had just had leaves the context, unless the new turn fails.
        Beginning twice, after a crash, asks the same question.
        """
        if (own := await self.begun(arrival)) is not None:
            return own
        branches = self.branches(conversation_id, account_id)
        asked = await branches.asked(asked_by)
        if asked is None:
            return None
        turn_id, _ = await self.begin(
            arrival,
            conversation_id=conversation_id,
            account_id=account_id,
            question=asked.question,
            tokens=asked.question_tokens,
            messages=asked.messages,
            pictures=asked.pictures,
        )
        await Pictures(self._connection).copy(asked.id, turn_id)
        await branches.replace_same(turn_id, asked.question)
        return asked.question

    async def edited(
        self, arrival: int, *, conversation_id: int, account_id: int, message: str, text: str, alone: bool
    ) -> str | None:
        """Begin the turn of `arrival` with a question of the account's in which one message was changed.

        It takes the place of the turn that held the message and, unless `alone`, of everything after it; they come
        back if it fails. None if there is no such turn in the conversation, or nothing changed. The tokens are left to
        `begin`.
        """
        if (own := await self.begun(arrival)) is not None:
            return own
        branches = self.branches(conversation_id, account_id)
        asked = await branches.holding(message)
        if asked is None:
            return None
        question, messages = edited(asked.question, asked.messages, message, text)
        if question == asked.question:
            return None
        turn_id, _ = await self.begin(
            arrival,
            conversation_id=conversation_id,
            account_id=account_id,
            question=question,
            tokens=0,
            messages=messages,
            pictures=asked.pictures,
        )
        await Pictures(self._connection).copy(asked.id, turn_id)
        await branches.replace_from(asked.id, turn_id, alone=alone)
        return question

    async def recent(self, conversation_id: int, *, before: int, since: int = 0) -> AsyncIterator[StoredTurn]:
        """Answered turns before turn `before`, the newest first, back to turn `since`; fetched in pages as needed."""
        while True:
            page = {"its_conversation": conversation_id, "before": before, "since": since}
            rows = (await self._connection.execute(_RECENT, page)).all()
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

        What it was to replace is in the context again.
        """
        failed = (await self._connection.execute(_FAIL, {"arrival": arrival, "its_ending": ending})).first()
        if failed is not None:
            await put_back(self._connection, failed.id)


def _stored(row: sa.Row[*tuple[Any, ...]]) -> StoredTurn:
    return StoredTurn(
        id=row.id,
        at=row.at,
        question=row.question,
        question_tokens=row.question_tokens,
        answer=row.answer,
        answer_tokens=row.answer_tokens,
        pictures=row.pictures,
    )
