"""The examples as their readers use them: installed as packages, and run as processes of their own."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.repository import ROOT
from tests.scenarios.process import BotProcess

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which both packages were installed, as pip does it."""
    folder = tmp_path_factory.mktemp("installed")
    packages = [str(EXAMPLES / name) for name in ("dice", "lines")]
    uv = Path(sys.executable).parent / "uv"
    # Offline: uv brings the backend that builds them.
    subprocess.run([uv, "pip", "install", "-q", "--offline", "--no-deps", "--target", folder, *packages], check=True)
    return folder


def surroundings(installed: Path, folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that finds what was installed."""
    return BotProcess(folder, {"PYTHONPATH": f"{ROOT}:{installed}", "HTTP_PORT": "0", **more}).environment
