"""aimock, a server of somebody else's (npm, @copilotkit/aimock): our own emulator shares our mistakes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import npm
from tests.processes import free_port, running

_LOCKED = Path(__file__).parent / "llm"
"""Where package.json and package-lock.json are."""


def installed(cache: pytest.Cache) -> Path:
    """The program."""
    return npm.installed(cache, _LOCKED) / "@copilotkit/aimock/dist/cli.js"


@contextmanager
def serving(program: Path, fixtures: Path) -> Iterator[str]:
    """Runs it with a file of fixtures; the address without a path."""
    port = free_port()
    options = ["-p", str(port), "-f", str(fixtures), "--validate-on-load", "--strict", "--log-level", "silent"]
    with running(["node", str(program), *options], port, patience=30, log=fixtures.with_suffix(".log")):
        yield f"http://127.0.0.1:{port}"
