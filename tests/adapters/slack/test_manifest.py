"""What `parley slack manifest` prints, read as Slack reads it."""

from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from adapters.slack.manifest import manifest
from adapters.slack.scopes import FOLLOWING, SCOPES
from bot.__main__ import main
from bot.settings import Settings

ADDRESS = "https://bot.example.org/slack/events"


def made(**how: Any) -> Any:
    return yaml.safe_load(manifest(how.pop("name", "Parley"), **{"agent": False, "follow": False, **how}))


def events(app: Any) -> set[str]:
    return set(app["settings"]["event_subscriptions"]["bot_events"])


def test_the_scopes_asked_for_are_those_that_are_checked() -> None:
    asked = [set(made(follow=follow)["oauth_config"]["scopes"]["bot"]) for follow in (False, True)]
    assert asked == [SCOPES, SCOPES | FOLLOWING]


def test_an_agent_has_its_view_and_its_stop_button() -> None:
    agent, plain = made(agent=True, prompts=[("Hi", "Hello there")]), made()
    assert agent["features"]["agent_view"]["suggested_prompts"] == [{"title": "Hi", "message": "Hello there"}]
    assert events(agent) - events(plain) == {"agent_session_stopped"}
    assert "agent_view" not in plain["features"]
    assert all(app["features"]["app_home"]["home_tab_enabled"] for app in (agent, plain))


def test_threads_are_heard_by_apps_that_follow_them() -> None:
    assert events(made(follow=True)) - events(made()) == {"message.channels", "message.groups"}


def test_socket_mode_needs_no_address_and_http_has_it_three_times() -> None:
    socket, http = made(), made(url=ADDRESS)
    assert socket["settings"]["socket_mode_enabled"]
    assert ADDRESS not in str(socket)
    assert not http["settings"]["socket_mode_enabled"]
    assert http["settings"]["interactivity"]["request_url"] == ADDRESS
    assert http["settings"]["event_subscriptions"]["request_url"] == ADDRESS
    assert http["features"]["slash_commands"][0]["url"] == ADDRESS


def test_a_name_is_a_name_whatever_stands_in_it() -> None:
    name = 'The "$url" bot: #if agent'
    app = made(name=name)
    assert app["display_information"]["name"] == app["features"]["bot_user"]["display_name"] == name


def test_the_command_prints_what_the_settings_want(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_AGENT", "true")
    printed = CliRunner().invoke(main, ["slack", "manifest", "--name", "Ada", "--mention"])
    assert printed.exit_code == 0, printed.output
    app = yaml.safe_load(printed.output)
    assert app["display_information"]["name"] == "Ada"
    assert "agent_session_stopped" in events(app)
    assert "message.channels" not in events(app)
