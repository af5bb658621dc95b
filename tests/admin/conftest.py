"""`parley admin` as an operator types it, with a database of the test's own."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from tests.databases import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A shell in a folder with a database."""

    folder: Path

    def run(self, *words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["admin", *words], input=typed, catch_exceptions=False)

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "ADMINS", "LANGUAGE", "PARLEY_MODELS", "TIMEZONE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    return tmp_path


@pytest.fixture
def shell(empty_folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """With a migrated database, on SQLite and on PostgreSQL."""
    monkeypatch.setenv("DATABASE_URL", plain(database_url))
    return Shell(folder=empty_folder)


@pytest.fixture
def embedded(empty_folder: Path, empty_database: Path) -> Shell:
    """With a migrated SQLite database where it is unless anything is set."""
    (empty_folder / "data").mkdir()
    shutil.copy(empty_database, empty_folder / "data" / "parley.db")
    return Shell(folder=empty_folder)
