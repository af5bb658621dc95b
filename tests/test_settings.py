"""Settings: every mistake at once, by name, and never with a secret in it."""

import re
from pathlib import Path
from typing import Any

import pytest

from bot.domain.people import Identity
from bot.errors import ConfigError
from bot.needs import check_serving
from bot.settings import Settings

EXAMPLE = Path(__file__).parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def documented() -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def problems(**values: object) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        check_serving(Settings.load(**values))
    return list(refused.value.problems)


def test_the_example_documents_every_setting_and_no_other() -> None:
    assert sorted(documented()) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings.load()
    for name, value in documented().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == defaults


def test_a_dot_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MODEL=gpt-x\nDAILY_MESSAGES=7\n")
    settings = Settings.load()
    assert (settings.model, settings.daily_messages) == ("gpt-x", 7)


def test_every_problem_is_reported_at_once_and_by_name() -> None:
    found = problems(telegram_bot_token="nonsense", admins="x", timezone="Mars", http_port="many", language="tlh")
    named = {line.split()[0] for line in found}
    assert named == {"TELEGRAM_BOT_TOKEN", "ADMINS", "TIMEZONE", "LANGUAGE", "HTTP_PORT"}


def test_a_problem_never_shows_the_secret() -> None:
    assert "hunter2" not in "".join(problems(slack_bot_token="hunter2", telegram_bot_token="hunter2"))


def test_a_settings_object_never_shows_its_secrets() -> None:
    settings = Settings.load(openai_api_key="sk-hunter2")
    assert "hunter2" not in repr(settings) + str(settings)
    assert settings.secrets() == ["sk-hunter2"]


def test_serving_needs_a_platform_a_key_and_a_model() -> None:
    found = problems()
    assert "TELEGRAM_BOT_TOKEN or SLACK_BOT_TOKEN is missing" in found[0]
    assert [line.split()[0] for line in found[1:]] == ["OPENAI_API_KEY", "MODEL"]


def test_an_endpoint_of_ones_own_needs_no_key() -> None:
    settings = Settings.load(telegram_bot_token="1:a", openai_base_url="http://localhost:11434/v1", model="llama")
    check_serving(settings)
    assert settings.openai_api_key is None


def test_slack_needs_a_way_in() -> None:
    assert problems(slack_bot_token="xoxb-1", openai_api_key="k", model="m")[0].startswith("SLACK_APP_TOKEN is missing")


def test_admins_are_read_from_a_list() -> None:
    assert Settings.load(admins="telegram:123, slack:T1/U2").admins == {
        Identity(platform="telegram", user="123"),
        Identity(platform="slack", user="T1/U2"),
    }


@pytest.mark.parametrize(("value", "limit"), [("unlimited", None), ("0", 0), ("25", 25), ("", 100)])
def test_limits_are_numbers_or_unlimited(monkeypatch: pytest.MonkeyPatch, value: str, limit: int | None) -> None:
    monkeypatch.setenv("DAILY_MESSAGES", value)
    assert Settings.load().daily_messages == limit


def test_the_short_form_of_an_sqlite_url_will_do() -> None:
    assert Settings.load(database_url="sqlite:///x.db").database_url == "sqlite+aiosqlite:///x.db"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_form_of_a_postgresql_url_will_do(scheme: str) -> None:
    url = Settings.load(database_url=f"{scheme}://parley:p%40ss@db:5432/parley?sslmode=require").database_url
    assert url == "postgresql+psycopg://parley:p%40ss@db:5432/parley?sslmode=require"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "is no address of an SQLite file or of a PostgreSQL database"),
        ("parley.db", "is no address of an SQLite file or of a PostgreSQL database"),
        ("postgresql://db:5432", "names no database"),
        ("postgresql://u:p/w@db/parley", "is no address; a special character of the password is written as %XX"),
    ],
)
def test_a_database_parley_cannot_use_is_refused(url: str, said: str) -> None:
    assert problems(database_url=url)[0].startswith(f"DATABASE_URL {said}")


def test_the_password_of_the_database_is_a_secret() -> None:
    settings = Settings.load(database_url="postgresql://parley:long%20secret@db/parley")
    assert {"long%20secret", "long secret"} <= set(settings.secrets())


@pytest.mark.parametrize(
    ("given", "summary", "recall"),
    [
        ({}, 0, None),
        ({"context_policy": "truncate", "summary_tokens": 300, "recall_tokens": 300}, 0, 0),
        ({"context_policy": "summarize"}, 400, 0),
        ({"context_policy": "summarize", "summary_tokens": 200, "recall_tokens": 300}, 200, 0),
        ({"context_policy": "recall", "summary_tokens": 200, "recall_tokens": 0}, 200, 0),
    ],
)
def test_the_context_policy_switches_summary_and_recall(
    given: dict[str, Any], summary: int, recall: int | None
) -> None:
    policy = Settings.load(_env_file=None, **given).context()
    assert (policy.summary, policy.recall) == (summary, recall)
