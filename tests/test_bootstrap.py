"""How settings become an application."""

from pathlib import Path

import pytest

from bot.bootstrap import open_application
from bot.catalogs import open_catalog
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.errors import ConfigError
from bot.llm.emulator import Card, ModelEmulator
from bot.platforms import platforms_of
from bot.settings import Settings
from tests.fakes import FakePlatform


def test_a_platform_without_its_token_is_not_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    book = all_commands()
    assert platforms_of(Settings.load(), book) == []
    chosen = Settings.load(telegram_bot_token="1:a", openai_api_key="k", model="m")
    assert [platform.name for platform in platforms_of(chosen, book)] == ["telegram"]


async def test_a_model_that_is_not_offered_is_named_at_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with ModelEmulator() as emulator:
        settings = Settings.load(
            openai_base_url=emulator.url, model="retired-1", database_url=f"sqlite:///{tmp_path}/a.db"
        )
        book = all_commands()
        async with open_application(settings, [FakePlatform(book)], book):
            pass
    assert "model_not_offered" in caplog.text


async def test_the_window_is_what_the_endpoint_tells() -> None:
    async with ModelEmulator(models=(Card(name="small", window=4096),)) as emulator:
        catalog = await open_catalog(Settings.load(openai_base_url=emulator.url, model="small"), SystemClock())
    assert catalog.default.first.window == 4096


async def test_a_model_nobody_knows_gets_no_window_that_is_a_guess() -> None:
    settings = Settings.load(openai_base_url="http://127.0.0.1:9/v1", model="nobody-knows")
    assert (await open_catalog(settings, SystemClock())).default.first.window == 8192


async def test_a_models_file_is_read_and_its_mistakes_are_told(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[endpoints]]\nname = 1\n")
    settings = Settings.load(parley_models=str(tmp_path / "models.toml"))
    with pytest.raises(ConfigError, match=r"models\.toml"):
        await open_catalog(settings, SystemClock())
