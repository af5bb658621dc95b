"""Packages beside Parley that bring commands and platforms."""

from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.commands import CommandBook, all_commands
from bot.errors import ConfigError
from bot.extensions import COMMANDS, PLATFORMS, Host, platform_names, platforms
from bot.needs import check_serving
from bot.settings import Settings

HOST = Host(commands=CommandBook([]), clock=SystemClock(), environment={})


class Shelf:
    """A folder of packages that Python finds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, module: str, source: str, *, group: str, name: str) -> None:
        """Put a package there; what it brings is called `it`."""
        (self._folder / f"{module}.py").write_text(source, "utf-8")
        about = self._folder / f"{module}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n", "utf-8")
        (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:it\n", "utf-8")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)  # no .env of a developer's
    return Shelf(tmp_path)


def test_a_command_that_is_there_already_is_refused_with_its_package(shelf: Shelf) -> None:
    source = "from bot.commands.people import COMMANDS\nit = [one for one in COMMANDS if one.name == 'usage']"
    shelf.has("greedy", source, group=COMMANDS, name="usage")
    with pytest.raises(ConfigError, match=r"greedy 1\.0: there is a command usage already"):
        all_commands()


def test_a_package_that_cannot_be_imported_is_told_by_name(shelf: Shelf) -> None:
    shelf.has("broken", "raise ImportError('no such thing')", group=COMMANDS, name="broken")
    with pytest.raises(ConfigError, match=r"broken 1\.0 cannot be loaded: ImportError: no such thing"):
        all_commands()


def test_a_platform_that_is_not_set_up_is_left_out(shelf: Shelf) -> None:
    shelf.has("quiet", "def it(host): return None", group=PLATFORMS, name="quiet")
    assert platforms(HOST) == []


def test_with_a_platform_of_a_package_no_token_is_needed(shelf: Shelf) -> None:
    settings = Settings.load(openai_api_key="k", model="m", telegram_bot_token=None, slack_bot_token=None)
    with pytest.raises(ConfigError, match="is missing"):
        check_serving(settings)
    shelf.has("pigeons", "def it(host): return None", group=PLATFORMS, name="pigeons")
    check_serving(settings)
    assert platform_names() == ("pigeons",)
