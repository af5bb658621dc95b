"""Log lines: what they say, and what they must never say."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.telemetry import configure


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    configure("INFO", "console")
    root.handlers[:], root.level = handlers, level


def test_a_line_is_json_with_its_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "json")
    structlog.get_logger("bot.test").info("turn_done", tokens=5)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["tokens"], line["level"]) == ("turn_done", 5, "info")


@pytest.mark.parametrize("form", ["console", "json"])
def test_secrets_are_blotted_out_of_ours_and_the_libraries_lines(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure("INFO", "json" if form == "json" else "console", ["hunter2"])
    structlog.get_logger("bot.test").warning("refused", url="https://x/hunter2/y")
    logging.getLogger("some.library").warning("calling %s", "https://api.telegram.org/bot123456:ABCDEFGHIJKLMNOPQRST/x")
    logging.getLogger("some.library").warning("xoxb-123-abc and xapp-1-A and sk-abcdefghijkl")
    written = capsys.readouterr().err
    assert "refused" in written
    for secret in ("hunter2", "ABCDEFGHIJKLMNOPQRST", "xoxb-123", "xapp-1", "sk-abcdefgh"):
        assert secret not in written


def test_a_traceback_shows_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "json", ["hunter2"])
    try:
        int("hunter2")
    except ValueError:
        structlog.get_logger("bot.test").exception("crashed")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "hunter2" not in written


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("WARNING", "console")
    structlog.get_logger("bot.test").info("quiet")
    assert capsys.readouterr().err == ""
