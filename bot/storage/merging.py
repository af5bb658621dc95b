"""Two accounts become one, or one becomes two: what belongs to a person goes along, in every table there is.

Which tables these are is read from the tables themselves: those with a foreign key to `account`, and those with a
column that names accounts (`NAMES_ACCOUNT`). So a later table is included without anybody thinking of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity, Role
from bot.storage.contexts import Contexts
from bot.storage.engine import now_ms
from bot.storage.tables import TurnState, account, identity, memory, metadata, turn

Row = Mapping[str, Any]


class Merging:
    """Joins and splits accounts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, *account_ids: int) -> None:
        """Let nobody else decide anything about these accounts until the commit."""
        for number in sorted(account_ids):  # in one order, or two who link each other would wait for ever
            await self._connection.execute(sa.select(account.c.id).where(account.c.id == number).with_for_update())

    async def busy(self, account_id: int) -> bool:
        """Whether a turn of the account is running, which will be charged to it."""
        running = sa.select(sa.literal(1)).where(
            turn.c.account_id == account_id, turn.c.state == TurnState.RUNNING, turn.c.inbox_id.is_not(None)
        )
        return (await self._connection.execute(running.limit(1))).first() is not None

    async def merge(self, kept: int, gone: int, role: Role | None) -> None:
        """Give everything of one account to another, and delete it. Blocks stay, limits become the stricter ones."""
        await self._merge_accounts(kept, gone, role)
        staying = {column: its for column, its, _ in _owners(kept, gone)}
        for column, its, becomes in _owners(gone, kept):
            if _keys(column):
                there = await self._rows(column, staying[column])
                await self._hand_over(column, becomes, await self._rows(column, its), there)
            else:
                await self._connection.execute(sa.update(column.table).where(its).values({column.name: kept}))
        await self._connection.execute(sa.delete(account).where(account.c.id == gone))

    async def split(self, account_id: int, who: Identity) -> int:
        """Give one identity an account of its own, with the limits of the one it had, and nothing of its use."""
        (row,) = await self._rows(account.c.id, account.c.id == account_id)
        copy = {name: value for name, value in row.items() if name not in ("id", "created_at")}
        made = sa.insert(account).values(created_at=now_ms(), **copy).returning(account.c.id)
        fresh = int((await self._connection.execute(made)).scalar_one())
        for column, was, becomes in _owners(account_id, fresh):
            if column.table.info.get("goes_along"):
                for one in await self._rows(column, was):
                    copied = {**one, column.name: becomes(one[column.name])}
                    await self._connection.execute(sa.insert(column.table).values(copied))
        mine = (identity.c.platform == who.platform) & (identity.c.user == who.user)
        await self._connection.execute(sa.update(identity).where(mine).values(account_id=fresh))
        return fresh

    async def _merge_accounts(self, kept: int, gone: int, role: Role | None) -> None:
        (stays,) = await self._rows(account.c.id, account.c.id == kept)
        (goes,) = await self._rows(account.c.id, account.c.id == gone)
        both = {
            column.name: _combined(column, stays, goes) if "merged" in column.info else _either(column, stays, goes)
            for column in account.columns
            if column.name not in ("id", "role")
        }
        both["role"] = role and role.name.lower()
        await self._connection.execute(sa.update(account).where(account.c.id == kept).values(both))

    async def _hand_over(
        self, column: sa.Column[Any], becomes: Callable[[Any], Any], going: Sequence[Row], staying: Sequence[Row]
    ) -> None:
        """Give rows to another owner; where that has one of the same key, the two become one."""
        keys = _keys(column)
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
                {**_old(table, stays), **{_new(one): _combined(one, stays, goes) for one in decided}}
                for stays, goes in joins
            ]
            await self._connection.execute(both, values)

    async def _rows(self, column: sa.Column[Any], where: sa.ColumnElement[bool]) -> list[Row]:
        found = await self._connection.execute(sa.select(column.table).where(where))
        return [dict(row) for row in found.mappings()]


def _owners(
    account_id: int, other: int
) -> Iterator[tuple[sa.Column[Any], sa.ColumnElement[bool], Callable[[Any], Any]]]:
    """Every column that says whose a row is; which rows are this account's; and what stands there if another's."""

    def renamed(name: str) -> str:
        return name.replace(f":{account_id}", f":{other}", 1)

    for table in metadata.sorted_tables:
        for column in table.columns:
            if any(key.column is account.c.id for key in column.foreign_keys):
                yield column, column == account_id, lambda _: other
            elif column.info.get("names_account"):
                its = (column == f"account:{account_id}") | column.startswith(f"member:{account_id}@", autoescape=True)
                yield column, its, renamed


def _keys(column: sa.Column[Any]) -> list[tuple[str, ...]]:
    """Which columns of its table are unique together, as far as it is one of them."""
    table = column.table
    unique = [one.columns for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    unique += [one.columns for one in table.indexes if one.unique]
    found = [tuple(one.name for one in columns) for columns in (table.primary_key.columns, *unique)]
    return [key for key in found if column.name in key]


def _values(row: Row, key: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key)


def _new(column: sa.Column[Any]) -> str:
    return f"new_{column.name}"


def _old(table: sa.Table, row: Row) -> dict[str, Any]:
    return {f"old_{column.name}": row[column.name] for column in table.primary_key.columns}


def _is_old(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == sa.bindparam(f"old_{column.name}") for column in table.primary_key.columns))


def _combined(column: sa.Column[Any], stays: Row, goes: Row) -> Any:
    return column.info["merged"](stays[column.name], goes[column.name])


def _either(column: sa.Column[Any], stays: Row, goes: Row) -> Any:
    decides = column.info.get("follows", column.name)
    return goes[column.name] if stays[decides] is None else stays[column.name]
