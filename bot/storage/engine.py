"""Engines as measured: one writer on SQLite, a pool elsewhere; and the database's own clock."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bot.seals import Seals
from bot.storage.inline import connect
from bot.storage.tables.sealed import give
from bot.storage.wal import WriteAheadLog

_PRAGMAS = (
    "journal_mode=WAL",
    # Both wait for the disk with the connection in their hands: see bot.storage.wal.
    "synchronous=NORMAL",
    "wal_autocheckpoint=0",
    # The event loop must not wait for a lock: see bot.storage.inline.
    "busy_timeout=0",
    "foreign_keys=ON",
    # What was deleted is overwritten: see bot.storage.forgetting.
    "secure_delete=ON",
)


class now_ms(FunctionElement[int]):  # noqa: N801 - reads like the SQL function it is
    """The database's clock in milliseconds: leases of several workers are compared by one clock."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(now_ms, "postgresql")
def _postgresql_now(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CAST(extract(epoch from clock_timestamp()) * 1000 AS bigint)"


@compiles(now_ms, "sqlite")
def _sqlite_now(_element: Any, _compiler: Any, **_: Any) -> str:
    # unixepoch('subsec') needs SQLite 3.42; Debian 12 has 3.40.
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


SESSION: dict[str, Any] = {
    "application_name": "parley",
    "connect_timeout": 10,
    # A server that vanished is noticed by whoever waits for its answer, in milliseconds.
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    # A worker that stands still in the middle of a transaction holds its lane's row: nobody could take the lane over.
    "options": "-c idle_in_transaction_session_timeout=10s",
}


def create_engine(url: str, seals: Seals) -> tuple[AsyncEngine, WriteAheadLog | None]:
    """An engine for `url`: SQLite by aiosqlite, PostgreSQL by psycopg. Connects when it is used.

    Its errors do not show the values of statements: those are what people wrote. With a log, what was committed is not
    on the disk before `WriteAheadLog.synced` says so.
    """
    if not url.startswith("sqlite"):
        engine, log = _server(url), None
    else:
        path = make_url(url).database or ":memory:"
        log = WriteAheadLog(path)
        engine = _embedded(url, path, log)
    give(engine.dialect, seals)
    return engine, log


def create_reader(url: str, seals: Seals) -> AsyncEngine | None:
    """An engine that only reads beside whoever writes, for an SQLite file; elsewhere the other one does not either.

    Its statements run in a thread of their own: they may take seconds.
    """
    path = make_url(url).database if url.startswith("sqlite") else None
    if path in (None, "", ":memory:"):
        return None
    engine = create_async_engine(url, pool_size=1, max_overflow=1, hide_parameters=True)
    give(engine.dialect, seals)
    event.listen(engine.sync_engine, "connect", _only_reads)
    return engine


def _only_reads(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _server(url: str) -> AsyncEngine:
    """PostgreSQL: a pool, whose waiters queue."""
    # The statements are written for READ COMMITTED, whatever the server's default is.
    engine = create_async_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=0,
        connect_args=SESSION,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", accept_nul)
    return engine


def accept_nul(connection: Any, _record: Any) -> None:
    """PostgreSQL's texts cannot hold NUL, and would refuse a whole answer because of one: replace it."""
    from bot.storage.texts import FitDumper

    # SQLAlchemy wraps asynchronous connections, and only those.
    getattr(connection, "driver_connection", connection).adapters.register_dumper(str, FitDumper)


def _embedded(url: str, path: str, log: WriteAheadLog) -> AsyncEngine:
    """SQLite: one connection, whose waiters queue in order instead of polling a lock."""
    engine = create_async_engine(
        url,
        async_creator=lambda: connect(path, log),
        pool_size=1,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling would begin late and break DDL; we begin ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later fails with "database is locked" at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
