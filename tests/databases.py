"""Databases for tests: SQLite files, and databases of their own on a PostgreSQL server that others may use as well.

The server is the one at TEST_POSTGRESQL. Without it, the tests for PostgreSQL are skipped on a laptop and fail in CI.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.storage.tables import metadata

SERVER = os.environ.get("TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
"""Where a superuser, or someone who may create databases, is let in."""


def on(database: str) -> pytest.MarkDecorator:
    """Run a test on one database only: "sqlite" or "postgresql"."""
    marks = [pytest.mark.postgresql] if database == "postgresql" else []
    return pytest.mark.parametrize("database_url", [pytest.param(database, marks=marks)], indirect=True)


legible = pytest.mark.skipif("TEST_SEALED" in os.environ, reason="nobody can look for words in what is sealed")
"""For tests that read what was said in a database's own words."""


@contextmanager
def own_database() -> Iterator[str]:
    """An empty PostgreSQL database, gone at the end of the block. Its address is in SQLAlchemy's form."""
    name = f"parley_test_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(SERVER, autocommit=True, connect_timeout=5) as server:
            server.execute(f"CREATE DATABASE {name}")
    except psycopg.OperationalError as error:
        _no_server(error)
    try:
        url = make_url(SERVER).set(drivername="postgresql+psycopg", database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _no_server(error: psycopg.OperationalError) -> None:
    said = f"no PostgreSQL server (TEST_POSTGRESQL): {error}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


def plain(url: str) -> str:
    """The address as psycopg and libpq take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


class EmptiedDatabase:
    """One database that is emptied for each test, which takes a hundredth of the time of making it anew."""

    def __init__(self, url: str) -> None:
        self.url = url
        tables = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]  # noqa: S608 - our own names
        with psycopg.connect(plain(url)) as database:
            sequences = database.execute("SELECT sequencename FROM pg_sequences").fetchall()
        numbers = [f"SELECT setval('{name}', 1, false)" for (name,) in sequences]
        # A test that left a transaction open is told by name instead of holding up the next one.
        self._script = ";".join(["SET lock_timeout = '5s'", *tables, *numbers])

    def again(self) -> str:
        """Its address, without a row and with every number at 1."""
        with psycopg.connect(plain(self.url), autocommit=True) as database:
            database.execute(self._script.encode())
        return self.url


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """What stands in a database, seen from outside."""
    engine = sa.create_engine(url.replace("+aiosqlite", ""), poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]
    finally:
        engine.dispose()
