"""Where the operator's keys come from, and what is said about those that are none."""

import sys
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.encryption import seals_of
from bot.errors import ConfigError
from bot.seals import UNSEALED, Seals
from bot.settings import Settings

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def line(key: bytes) -> str:
    return b64encode(key).decode()


def settings(**given: object) -> Settings:
    return Settings.load(_env_file=None, **{"encryption_keys_file": None, **given})


def of_file(tmp_path: Path, text: str) -> Seals:
    file = tmp_path / "keys"
    file.write_text(text)
    return seals_of(settings(encryption_keys_file=file))


def test_the_first_key_seals_and_all_of_them_open(tmp_path: Path) -> None:
    seals = of_file(tmp_path, f"# since May\n{line(NEW)}\n\n{line(OLD)} # since March\n")
    assert seals.current is not None
    assert [*seals.known] == [*Seals.of([NEW, OLD]).known]
    assert seals.open(Seals.of([OLD]).seal(b"hello", "turn.question"), "turn.question") == b"hello"
    assert seals.current.name == next(iter(seals.known))


def test_plain_before_the_keys_seals_nothing_and_opens_everything(tmp_path: Path) -> None:
    seals = of_file(tmp_path, f"plain\n{line(OLD)}\n")
    assert seals.seal(b"hello", "turn.question") == b"hello"
    assert seals.open(Seals.of([OLD]).seal(b"hello", "turn.question"), "turn.question") == b"hello"


def test_a_command_prints_keys(tmp_path: Path) -> None:
    program = tmp_path / "keys.py"
    program.write_text(f"print({line(OLD)!r})")
    seals = seals_of(settings(encryption_keys_command=f"{sys.executable} {program}"))
    assert [*seals.known] == [*Seals.of([OLD]).known]


def test_without_a_key_nothing_is_sealed() -> None:
    assert seals_of(settings()) is UNSEALED


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "there is no key"), ("plain\n", "there is no key"), ("c2VjcmV0", "key 1 is not"), ("sësame", "key 1 is not")],
)
def test_a_key_that_is_none_is_told_and_not_shown(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        of_file(tmp_path, text)
    assert text.strip() not in str(refused.value).split() or not text


@pytest.mark.parametrize("command", ["false", "no-such-program", "'"])
def test_a_command_that_fails_is_named(command: str) -> None:
    with pytest.raises(ConfigError, match="ENCRYPTION_KEYS_COMMAND failed"):
        seals_of(settings(encryption_keys_command=command))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        seals_of(settings(encryption_keys_file=tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="leave one out"):
        seals_of(settings(encryption_keys_file=tmp_path / "nothing", encryption_keys_command="true"))


def test_what_shows_a_seal_shows_no_key() -> None:
    told = repr(Seals.of([OLD]))
    assert repr(OLD) not in told
    assert "cipher" not in told
    assert "blinding" not in told


def test_the_command_line_seals_and_bars_who_has_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENCRYPTION_KEYS_FILE", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/parley.db")
    (tmp_path / "keys").write_text(line(OLD))
    run = CliRunner().invoke
    assert "there is no key" in run(main, ["db", "reencrypt"]).output
    assert run(main, ["db", "reencrypt"], env={"ENCRYPTION_KEYS_FILE": "keys"}).exit_code == 0
    assert run(main, ["db", "check"], env={"ENCRYPTION_KEYS_FILE": "keys"}).exit_code == 0
    refused = run(main, ["db", "check"])
    assert refused.exit_code == 1
    assert "ENCRYPTION_KEYS_FILE" in refused.output
