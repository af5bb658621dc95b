"""aimock, a server of somebody else's (npm, @copilotkit/aimock): our own emulator shares our mistakes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import free_port, running

_LOCKED = Path(__file__).parent / "llm"
"""Where package.json and package-lock.json are."""


def installed(cache: pytest.Cache) -> Path:
    """The program, installed once into pytest's cache from the lock file."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _unavailable("node and npm are not installed")
    home = cache.mkdir("aimock")
    program = home / "node_modules/@copilotkit/aimock/dist/cli.js"
    if not program.exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_LOCKED / name, home)
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            _unavailable(f"npm could not install aimock: {done.stderr[-300:]}")
    return program


@contextmanager
def serving(program: Path, fixtures: Path) -> Iterator[str]:
    """Runs it with a file of fixtures; the address without a path."""
    port = free_port()
    options = ["-p", str(port), "-f", str(fixtures), "--validate-on-load", "--strict", "--log-level", "silent"]
    with running(["node", str(program), *options], port, patience=30, log=fixtures.with_suffix(".log")):
        yield f"http://127.0.0.1:{port}"


def _unavailable(reason: str) -> None:
    """A laptop may lack node; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
