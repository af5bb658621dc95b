"""Tables and migrations say the same, and migrations go both ways, on both databases."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from bot.errors import StorageError
from bot.storage import Storage
from bot.storage.migrate import check, configuration, downgrade, upgrade
from bot.storage.store import HEAD
from bot.storage.tables import metadata
from tests.databases import own_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/new/folder/a.db"
        return
    with own_database() as url:
        yield url


def tables(url: str) -> list[str]:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    try:
        return sa.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def made(url: str) -> str:
    """A database with every table."""
    Storage.open(url)
    upgrade(url)
    return url


def test_the_tables_are_what_the_migrations_make(empty: str) -> None:
    try:
        check(made(empty))
    except CommandError as error:
        pytest.fail(str(error))


def test_the_head_the_code_expects_is_alembics_head() -> None:
    assert ScriptDirectory.from_config(configuration("sqlite://")).get_current_head() == HEAD


def test_every_migration_can_be_undone_and_done_again(empty: str) -> None:
    downgrade(made(empty), "base")
    assert tables(empty) == ["alembic_version"]
    upgrade(empty)
    assert {*tables(empty)} == {"alembic_version", *metadata.tables}


def test_each_migration_can_be_undone_alone(empty: str) -> None:
    made(empty)
    for _ in ScriptDirectory.from_config(configuration(empty)).walk_revisions():
        downgrade(empty, "-1")
    assert tables(empty) == ["alembic_version"]


def test_processes_that_start_at_once_upgrade_once(empty: str) -> None:
    Storage.open(empty)
    program = f"from bot.storage.migrate import upgrade; upgrade({empty!r})"
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert {*tables(empty)} == {"alembic_version", *metadata.tables}


async def test_an_empty_database_has_no_revision_and_is_upgraded(empty: str) -> None:
    storage = Storage.open(empty)
    assert await storage.revision() is None
    await storage.upgrade()
    assert await storage.revision() == HEAD
    await storage.close()


async def test_a_server_that_cannot_be_reached_is_told_with_its_own_words() -> None:
    storage = Storage.open("postgresql+psycopg://parley:secret@127.0.0.1:1/parley")
    with pytest.raises(StorageError, match=r"cannot open the database.*127\.0\.0\.1.*port 1 failed") as refused:
        await storage.revision()
    assert "secret" not in str(refused.value)
    await storage.close()
