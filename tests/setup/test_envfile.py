"""`.env` is changed where it has to be, and nowhere else."""

import stat
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.setup.envfile import EnvFile

NOW = datetime(2026, 11, 26, 12, 30, 5, tzinfo=UTC)

MINE = """\
# my bot
export LANGUAGE=en
MODEL=old # the good one
OTHER_PROGRAM='a
b'

this line is none
KEY_2="x"
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_what_is_not_asked_for_stays_to_the_letter(path: Path) -> None:
    path.write_text(MINE)
    changed = EnvFile.read(path).changed({"MODEL": "new", "ADMINS": "telegram:1"})
    assert changed == MINE.replace("MODEL=old # the good one", "MODEL=new") + "ADMINS=telegram:1\n"


def test_a_file_without_a_last_line_break_is_gone_on_with_on_a_new_line(path: Path) -> None:
    path.write_text("A=1")
    assert EnvFile.read(path).changed({"B": "2"}) == "A=1\nB=2\n"


def test_a_setting_that_stands_there_twice_is_the_new_one_in_both_places(path: Path) -> None:
    path.write_text("A=1\nB=2\nA=3\n")
    assert EnvFile.read(path).changed({"A": "4"}) == "A=4\nB=2\nA=4\n"


def test_where_there_is_no_file_one_is_made_for_its_owner_alone(path: Path) -> None:
    assert EnvFile.read(path).write({"MODEL": "m"}, NOW) is None
    assert path.read_text().endswith("\nMODEL=m\n")
    assert mode(path) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [".env"]


def test_the_old_file_is_kept_and_nobody_else_reads_either(path: Path) -> None:
    path.write_text(MINE)
    path.chmod(0o644)
    backup = EnvFile.read(path).write({"MODEL": "new"}, NOW)
    assert backup == path.with_name(".env.20261126-123005")
    assert backup.read_text() == MINE
    assert (mode(backup), mode(path)) == (0o600, 0o600)


def test_a_link_leads_to_the_file_and_stays_a_link(tmp_path: Path, path: Path) -> None:
    real = tmp_path / "secrets" / "parley.env"
    real.parent.mkdir()
    real.write_text("A=1\n")
    path.symlink_to(real)
    EnvFile.read(path).write({"A": "2"}, NOW)
    assert path.is_symlink()
    assert real.read_text() == "A=2\n"


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    path.write_bytes(b"A=\xff\xfe")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        EnvFile.read(path)


def test_a_folder_that_takes_no_file_is_named(path: Path) -> None:
    file = EnvFile.read(path / "nowhere" / ".env")
    with pytest.raises(ConfigError, match="cannot be written"):
        file.write({"A": "1"}, NOW)


@given(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1)
    .map(str.strip)
    .filter(lambda one: one and "${" not in one)
)
def test_every_value_is_read_back_as_it_was(value: str) -> None:
    changed = EnvFile(path=Path(".env"), text="A=0\n").changed({"A": value})
    assert dotenv_values(stream=StringIO(changed)) == {"A": value}
