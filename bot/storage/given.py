"""Answers that were given: whose each is, how it ended, what it took, and what its reader thinks of it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import TurnState, call, thumb, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer. `arrival` is of the question, `ending` as in the table `turn`; `up` is what they think."""

    turn: int
    arrival: int
    account: int
    ending: str
    tried: bool
    """Whether it is one of the answers that an experiment compares."""
    up: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What an answer took. Tokens, milliseconds; `cost` is micro-US$, None if nobody knows the price."""

    asked: str
    answered: str
    read: int
    cached: int
    written: int
    estimated: bool
    cost: int | None
    waited: int
    first_piece: int
    lasted: int


_GIVEN = (
    sa.select(
        turn.c.id.label("turn"),
        turn.c.inbox_id.label("arrival"),
        turn.c.account_id.label("account"),
        turn.c.ending,
        turn.c.variant_id.is_not(None).label("tried"),
        thumb.c.up,
    )
    .join_from(turn, thumb, thumb.c.turn_id == turn.c.id, isouter=True)
    .where(turn.c.state.in_((TurnState.ANSWERED, TurnState.REPLACED)), turn.c.inbox_id.is_not(None))
)
_ONE = _GIVEN.where(turn.c.inbox_id == sa.bindparam("its_arrival", type_=sa.BigInteger))
_LAST = (
    _GIVEN.where(
        turn.c.conversation_id == sa.bindparam("its_conversation", type_=sa.BigInteger),
        turn.c.state == sa.literal_column(str(TurnState.ANSWERED)),
    )
    .order_by(turn.c.id.desc())
    .limit(1)
)
_BILL = (
    sa.select(
        call.c.asked,
        call.c.answered,
        call.c.input_tokens.label("read"),
        call.c.cached_tokens.label("cached"),
        call.c.output_tokens.label("written"),
        call.c.estimated,
        call.c.cost,
        call.c.waited_ms.label("waited"),
        call.c.first_piece_ms.label("first_piece"),
        call.c.lasted_ms.label("lasted"),
    )
    # The account leads to its calls by an index; for their arrivals there is none.
    .where(
        call.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger),
        call.c.inbox_id == sa.bindparam("its_arrival", type_=sa.BigInteger),
        call.c.failed.is_(False),
    )
    .order_by(call.c.id.desc())
    .limit(1)
)


class GivenAnswers:
    """Answers, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, arrival: int) -> Given | None:
        """The answer to the question of an arrival."""
        return await self._first(_ONE, its_arrival=arrival)

    async def last(self, conversation: int) -> Given | None:
        """The answer after which a conversation goes on."""
        return await self._first(_LAST, its_conversation=conversation)

    async def text(self, given: Given) -> str:
        """The answer itself."""
        found = sa.select(turn.c.answer).where(turn.c.id == given.turn)
        return str((await self._connection.execute(found)).scalar_one() or "")

    async def judge(self, given: Given, *, up: bool) -> None:
        """Note what its reader thinks of it, in place of what they thought before."""
        insert = insert_for(dialect_of(self._connection))(thumb)
        noted = insert.on_conflict_do_update(index_elements=["turn_id"], set_={"up": insert.excluded.up})
        await self._connection.execute(noted, {"turn_id": given.turn, "up": up})

    async def bill(self, given: Given) -> Bill | None:
        """What it took; None if the record of calls does not go back that far."""
        values = {"its_arrival": given.arrival, "its_account": given.account}
        row = (await self._connection.execute(_BILL, values)).mappings().first()
        return None if row is None else Bill(**row)

    async def _first(self, statement: sa.Executable, **values: Any) -> Given | None:
        row = (await self._connection.execute(statement, values)).mappings().first()
        return None if row is None else Given(**row)
