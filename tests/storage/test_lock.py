"""One process for one SQLite database."""

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.storage.lock import only_process


def test_a_second_process_on_the_same_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    with only_process(url), pytest.raises(ConfigError, match="another Parley process"), only_process(url):
        pass


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    with only_process(url):
        pass
    with only_process(url):
        assert (tmp_path / "a.db.lock").exists()
