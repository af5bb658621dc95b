"""How much the bot is used, from the record of calls. Times are milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import account, call, thumb, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What happened since some time. `people` got an answer, `cost` is micro-US$ without `unpriced` calls."""

    people: int
    turns: int
    tokens: int
    cost: int
    unpriced: int


class Stats:
    """Counts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def use(self, since: Sequence[int]) -> list[Use]:
        """The use since each of these times; read once, from the earliest on."""
        query = sa.select(*(column for at in since for column in _columns(at))).where(call.c.at >= min(since))
        row = (await self._connection.execute(query)).one()
        groups = [row[at : at + 5] for at in range(0, len(row), 5)]
        return [
            Use(people=people, turns=int(turns), tokens=int(tokens), cost=int(cost), unpriced=int(unpriced))
            for people, turns, tokens, cost, unpriced in groups
        ]

    async def thumbs(self, since: Sequence[int]) -> list[tuple[int, int]]:
        """How many answers since each of these times were liked and disliked."""
        columns = (
            _sum(sa.case((sa.and_(call.c.at >= at, thumb.c.up.is_(up)), 1), else_=0))
            for at in since
            for up in (True, False)
        )
        query = (
            sa.select(*columns)
            .select_from(thumb)
            .join(turn, turn.c.id == thumb.c.turn_id)
            .join(call, call.c.inbox_id == turn.c.inbox_id)
            .where(call.c.at >= min(since), call.c.purpose == "chat", sa.not_(call.c.failed))
        )
        row = [int(count) for count in (await self._connection.execute(query)).one()]
        return [(row[at], row[at + 1]) for at in range(0, len(row), 2)]

    async def people(self) -> tuple[int, int]:
        """How many accounts there are, and how many of them are blocked."""
        query = sa.select(sa.func.count(), sa.func.count(account.c.blocked_at)).select_from(account)
        total, blocked = (await self._connection.execute(query)).one()
        return total, blocked


def _columns(since: int) -> Sequence[sa.ColumnElement[int]]:
    then = call.c.at >= since
    turn = sa.and_(then, call.c.purpose == "chat", sa.not_(call.c.failed))
    tokens = call.c.input_tokens + call.c.output_tokens
    return (
        sa.func.count(sa.distinct(sa.case((turn, call.c.account_id)))),
        _sum(sa.case((turn, 1), else_=0)),
        _sum(sa.case((then, tokens), else_=0)),
        _sum(sa.case((then, call.c.cost), else_=0)),
        _sum(sa.case((sa.and_(then, call.c.cost.is_(None)), 1), else_=0)),
    )


def _sum(value: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(value), 0)
