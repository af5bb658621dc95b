"""Tables and migrations say the same, and migrations go both ways."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from bot.storage import Storage
from bot.storage.migrate import check, configuration, downgrade, upgrade
from bot.storage.store import HEAD


def test_the_tables_are_what_the_migrations_make(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    upgrade(url)
    try:
        check(url)
    except CommandError as error:
        pytest.fail(str(error))


def test_the_head_the_code_expects_is_alembics_head() -> None:
    assert ScriptDirectory.from_config(configuration("sqlite://")).get_current_head() == HEAD


def test_every_migration_can_be_undone(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    upgrade(url)
    downgrade(url, "base")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/a.db")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


async def test_an_empty_database_has_no_revision_and_is_upgraded(tmp_path: Path) -> None:
    storage = Storage.open(f"sqlite+aiosqlite:///{tmp_path}/new/folder/a.db")
    assert await storage.revision() is None
    await storage.upgrade()
    assert await storage.revision() == HEAD
    await storage.close()
