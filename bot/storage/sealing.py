"""Which keys the database is sealed by, and sealing it anew. Every table is read from what its columns are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ConfigError
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.memory import hashed, new_key
from bot.storage.tables import memory, metadata, posting, seal
from bot.storage.tables.sealed import SEALED, SealedBytes, SealedText, seals_of

_AT_ONCE = 200
_HEAVY_AT_ONCE = 20
"""Rows with pictures in them."""

After = Sequence[Any]
"""The key of the last row that was looked at; empty at the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some rows of a table: how many were looked at, and after which to go on; None: that was all."""

    rows: int
    after: After | None


def tables() -> Iterator[sa.Table]:
    """Those with sealed columns."""
    return (table for table in metadata.sorted_tables if _sealed(table))


class Sealing:
    """Seals of the whole database, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._seals = seals_of(connection.dialect)

    async def recognise(self) -> None:
        """Note the key that seals from now on. Raises ConfigError if something may be sealed by one that is missing."""
        used = set(await self._connection.scalars(sa.select(seal.c.name)))
        missing = sorted(used - {name.hex() for name in self._seals.known})
        if missing:
            raise ConfigError([_missing(missing, any_key=bool(self._seals.known))])
        await self._note()

    async def _note(self) -> None:
        if self._seals.current is not None:
            row = {"name": self._seals.current.name.hex()}
            await self._connection.execute(_add(dialect_of(self._connection)), row)

    async def count(self, table: sa.Table) -> int:
        """How many rows there are to look at."""
        return int((await self._connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())

    async def renew(self, table: sa.Table, after: After) -> Step:
        """Seal the next rows as they would be sealed now. Raises Unreadable."""
        columns = _sealed(table)
        rows = (await self._connection.execute(_next(table, columns, after))).mappings().all()
        for row in rows:
            found = {one.name: row[f"stored_{one.name}"] for one in columns}
            if table is memory and found["key"] is None and self._seals.current is not None:
                await self._hide(row["id"])
            elif stale := [name for name, stored in found.items() if not self._is_current(stored)]:
                await self._write(table, row, {name: row[name] for name in stale})
        more = len(rows) == _size(table)
        last = [rows[-1][one.name] for one in table.primary_key.columns] if more else None
        return Step(rows=len(rows), after=last)

    def _is_current(self, stored: Any) -> bool:
        if isinstance(stored, str | bytes | memoryview):
            return self._seals.is_current(stored if isinstance(stored, str) else bytes(stored))
        return stored is None or self._seals.current is None  # JSON as it is

    async def _hide(self, memory_id: int) -> None:
        """Give a memory a key, and its postings the hashes that go with it."""
        key = new_key()
        its = posting.c.memory_id == memory_id
        found = (await self._connection.execute(sa.select(posting).where(its))).mappings().all()
        await self._connection.execute(sa.delete(posting).where(its))
        if found:
            rows = [{**row, "term": hashed(row["term"], key)} for row in found]
            await self._connection.execute(sa.insert(posting), rows)
        await self._connection.execute(sa.update(memory).where(memory.c.id == memory_id).values(key=key))

    async def _write(self, table: sa.Table, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        its = sa.and_(*(one == row[one.name] for one in table.primary_key.columns))
        await self._connection.execute(sa.update(table).where(its).values(**values))

    async def retire(self) -> None:
        """Everything is sealed by the current key, or by none: the others are needed no more."""
        await self._connection.execute(sa.delete(seal))
        await self._note()


def _sealed(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, SEALED)]


def _size(table: sa.Table) -> int:
    return _HEAVY_AT_ONCE if any(isinstance(one.type, SealedBytes) for one in table.columns) else _AT_ONCE


def _next(table: sa.Table, columns: Sequence[sa.Column[Any]], after: After) -> sa.Select[Any]:
    """Each column twice: as it reads, and as it is stored."""
    keys = table.primary_key.columns
    stored = [
        sa.type_coerce(one, cast("SealedText", one.type).impl_instance).label(f"stored_{one.name}") for one in columns
    ]
    query = sa.select(*keys, *columns, *stored).order_by(*keys).limit(_size(table)).with_for_update()
    return query.where(sa.tuple_(*keys) > sa.tuple_(*after)) if after else query


@cache
def _add(dialect: str) -> sa.Executable:
    return insert_for(dialect)(seal).values(since=now_ms()).on_conflict_do_nothing(index_elements=["name"])


def _missing(names: Sequence[str], *, any_key: bool) -> str:
    told = f"what was said is sealed by {', '.join(names)}"
    if any_key:
        return f"{told}, which is none of the keys: add the old key below the new one, see docs/encryption.md"
    return f"{told}: set ENCRYPTION_KEYS_FILE or ENCRYPTION_KEYS_COMMAND, see docs/encryption.md"
