from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.inbound import Rules, arrival, microseconds, parse
from bot.domain.updates import Arrival, Invocation, Update
from tests.adapters.slack.conftest import book

Body = dict[str, Any]
RULES = Rules(commands=book())
TS = "1700000000.000100"


def message(text: str = "hello", **event: Any) -> Body:
    """A direct message."""
    said = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "text": text, "ts": TS}
    return {
        "token": "verification-secret",
        "team_id": "T1",
        "type": "event_callback",
        "event_id": "Ev1",
        "event": {**said, "event_ts": TS, "team": "T1", "blocks": [{"type": "rich_text"}], **event},
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True}],
    }


def in_channel(text: str, **event: Any) -> Body:
    return message(text, channel="C1", channel_type="channel", **event)


def command(text: str, **body: Any) -> Body:
    return {
        "team_id": "T1",
        "command": "/parley",
        "text": text,
        "user_id": "U1",
        "user_name": "ada",
        "channel_id": "C1",
        "channel_name": "general",
        "response_url": "https://hooks.slack.com/commands/T1/1/x",
        "trigger_id": "1.2.3",
        **body,
    }


def arrived(body: Body, rules: Rules = RULES) -> Arrival | None:
    return arrival(body, rules, bot="UBOT", now=5)


def heard(body: Body, rules: Rules = RULES) -> Update | None:
    found = arrived(body, rules)
    return parse(found.payload, rules) if found else None


def understood(body: Body, rules: Rules = RULES) -> Update:
    update = heard(body, rules)
    assert update is not None
    return update


def test_a_mention_and_its_message_are_one_arrival() -> None:
    twins = [in_channel("<@UBOT> hi"), in_channel("<@UBOT> hi", type="app_mention")]
    del twins[1]["event"]["channel_type"]
    twins[1]["event_id"] = "Ev2"
    first, second = (arrived(twin) for twin in twins)
    assert first is not None
    assert second is not None
    assert (first.source, first.event, first.lane, first.order) == (
        second.source,
        second.event,
        second.lane,
        second.order,
    )
    assert understood(twins[0]) == understood(twins[1])


def test_the_order_is_the_time_in_microseconds() -> None:
    found = arrived(message())
    assert found is not None
    assert found.order == 1_700_000_000_000_100 == microseconds(TS)


def test_secrets_and_doubles_are_not_stored() -> None:
    found = arrived(message())
    assert found is not None
    assert "verification-secret" not in str(found.payload)
    assert "rich_text" not in str(found.payload)


def test_in_a_channel_the_thread_is_the_conversation() -> None:
    assert understood(in_channel("<@UBOT> hi")).place.key == f"slack:T1/C1#{TS}"
    assert understood(in_channel("<@UBOT> hi", thread_ts="1.0")).place.key == "slack:T1/C1#1.0"


def test_a_direct_chat_is_one_conversation_but_for_its_threads() -> None:
    assert understood(message()).place.key == "slack:T1/D1"
    assert understood(message(thread_ts="1.0")).place.key == "slack:T1/D1#1.0"


def test_an_app_declared_as_agent_answers_each_direct_message_in_a_thread() -> None:
    rules = Rules(commands=book(), direct_threads=True)
    assert understood(message(), rules).place.key == f"slack:T1/D1#{TS}"


@pytest.mark.parametrize(
    "body",
    [
        in_channel("nobody asked"),
        in_channel("hello <@U2>"),
        in_channel("hello <@UBOT2>"),
        message(bot_id="B1"),
        message(user="UBOT"),
        message(subtype="message_changed", hidden=True),
        message(subtype="message_deleted"),
        message(subtype="channel_join"),
        message(subtype="bot_message"),
        message(type="reaction_added"),
        {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": [{"action_id": "x"}]},
        {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"}},
    ],
)
def test_what_is_not_for_the_bot_is_forgotten(body: Body) -> None:
    assert arrived(body) is None


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_messages_with_files_and_broadcast_replies_count(subtype: str) -> None:
    assert understood(message(subtype=subtype)).text == "hello"


def test_people_of_other_organisations_carry_that_they_are() -> None:
    sender = understood(message(user_team="T2")).sender
    assert (str(sender.identity), sender.belonging) == ("slack:T2/U1", "external")


def test_whether_somebody_is_a_guest_is_not_in_an_event() -> None:
    assert understood(message()).sender.belonging is None


@pytest.mark.parametrize(
    "body",
    [
        {"event": {"type": "message", "channel": "D1", "user": "U1", "text": 5}, "event_id": "Ev1", "team_id": "T1"},
        {"event": {"type": "message", "channel": "D1", "user": "U1", "ts": "1.0"}, "event_id": "Ev1"},
        {"event": 5},
        {"event": {}},
        {"command": "/parley", "team_id": "T1"},
        {"authorizations": 3, "event": {"type": "message"}},
        {"event": {"type": "message", "user": "U1", "channel": "D1", "ts": "soon"}, "team_id": "T1"},
    ],
)
def test_what_cannot_be_read_is_kept_as_poison(body: Body) -> None:
    found = arrived(body)
    assert found is not None
    assert (found.poison, found.lane) == (True, "slack:quarantine")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "type", "channel", "user", "text", "ts", "team_id", "authorizations", "actions"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["event", "type", "team_id", "command", "user", "authorizations"]), JSON))
def test_no_body_raises(body: Body) -> None:
    found = arrived(body)
    assert found is None or found.source.startswith("slack:")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
        ("see <https://a.b/?x=1&amp;y=2|the page>", "see the page (https://a.b/?x=1&y=2)"),
        ("<https://a.b>", "https://a.b"),
        ("<mailto:ada@a.b|ada@a.b>", "ada@a.b"),
        ("in <#C2|random> and <#C3>", "in #random and #C3"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|today>", "@here @team today"),
        ("ask <@U2|ben> or <@U3>", "ask @ben or @U3"),
        ("&lt;@U2&gt;", "<@U2>"),
    ],
)
def test_slack_text_is_read_as_it_was_typed(raw: str, text: str) -> None:
    assert understood(message(raw)).text == text


@pytest.mark.parametrize("raw", ["<@UBOT> hi", "hi <@UBOT>", "<@UBOT>: hi", "<@UBOT|parley>, hi", "<@UBOT>hi"])
def test_the_mention_of_the_bot_is_cut(raw: str) -> None:
    assert understood(in_channel(raw)).text == "hi"


def test_a_spoken_command_names_people_by_identity() -> None:
    update = understood(in_channel("<@UBOT> quota set <@U2> messages 5"))
    assert update.invocation == Invocation(name="quota", arguments="set slack:T1/U2 messages 5")
    assert [str(person.identity) for person in update.mentioned] == ["slack:T1/U2"]


def test_a_sentence_that_begins_like_a_command_is_a_sentence() -> None:
    assert understood(message("help me write a poem")).invocation is None


def test_a_slash_command_is_an_invocation() -> None:
    update = understood(command("Quota set <@U2|ben> messages 5"))
    assert update.invocation == Invocation(name="quota", arguments="set slack:T1/U2 messages 5")
    assert (update.sender.name, update.sender.username, update.message) == ("ada", "ada", "")
    assert (update.place.key, update.place.private) == ("slack:T1/C1", False)
    assert [(str(person.identity), person.name) for person in update.mentioned] == [("slack:T1/U2", "ben")]


def test_an_empty_slash_command_asks_for_help() -> None:
    assert understood(command("  ")).invocation == Invocation(name="help")


def test_a_slash_command_in_a_direct_chat_is_private() -> None:
    assert understood(command("help", channel_id="D1")).place.private


def test_commands_that_overtake_have_their_own_lane() -> None:
    lanes = [found.lane for text in ("quota show", "new") if (found := arrived(command(text)))]
    assert lanes == ["slack:T1/C1!", "slack:T1/C1"]


def test_a_button_of_ours_is_a_command_of_the_one_who_pressed() -> None:
    action = {"action_id": "parley.quota", "value": "show", "action_ts": "1700000000.5"}
    body = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U2", "username": "ben", "team_id": "T1"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "2.0", "thread_ts": "1.0"},
        "actions": [action],
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "trigger_id": "4.5.6",
    }
    update = understood(body)
    assert update.invocation == Invocation(name="quota", arguments="show")
    assert str(update.sender.identity) == "slack:T1/U2"
    assert (update.place.key, update.message) == ("slack:T1/C1#1.0", "2.0")


def test_the_stop_button_is_the_stop_command() -> None:
    update = understood(message(type="agent_session_stopped", thread_ts="1.0", channel="C1", channel_type="channel"))
    assert update.invocation == Invocation(name="stop")
    assert update.place.key == "slack:T1/C1#1.0"


def test_a_payload_that_is_not_ours_is_refused() -> None:
    with pytest.raises(KeyError):
        parse({}, RULES)
