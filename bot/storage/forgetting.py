"""Forgetting: the one place where what was said is deleted: for whoever asked twice, or when a plan keeps it no longer.

What calls cost stays, and so do the rows it refers to: a conversation of which nothing is left is an empty shell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.contexts import Contexts
from bot.storage.engine import now_ms
from bot.storage.memory import Memories
from bot.storage.tables import (
    InboxState,
    OutboxState,
    TurnState,
    account,
    audit,
    conversation,
    inbox,
    outbox,
    place,
    response_cache,
    turn,
)

_HANDLED = (InboxState.DONE, InboxState.DROPPED, InboxState.DEAD, InboxState.POISON)
_OVER = (OutboxState.SENT, OutboxState.FAILED)

_PAGE = 200
_AT_ONCE = 100
"""Turns that go in one transaction when their time is over: some 50 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An event as the platform sent it, after it was handled."""

    arrival: int
    source: str
    payload: Mapping[str, Any]


_account = turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger)
_there = turn.c.conversation_id == sa.bindparam("its_conversation", type_=sa.BigInteger)
_affected = conversation.c.id.in_(sa.bindparam("touched", expanding=True))
_EMPTY = (
    sa.update(conversation)
    .where(_affected, ~sa.exists().where(turn.c.conversation_id == conversation.c.id))
    .values(forgotten_at=now_ms(), archived_at=None)
    .returning(conversation.c.id)
)
# A title is made of what was said.
_NAMELESS = sa.update(conversation).where(_affected).values(title=None)
_LEAVE = sa.delete(place).where(place.c.conversation_id.in_(sa.bindparam("empty", expanding=True)))
_HEARD = (
    sa.select(inbox.c.id, inbox.c.source, inbox.c.payload)
    .where(
        inbox.c.id > sa.bindparam("after", type_=sa.BigInteger),
        inbox.c.id < sa.bindparam("before", type_=sa.BigInteger),
        inbox.c.state.in_(_HANDLED),
        # What belongs to a turn goes with the turn, or stays with it.
        ~sa.exists().where(turn.c.inbox_id == inbox.c.id),
    )
    .order_by(inbox.c.id)
    .limit(_PAGE)
)
_these: sa.BindParameter[int] = sa.bindparam("arrivals", expanding=True)
_BLANK = sa.update(inbox).where(inbox.c.id.in_(_these), inbox.c.state.in_(_HANDLED)).values(payload={}, ref=sa.null())
_ended = sa.and_(account.c.plan_until.is_not(None), account.c.plan_until <= now_ms())
_plan = sa.case(
    (sa.or_(account.c.plan.is_(None), _ended), sa.bindparam("otherwise", type_=sa.Text)), else_=account.c.plan
)
_EXPIRED = (
    sa.select(turn.c.id, turn.c.inbox_id, turn.c.conversation_id)
    .join(account, account.c.id == turn.c.account_id)
    .where(
        _plan == sa.bindparam("its_plan", type_=sa.Text),
        turn.c.started_at < now_ms() - sa.bindparam("older_than", type_=sa.BigInteger),
        turn.c.state != sa.literal_column(str(TurnState.RUNNING)),
    )
    .limit(_AT_ONCE)
)
# Whoever goes on with one of them is waited for, or waits: else it would be left as an empty shell with a turn in it.
_HOLD = sa.select(conversation.c.id).where(_affected).order_by(conversation.c.id).with_for_update()
_EXPIRE = sa.delete(turn).where(turn.c.id.in_(sa.bindparam("turns", expanding=True)))
# That somebody tried what only admins may stays on record; their words do not.
_UNQUOTE = sa.update(audit).where(audit.c.action == "refused", audit.c.actor == sa.bindparam("who")).values(facts={})
_UNSAY = sa.delete(outbox).where(outbox.c.inbox_id.in_(_these), outbox.c.state.in_(_OVER))


class Forgetting:
    """Deletes what an account said and was told, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def count(self, account_id: int, conversation_id: int | None = None) -> int:
        """How many turns of the account there are: in one conversation, or everywhere."""
        counted = sa.select(sa.func.count()).select_from(turn).where(*_of(conversation_id))
        return int((await self._connection.execute(counted, _values(account_id, conversation_id))).scalar_one())

    async def forget(self, account_id: int, conversation_id: int | None = None) -> int:
        """Delete the account's turns, in one conversation or everywhere, and whatever was made of them.

        Returns how many there were.
        """
        values = _values(account_id, conversation_id)
        where = _of(conversation_id)
        rows = (
            await self._connection.execute(sa.select(turn.c.inbox_id, turn.c.conversation_id).where(*where), values)
        ).all()
        touched = {row.conversation_id for row in rows} | ({conversation_id} if conversation_id else set())
        await self.unsay([row.inbox_id for row in rows if row.inbox_id is not None])
        await self._connection.execute(sa.delete(turn).where(*where), values)
        await self._connection.execute(_NAMELESS, {"touched": [*touched]})
        for one in touched:
            await Contexts(self._connection).forget(one)
        empty = (await self._connection.execute(_EMPTY, {"touched": [*touched]})).scalars().all()
        await self._connection.execute(_LEAVE, {"empty": [*empty]})
        # Nobody can tell whose an answer is; all of them can be had again.
        await self._connection.execute(sa.delete(response_cache))
        return len(rows)

    async def expire(self, plan: str, older_than: int, *, otherwise: str) -> int:
        """Delete some turns that are older than so many milliseconds, of those who are on a plan; 0 is the end.

        What was made of them goes too. What else was said in their conversations stays, and so does the title, until
        nothing else is there. `otherwise` is the plan of whoever has none.
        """
        values = {"its_plan": plan, "otherwise": otherwise, "older_than": older_than}
        rows = (await self._connection.execute(_EXPIRED, values)).all()
        if not rows:
            return 0
        turns, touched = [row.id for row in rows], sorted({row.conversation_id for row in rows})
        await self._connection.execute(_HOLD, {"touched": touched})
        await self.unsay([row.inbox_id for row in rows if row.inbox_id is not None])
        await Memories(self._connection).forget(turns)
        await self._connection.execute(_EXPIRE, {"turns": turns})
        for one in touched:
            await Contexts(self._connection).distrust(one, 0)
        empty = [*(await self._connection.execute(_EMPTY, {"touched": touched})).scalars()]
        await self._connection.execute(_NAMELESS, {"touched": empty})
        for one in empty:
            await Contexts(self._connection).forget(one)
        await self._connection.execute(_LEAVE, {"empty": empty})
        return len(rows)

    async def heard(self, *, after: int, before: int) -> Sequence[Heard]:
        """Some handled events between two arrivals that belong to no turn, the first first."""
        rows = await self._connection.execute(_HEARD, {"after": after, "before": before})
        return [Heard(arrival=row.id, source=row.source, payload=row.payload) for row in rows]

    async def unquote(self, who: str) -> None:
        """Leave out of the audit log what somebody typed who was refused."""
        await self._connection.execute(_UNQUOTE, {"who": who})

    async def unsay(self, arrivals: Sequence[int]) -> None:
        """Empty these events and delete what was answered to them. Their rows stay: numbers are never used again."""
        for at in range(0, len(arrivals), _PAGE):
            some = {"arrivals": arrivals[at : at + _PAGE]}
            await self._connection.execute(_UNSAY, some)
            await self._connection.execute(_BLANK, some)


def _of(conversation_id: int | None) -> Sequence[sa.ColumnElement[bool]]:
    return (_account,) if conversation_id is None else (_account, _there)


def _values(account_id: int, conversation_id: int | None) -> dict[str, Any]:
    values = {"its_account": account_id}
    return values if conversation_id is None else values | {"its_conversation": conversation_id}
