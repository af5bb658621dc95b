"""What was spent of each budget and what running turns hold of it. Money is whole micro-US$, times milliseconds."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.budgets import EVERYWHERE, Span
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import budget, call, hold


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetKey:
    """One budget in one of its periods."""

    scope: str
    span: Span
    starts_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How far a budget is used up."""

    spent: int
    reserved: int


def _big(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_this = sa.and_(
    budget.c.scope == sa.bindparam("its_scope"),
    budget.c.span == sa.bindparam("its_span"),
    budget.c.starts_at == _big("its_start"),
)
_TAKE = (
    sa.update(budget)
    .where(_this)
    .values(reserved=budget.c.reserved + _big("wanted"))
    .returning(budget.c.spent, budget.c.reserved)
)
# The one statement that decides: whoever comes second sees what the first one took.
_TAKE_WITHIN = _TAKE.where(budget.c.spent + budget.c.reserved + _big("wanted") <= _big("at_most"))
_SPEND = (
    sa.update(budget)
    .where(_this)
    .values(reserved=budget.c.reserved - _big("given_back"), spent=budget.c.spent + _big("charged"))
)
_HELD = sa.select(hold.c.scope, hold.c.span).where(hold.c.inbox_id == sa.bindparam("arrival"))
_HOLD = sa.insert(hold)
_LET_GO = (
    sa.delete(hold)
    .where(hold.c.inbox_id == sa.bindparam("arrival"))
    .returning(hold.c.scope, hold.c.span, hold.c.starts_at, hold.c.amount)
)
_STANDINGS = sa.select(budget).where(budget.c.starts_at.in_(sa.bindparam("starts", expanding=True)))
_KNOWN = sa.select(budget.c.scope, budget.c.span).distinct()
_FORGET_HOLDS = sa.delete(hold).where(
    hold.c.scope == sa.bindparam("its_scope"), hold.c.span == sa.bindparam("its_span")
)
_FORGET = sa.delete(budget).where(
    budget.c.scope == sa.bindparam("its_scope"), budget.c.span == sa.bindparam("its_span")
)


@cache
def _begin(dialect: str) -> sa.Executable:
    """A budget that is new in the middle of its day or month begins with what was spent in it already."""
    before = sa.select(sa.func.coalesce(sa.func.sum(call.c.cost), 0)).where(
        call.c.at >= _big("its_start"),
        sa.or_(sa.bindparam("its_scope", type_=sa.String) == EVERYWHERE, call.c.platform == sa.bindparam("its_scope")),
    )
    values = {
        "scope": sa.bindparam("its_scope"),
        "span": sa.bindparam("its_span"),
        "starts_at": _big("its_start"),
        "spent": before.scalar_subquery(),
        "reserved": 0,
    }
    return insert_for(dialect)(budget).values(values).on_conflict_do_nothing()


class BudgetBook:
    """Budgets and what is held of them, inside one transaction.

    Whoever touches several budgets does so in one order, that of their keys: two transactions never wait for each
    other.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def take(self, key: BudgetKey, amount: int, *, limit: int | None) -> bool:
        """Reserve `amount`; False, and nothing changed, if spent and reserved would pass `limit`."""
        values = {**_named(key), "wanted": amount}
        statement = _TAKE if limit is None else _TAKE_WITHIN
        if limit is not None:
            values["at_most"] = limit
        if await self._done(statement, values):
            return True
        await self._connection.execute(_begin(self._dialect), _named(key))
        return await self._done(statement, values)

    async def held(self, arrival: int) -> set[tuple[str, str]]:
        """The (scope, span) of which a turn holds something."""
        rows = await self._connection.execute(_HELD, {"arrival": arrival})
        return {(row.scope, row.span) for row in rows}

    async def hold(self, arrival: int, amount: int, keys: Sequence[BudgetKey]) -> None:
        """Remember what was taken for a turn."""
        await self._connection.execute(
            _HOLD,
            [
                {
                    "inbox_id": arrival,
                    "scope": one.scope,
                    "span": one.span,
                    "starts_at": one.starts_at,
                    "amount": amount,
                }
                for one in keys
            ],
        )

    async def settle(self, arrival: int, cost: int) -> None:
        """Swap what a turn holds for what it cost. The second time there is nothing left to swap."""
        rows = (await self._connection.execute(_LET_GO, {"arrival": arrival})).all()
        for row in sorted(rows, key=lambda one: (one.scope, one.span)):
            key = BudgetKey(scope=row.scope, span=row.span, starts_at=row.starts_at)
            await self._connection.execute(_SPEND, {**_named(key), "given_back": row.amount, "charged": cost})

    async def standings(self, starts: Sequence[int]) -> dict[BudgetKey, Spent]:
        """Every budget in the periods that begin at those instants, as far as anything was spent."""
        rows = await self._connection.execute(_STANDINGS, {"starts": list(starts)})
        return {
            BudgetKey(scope=row.scope, span=row.span, starts_at=row.starts_at): Spent(
                spent=int(row.spent), reserved=int(row.reserved)
            )
            for row in rows
        }

    async def forget_all_but(self, kept: AbstractSet[tuple[str, str]]) -> None:
        """Drop the rows of budgets that are no longer set: nobody keeps their sums right from now on."""
        for row in (await self._connection.execute(_KNOWN)).all():
            if (row.scope, row.span) not in kept:
                gone = {"its_scope": row.scope, "its_span": row.span}
                await self._connection.execute(_FORGET_HOLDS, gone)
                await self._connection.execute(_FORGET, gone)

    async def _done(self, statement: sa.Executable, values: dict[str, Any]) -> bool:
        return (await self._connection.execute(statement, values)).first() is not None


def _named(key: BudgetKey) -> dict[str, Any]:
    return {"its_scope": key.scope, "its_span": key.span, "its_start": key.starts_at}
