"""Every command for a shell in the documents is given, in its order; those that need the world are only read."""

import re
import shlex
import shutil
import sqlite3
import subprocess
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.encryption import seals_of
from bot.llm.catalog import read_catalog
from bot.seals import UNSEALED
from bot.settings import Settings
from tests.docs.blocks import DOCUMENTS, blocks, only
from tests.house.repository import ROOT, read

ELSEWHERE = "postgresql://parley:password@host/parley"
READ_ONLY = {"batch"}
"""Commands of `parley` that need a server beside them; `tests/test_batch.py` runs them."""

ASIDE = """
    INSERT INTO inbox (id, source, event, lane, order_key, state, attempts, received_at, payload) VALUES
        (17, 'telegram:1', '1', 'telegram:-9', 1, 3, 3, 0, '{}'),
        (18, 'telegram:1', '2', 'telegram:-9', 2, 3, 3, 0, '{}'),
        (19, 'telegram:1', '3', 'telegram:-9', 3, 4, 0, 0, '{}');
"""
"""What was put aside, by the numbers that the documents name."""


class Folder:
    """Where Parley is installed, with a database in which something was put aside."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def gives(self, line: str) -> None:
        """Give one command. What belongs into /etc goes into the folder."""
        line = line.replace("/etc/parley/", f"{self._path}/")
        words = shlex.split(line)
        give: dict[str, Callable[[list[str]], None]] = {
            "make": _is_target,
            "parley": self._parley,
            "uv": _names_packages,
            "python": _is_module,
            **dict.fromkeys(("chmod", "cp", "echo", "openssl"), lambda _words: self._in_a_shell(line)),
        }
        give[words[0].removeprefix(".venv/bin/")](words)

    def _parley(self, words: list[str]) -> None:
        arguments = [one.replace(ELSEWHERE, f"sqlite:///{self._path}/copy.db") for one in words[1:]]
        if arguments[0] in READ_ONLY:
            understood(arguments)
            return
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output

    def _in_a_shell(self, line: str) -> None:
        subprocess.run(["sh", "-c", line], cwd=self._path, check=True)  # noqa: S607 - whichever shell there is


def _is_target(words: list[str]) -> None:
    assert set(words[1:]) <= set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))


def _names_packages(words: list[str]) -> None:
    """`tests/examples` installs them."""
    known = {f"./{path.parent.relative_to(ROOT)}": path for path in ROOT.glob("examples/*/pyproject.toml")}
    names = {tomllib.loads(path.read_text("utf-8"))["project"]["name"] for path in known.values()}
    assert set(words[3:]) <= {*known, *names}


def _is_module(words: list[str]) -> None:
    """A measurement takes minutes; here its module and options have to be there."""
    module = ROOT / f"{words[2].replace('.', '/')}.py"
    options = [one for one in words[3:] if one.startswith("--")]
    assert [one for one in options if f'"{one}"' not in module.read_text("utf-8")] == []


def understood(words: list[str]) -> click.Command:
    """Read a command as `parley` does, and do nothing. One that is only named has to exist. Raises UsageError."""
    command: click.Command | None = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        command = command.get_command(click.Context(command), rest.pop(0))
    if command is None:
        raise click.UsageError(f"no such command: {' '.join(words)}")
    if rest:
        command.make_context("parley", rest, resilient_parsing="--help" in rest)
    return command


def quoted() -> set[str]:
    """Commands of `parley` in running text, whole ones."""
    prose = (read(document) for document in DOCUMENTS if "/reference/" not in document)
    found = (one for text in prose for one in re.findall(r"`((?:\.venv/bin/)?parley [^`\n…|]+)`", text))
    return {one.removeprefix(".venv/bin/") for one in found}


@pytest.fixture
def folder(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PARLEY_MODELS", "TIMEZONE", "LANGUAGE", "ADMINS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    shutil.copy(empty_database, tmp_path / "data/parley.db")
    shutil.copy(ROOT / "models.example.toml", tmp_path)
    (tmp_path / "users.csv").write_text(only("csv", "docs/operations.md").text, "utf-8")
    with closing(sqlite3.connect(tmp_path / "data/parley.db")) as database:
        database.executescript(ASIDE)
    return Folder(tmp_path)


@pytest.mark.parametrize("document", sorted({one.document for one in blocks("sh")}))
def test_every_command_can_be_given_as_it_stands(document: str, folder: Folder) -> None:
    lines = [line for block in blocks("sh") if block.document == document for line in block.lines]
    assert lines
    for line in lines:
        folder.gives(line)


def test_a_models_file_is_begun_as_the_page_says(folder: Folder, tmp_path: Path) -> None:
    for line in only("sh", "docs/models.md").lines:
        folder.gives(line)
    assert (tmp_path / ".env").read_text("utf-8") == "PARLEY_MODELS=models.toml\n"
    assert read_catalog(tmp_path / "models.toml", {"OPENAI_API_KEY": "k"}).models


def test_a_key_that_was_made_as_the_page_says_encrypts(folder: Folder, tmp_path: Path) -> None:
    for line in only("sh", "docs/encryption.md").lines:
        folder.gives(line)
    assert seals_of(Settings.load(encryption_keys_file=tmp_path / "keys")) is not UNSEALED
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("said", sorted(quoted()))
@pytest.mark.usefixtures("folder")
def test_every_command_in_running_text_is_understood(said: str) -> None:
    with CliRunner().isolation(input="y"):  # to what is asked before something is done
        command = understood(shlex.split(said.replace("CONVERSATION", "17"))[1:])
    assert command.name


@pytest.mark.parametrize("wrong", ["parley serve --roll work", "parley db backp", "parley tail soup"])
def test_a_command_that_is_wrong_is_noticed(wrong: str) -> None:
    with pytest.raises(click.UsageError):
        understood(wrong.split()[1:])
