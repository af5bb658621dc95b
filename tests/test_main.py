"""The command line, as an operator meets it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.settings import Settings
from bot.storage.store import HEAD


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def parley(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, input=typed, timeout=120, check=False
    )


def test_help_lists_the_commands() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert all(name in shown for name in ("serve", "console", "demo", "doctor", "db"))


def test_serving_without_settings_says_what_is_missing_and_no_traceback() -> None:
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert "OPENAI_API_KEY is missing" in result.output
    assert "Traceback" not in result.output


def test_the_database_is_made_and_upgraded(tmp_path: Path) -> None:
    first = parley("db", "upgrade")
    assert first.stdout == f"Database: empty → {HEAD}\n"
    assert parley("db", "upgrade").stdout == f"Database: {HEAD} → {HEAD}\n"
    assert (tmp_path / "data" / "parley.db").exists()


def test_a_database_is_checked_backed_up_moved_and_taken_back(tmp_path: Path) -> None:
    parley("db", "upgrade")
    assert parley("db", "check").stdout == f"✓ schema {HEAD}, and everything in it agrees\n"
    assert parley("db", "backup", "one.db").stdout == "Backup: one.db\n"
    assert "copied and compared" in parley("db", "copy", f"sqlite:///{tmp_path}/two.db").stdout
    assert "copied and compared" in parley("db", "restore", "one.db").stdout
    assert parley("db", "downgrade", "0001", "--yes").stdout == "Database: 0001\n"
    assert parley("db", "check").returncode == 1


def test_a_conversation_in_the_terminal() -> None:
    result = parley("console", typed="hello\n/usage\n")
    assert result.returncode == 0, result.stderr
    assert "Your plan is `free`. Used so far:" in result.stdout
    assert "hello" in result.stdout
    assert "scripted" in result.stdout


def test_doctor_names_every_problem_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:secret-token")
    result = parley("doctor")
    assert result.returncode == 1
    assert "✗ settings: MODEL is missing" in result.stdout
    assert "✓ database" in result.stdout
    assert "✗ model: http://127.0.0.1:9/v1" in result.stdout
    assert "✗ telegram" in result.stdout
    assert "secret-token" not in result.stdout + result.stderr
