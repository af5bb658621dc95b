"""aimock, a server of somebody else's (npm, @copilotkit/aimock): our own emulator shares our mistakes."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

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
    port = _free_port()
    options = ["-p", str(port), "-f", str(fixtures), "--validate-on-load", "--strict", "--log-level", "silent"]
    server = subprocess.Popen(["node", str(program), *options])  # noqa: S607
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(5)


def _unavailable(reason: str) -> None:
    """A laptop may lack node; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return
