"""Alembic runs this: one connection, one transaction, the same files on SQLite and PostgreSQL."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import event, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.tables import metadata

_LOCK = 0x7061726C6579
"""Two processes that start at once upgrade one after the other; the second finds nothing left to do."""


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate() -> None:
    url = context.config.attributes["url"]
    engine = create_async_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", prepare_sqlite)
        event.listen(engine.sync_engine, "begin", begin_immediate)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def prepare_sqlite(connection: Any, _record: Any) -> None:
    # Rebuilding a table drops the old one: with foreign keys on, that silently deletes the rows that refer to it.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA journal_mode=WAL")


def begin_immediate(connection: Connection) -> None:
    # Without a transaction of our own, a migration that fails would leave half a schema.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


asyncio.run(migrate())
