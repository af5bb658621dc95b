"""Every row of one database into another one, of either kind, and the proof that it arrived.

Runs in the foreground, for commands of the operator: its engines are the synchronous ones.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from bot.errors import ConfigError
from bot.seals import UNSEALED, Seals
from bot.storage.engine import accept_nul, now_ms
from bot.storage.tables import metadata, seal
from bot.storage.tables.sealed import SealedBytes, give
from bot.storage.trouble import translate

_AT_ONCE = 500
_HEAVY_AT_ONCE = 20
"""Rows with pictures in them."""

Progress = Callable[[int], None]
"""Told how many more rows are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a table holds: how many rows, and a sum over all of them that does not depend on their order."""

    rows: int
    digest: int


def count(url: str) -> int:
    """How many rows there are in all tables."""
    with _reading(url) as source:
        return sum(_count(source, table) for table in metadata.sorted_tables)


def copy(
    source_url: str, target_url: str, progress: Progress, *, seals: Seals = UNSEALED, replace: bool = False
) -> Mapping[str, Contents]:
    """Copy everything in one transaction, compare, and only then commit. Returns what was copied, by table.

    Both databases have the newest schema. What is sealed in the source is opened, and sealed as it would be now.
    Raises ConfigError if the target is not empty, unless `replace`, and if what arrived is not what was sent;
    StorageError.
    """
    with _reading(source_url, seals) as source, _writing(target_url, seals) as target:
        _make_room(target, replace=replace)
        sent = {table.name: _copy(source, target, table, progress) for table in metadata.sorted_tables}
        arrived = {table.name: contents(target, table, progress) for table in metadata.sorted_tables}
        wrong = [name for name in sent if sent[name] != arrived[name]]
        if wrong:
            raise ConfigError([f"the copy of {name} differs: {sent[name]} became {arrived[name]}" for name in wrong])
        _carry_numbers(source, target)
        _note(target, seals)
    return sent


def _note(target: Connection, seals: Seals) -> None:
    """Whatever the source was sealed by, everything here is sealed by one key."""
    target.execute(sa.delete(seal))
    if seals.current is not None:
        target.execute(sa.insert(seal).values(name=seals.current.name.hex(), since=now_ms()))


def contents(connection: Connection, table: sa.Table, progress: Progress = lambda _rows: None) -> Contents:
    """What a table holds."""
    number, digest = 0, 0
    for rows in _chunks(connection, table):
        number, digest = number + len(rows), digest + sum(_digest(row) for row in rows)
        progress(len(rows))
    return Contents(rows=number, digest=digest % 2**64)


def _copy(source: Connection, target: Connection, table: sa.Table, progress: Progress) -> Contents:
    number, digest = 0, 0
    for rows in _chunks(source, table):
        target.execute(sa.insert(table), rows)
        number, digest = number + len(rows), digest + sum(_digest(row) for row in rows)
        progress(len(rows))
    return Contents(rows=number, digest=digest % 2**64)


def _chunks(connection: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    heavy = any(isinstance(column.type, SealedBytes) for column in table.columns)
    at_once = _HEAVY_AT_ONCE if heavy else _AT_ONCE
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=at_once)
    for partition in connection.execute(query).mappings().partitions():
        yield [{name: _fit(value) for name, value in row.items()} for row in partition]


def _fit(value: Any) -> Any:
    """NUL stands in no PostgreSQL text (see `bot.storage.texts`)."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _digest(row: Mapping[str, Any]) -> int:
    told = json.dumps(row, sort_keys=True, ensure_ascii=False, default=bytes.hex).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest())


def _make_room(target: Connection, *, replace: bool) -> None:
    for table in reversed(metadata.sorted_tables):
        if replace:
            target.execute(sa.delete(table))
        elif _count(target, table):
            raise ConfigError([f"the database to copy into is not empty: there are rows in {table.name}"])


def _count(connection: Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _carry_numbers(source: Connection, target: Connection) -> None:
    """New rows go on counting where the source was, also where its last rows are gone: their numbers stay taken."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            highest = target.execute(sa.select(sa.func.max(column))).scalar() or 0
            _go_on(target, table.name, column.name, max(highest, _last(source, table.name, column.name)))


def _last(connection: Connection, table: str, column: str) -> int:
    if connection.dialect.name == "sqlite":
        query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        return int(connection.exec_driver_sql(query, (table,)).scalar() or 0)
    sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table, column))).scalar_one()
    given = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - our own
    return int(given.last_value) if given.is_called else 0


def _go_on(connection: Connection, table: str, column: str, last: int) -> None:
    if not last:
        return
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(table, column)
        connection.execute(sa.select(sa.func.setval(sequence, last)))
        return
    connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (last, table))


@contextmanager
def _reading(url: str, seals: Seals = UNSEALED) -> Iterator[Connection]:
    """One snapshot of a database, whatever is written meanwhile."""
    level = {} if url.startswith("sqlite") else {"isolation_level": "REPEATABLE READ"}
    with _connected(url, seals, **level) as engine, engine.connect() as connection:
        yield connection


@contextmanager
def _writing(url: str, seals: Seals) -> Iterator[Connection]:
    with _connected(url, seals) as engine, engine.begin() as connection:
        yield connection


@contextmanager
def _connected(url: str, seals: Seals, **options: Any) -> Iterator[Engine]:
    engine = sa.create_engine(url.replace("+aiosqlite", ""), poolclass=sa.NullPool, **options)
    give(engine.dialect, seals)
    event.listen(engine, "connect", _legible if engine.dialect.name == "sqlite" else accept_nul)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", _begin)
    try:
        yield engine
    except sa.exc.SQLAlchemyError as error:
        raise translate(error) from error
    finally:
        engine.dispose()


def _legible(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=10000")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
