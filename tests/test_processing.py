"""The record of processing says what the settings come to, and what they do not say it leaves open."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.catalogs import offline_catalog
from bot.disclosure import Disclosure, disclosure_of
from bot.errors import ConfigError
from bot.masking import masking_of
from bot.processing import as_page, record, record_of
from bot.settings import Settings
from bot.storage.limits import StoredPlan
from bot.storage.migrate import upgrade

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MODELS = """
[[endpoints]]
name = "one"
base_url = "https://one.example.com/v1"
keys = []
[[endpoints.models]]
name = "big"
window = 8000
[[endpoints]]
name = "two"
base_url = "http://gpu.example.com/v1"
keys = []
[[endpoints.models]]
name = "small"
window = 8000
[chains]
default = ["one/big", "two/small"]
"""


def told(**settings: Any) -> str:
    return record(disclosed(**settings), {}, default_plan="free", now=NOW)


def disclosed(*, sealed: bool = False, **settings: Any) -> Disclosure:
    chosen = Settings.load(**{"openai_api_key": "k", "model": "m"} | settings)
    return disclosure_of(chosen, offline_catalog(chosen), masking_of(chosen), sealed=sealed)


def rows(record: str, host: str) -> list[str]:
    return [line for line in record.splitlines() if line.startswith(f"| {host} ")]


def test_the_platforms_whose_tokens_are_set_are_named_and_no_other() -> None:
    said = told(telegram_bot_token="1:a")
    assert len(rows(said, "api.telegram.org")) == 1
    assert "slack.com" not in said
    assert len(rows(told(slack_bot_token="xoxb-1"), "slack.com")) == 1


def test_every_endpoint_is_a_recipient_and_it_is_said_where_the_way_there_is_open(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(MODELS)
    said = told(parley_models=str(tmp_path / "models.toml"))
    assert "(`big`)" in rows(said, "one.example.com")[0]
    assert rows(said, "one.example.com")[0].endswith("| nothing | encrypted |")
    assert rows(said, "gpu.example.com")[0].endswith("**not encrypted** |")


def test_moderation_and_transcription_are_recipients_when_they_are_on() -> None:
    assert len(rows(told(), "api.openai.com")) == 1
    on = {"moderation": "block", "moderation_model": "omni", "transcription_model": "whisper-1"}
    assert len(rows(told(**on), "api.openai.com")) == 3
    assert len(rows(told(**on | {"moderation": "off"}), "api.openai.com")) == 2


def test_what_is_hidden_is_told_for_each_recipient() -> None:
    said = told(masking_plans="vip=true", transcription_model="whisper-1", moderation="flag", moderation_model="omni")
    answers, moderation, transcription = rows(said, "api.openai.com")
    assert "EMAIL, PHONE, CARD, IBAN, IP, KEY: yes on vip, no on other plans; always in groups" in answers
    assert "| EMAIL, PHONE, CARD, IBAN, IP, KEY |" in moderation
    assert "| nothing |" in transcription


def test_how_long_each_plan_keeps_words_is_told() -> None:
    plans = {"free": StoredPlan(priority=0, keep=90), "vip": StoredPlan(priority=2, keep=None)}
    said = record(disclosed(keep_events_days=14), plans, default_plan="free", now=NOW)
    assert "| words of people on the plan free, the default | 90 days, or until forgotten |" in said
    assert "| words of other people | until the person has them forgotten |" in said
    assert "answers on their way | 14 days |" in said
    assert "| words | until the person has them forgotten |" in told()


def test_the_response_cache_and_who_reads_along_are_told_when_they_are_on() -> None:
    assert "same question" not in told()
    assert "same question | 60 seconds" in told(response_cache="account", response_cache_seconds=60)
    assert "no admin through the bot" in told(dashboard_messages=True)
    assert "may read" in told(dashboard_messages=True, dashboard_url="https://bot.example.org/dashboard")


def test_where_words_are_kept_is_told_without_a_password() -> None:
    said = told(database_url="postgresql://parley:hunter2@db.example.com/parley")
    assert "PostgreSQL at db.example.com" in said
    assert "hunter2" not in said
    assert "an SQLite file" in told()


def test_whether_it_is_encrypted_there_is_told() -> None:
    assert "what was said is not encrypted by Parley" in told()
    sealed = record(disclosed(sealed=True), {}, default_plan="free", now=NOW)
    assert "what was said is encrypted with a key of the operator's" in sealed


def test_who_gets_no_words_is_told_too() -> None:
    said = told(sentry_dsn="https://secret@sentry.example.com/1", otel_exporter_otlp_endpoint="http://otel.example.com")
    assert len(rows(said, "sentry.example.com")) == len(rows(said, "otel.example.com")) == 1
    assert "secret@" not in said


def test_what_no_setting_says_is_left_to_the_operator() -> None:
    assert told().count("*(yours to fill in)*") == 5


def test_as_a_page_it_is_one_table_for_each_and_loads_nothing() -> None:
    page = as_page(told(model="<script>"))
    assert page.count("<table>") == 5
    assert "<script" not in page
    assert "http" not in page


async def test_a_models_file_with_a_mistake_makes_no_record_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[endpoints]]\nname = 1\n")
    with pytest.raises(ConfigError, match="models"):
        await record_of(Settings.load(parley_models=str(tmp_path / "models.toml")), NOW)
    with pytest.raises(ConfigError, match="MODEL"):
        await record_of(Settings.load(openai_api_key="k"), NOW)


@pytest.mark.parametrize("form", ["md", "html"])
def test_the_command_prints_it_from_settings_and_database(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    upgrade(url)
    for name, value in {"DATABASE_URL": url, "MODEL": "m", "OPENAI_API_KEY": "k"}.items():
        monkeypatch.setenv(name, value)
    printed = CliRunner().invoke(main, ["privacy", "--format", form])
    assert printed.exit_code == 0, printed.output
    assert printed.output.startswith("# Record of processing" if form == "md" else "<!doctype html>")
    assert "api.openai.com" in printed.output
