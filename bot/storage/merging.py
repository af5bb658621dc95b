"""Two accounts become one, or one becomes two: what belongs to a person goes along, in every table there is.

Which tables these are is read from the tables themselves: those with a foreign key to `account`, and those with a
column that names accounts (`NAMES_ACCOUNT`). So a later table is included without anybody thinking of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity, Role
from bot.storage.engine import now_ms
from bot.storage.handover import HandOver, Row, combined, keys_of
from bot.storage.tables import TurnState, account, identity, metadata, turn


class Merging:
    """Joins and splits accounts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._hand_over = HandOver(connection)

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
        staying = {column: its for column, its, _ in ownership(kept, gone)}
        for column, its, becomes in ownership(gone, kept):
            if keys_of(column):
                there = await self._hand_over.rows(column.table, staying[column])
                going = await self._hand_over.rows(column.table, its)
                await self._hand_over.give(column, becomes, going, there)
            else:
                await self._connection.execute(sa.update(column.table).where(its).values({column.name: kept}))
        await self._connection.execute(sa.delete(account).where(account.c.id == gone))

    async def split(self, account_id: int, who: Identity) -> int:
        """Give one identity an account of its own, with the limits of the one it had, and nothing of its use."""
        (row,) = await self._hand_over.rows(account, account.c.id == account_id)
        copy = {name: value for name, value in row.items() if name not in ("id", "created_at")}
        made = sa.insert(account).values(created_at=now_ms(), **copy).returning(account.c.id)
        fresh = int((await self._connection.execute(made)).scalar_one())
        for column, was, becomes in ownership(account_id, fresh):
            if column.table.info.get("goes_along"):
                for one in await self._hand_over.rows(column.table, was):
                    copied = {**one, column.name: becomes(one[column.name])}
                    await self._connection.execute(sa.insert(column.table).values(copied))
        mine = (identity.c.platform == who.platform) & (identity.c.user == who.user)
        await self._connection.execute(sa.update(identity).where(mine).values(account_id=fresh))
        return fresh

    async def _merge_accounts(self, kept: int, gone: int, role: Role | None) -> None:
        (stays,) = await self._hand_over.rows(account, account.c.id == kept)
        (goes,) = await self._hand_over.rows(account, account.c.id == gone)
        both = {
            column.name: combined(column, stays, goes) if "merged" in column.info else _either(column, stays, goes)
            for column in account.columns
            if column.name not in ("id", "role")
        }
        both["role"] = role and role.name.lower()
        await self._connection.execute(sa.update(account).where(account.c.id == kept).values(both))


def ownership(
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


def _either(column: sa.Column[Any], stays: Row, goes: Row) -> Any:
    decides = column.info.get("follows", column.name)
    return goes[column.name] if stays[decides] is None else stays[column.name]
