"""A command in a package of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.conftest import surroundings


@pytest.fixture(scope="module")
def said(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `parley console` answers to a throw, to one that cannot be read, and to who asks for help."""
    folder = tmp_path_factory.mktemp("console")
    return subprocess.run(
        [sys.executable, "-m", "bot", "console"],
        input="/roll 2d6\n/roll everything\n/help roll\n",
        cwd=folder,
        env=surroundings(installed, folder, {}),
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout


def test_a_command_of_a_package_answers_as_any_other(said: str) -> None:
    assert "together" in said
    assert "[Again] /roll 2d6" in said


def test_its_arguments_are_refused_as_those_of_any_other(said: str) -> None:
    assert "Usage: `/roll [NUMBERdSIDES]`" in said


def test_help_knows_it(said: str) -> None:
    assert "/roll — Throw dice" in said
