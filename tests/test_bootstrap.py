"""How settings become an application."""

from pathlib import Path

import pytest

from bot.bootstrap import _only_process, _window, open_application, platforms_of
from bot.commands import all_commands
from bot.errors import ConfigError
from bot.llm.emulator import ModelEmulator
from bot.settings import Settings
from tests.fakes import FakePlatform


def test_a_second_process_on_the_same_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    with _only_process(url), pytest.raises(ConfigError, match="another Parley process"), _only_process(url):
        pass


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    with _only_process(url):
        pass
    with _only_process(url):
        assert (tmp_path / "a.db.lock").exists()


@pytest.mark.parametrize(
    ("model", "told", "window"),
    [
        ("gpt-5-mini", None, 16_000),
        ("nobody-knows", None, 8_192),
        ("llama", 4_096, 4_096),
        ("llama", 128_000, 16_000),
        ("openai/gpt-4o", None, 16_000),
    ],
)
def test_the_window_is_what_is_known_and_thrifty(model: str, told: int | None, window: int) -> None:
    assert _window(model, told) == window


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
