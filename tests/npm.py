"""What tests need of npm: installed once into pytest's cache, from the lock file beside the tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(cache: pytest.Cache, locked: Path) -> Path:
    """The folder node_modules for the `package.json` and `package-lock.json` in the folder `locked`."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        _unavailable("node and npm are not installed")
    home = cache.mkdir(f"npm-{locked.name}")
    if not (home / "node_modules/.package-lock.json").exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(locked / name, home)
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            _unavailable(f"npm could not install {locked.name}: {done.stderr[-300:]}")
    return home / "node_modules"


def _unavailable(reason: str) -> None:
    """A laptop may lack node; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
