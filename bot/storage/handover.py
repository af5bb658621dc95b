"""Rows change hands: where the new owner has one of the same key already, the two become one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.contexts import Contexts
from bot.storage.tables import memory

Row = Mapping[str, Any]


class HandOver:
    """Gives rows of any table to another owner, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def rows(self, table: sa.Table, where: sa.ColumnElement[bool]) -> list[Row]:
        found = await self._connection.execute(sa.select(table).where(where))
        return [dict(row) for row in found.mappings()]

    async def give(
        self, column: sa.Column[Any], becomes: Callable[[Any], Any], going: Sequence[Row], staying: Sequence[Row]
    ) -> None:
        """Let `column`, which says whose a row is, become another one in the rows that go.

        Of two rows that have one key then, one of them among those that are `staying`, that one stays.
        """
        keys = keys_of(column)
        taken = {(key, _values(row, key)): row for row in staying for key in keys}
        moves, joins = [], []
        for row in going:
            moved = {**row, column.name: becomes(row[column.name])}
            there = next((taken[key, _values(moved, key)] for key in keys if (key, _values(moved, key)) in taken), None)
            if there is None:
                moves.append({**_old(column.table, row), _new(column): moved[column.name]})
            else:
                joins.append((there, row))
        if moves:
            its = sa.update(column.table).where(_is_old(column.table))
            await self._connection.execute(its.values({column.name: sa.bindparam(_new(column))}), moves)
        await self._join(column.table, joins)

    async def _join(self, table: sa.Table, joins: Sequence[tuple[Row, Row]]) -> None:
        """Of each two rows of one key, the second goes."""
        if table is memory:
            for _, goes in joins:
                # An index of what was said by both: it is made anew from the turns.
                await Contexts(self._connection).forget(goes["conversation_id"])
            return
        if not joins:
            return
        await self._connection.execute(sa.delete(table).where(_is_old(table)), [_old(table, goes) for _, goes in joins])
        decided = [column for column in table.columns if "merged" in column.info]
        if decided:
            both = sa.update(table).where(_is_old(table)).values({one.name: sa.bindparam(_new(one)) for one in decided})
            values = [
                {**_old(table, stays), **{_new(one): combined(one, stays, goes) for one in decided}}
                for stays, goes in joins
            ]
            await self._connection.execute(both, values)


def keys_of(column: sa.Column[Any]) -> list[tuple[str, ...]]:
    """Which columns of its table are unique together, as far as it is one of them."""
    table = column.table
    unique = [one.columns for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    unique += [one.columns for one in table.indexes if one.unique]
    found = [tuple(one.name for one in columns) for columns in (table.primary_key.columns, *unique)]
    return [key for key in found if column.name in key]


def combined(column: sa.Column[Any], stays: Row, goes: Row) -> Any:
    """What a column holds that says how it is `merged`."""
    return column.info["merged"](stays[column.name], goes[column.name])


def _values(row: Row, key: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key)


def _new(column: sa.Column[Any]) -> str:
    return f"new_{column.name}"


def _old(table: sa.Table, row: Row) -> dict[str, Any]:
    return {f"old_{column.name}": row[column.name] for column in table.primary_key.columns}


def _is_old(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == sa.bindparam(f"old_{column.name}") for column in table.primary_key.columns))
