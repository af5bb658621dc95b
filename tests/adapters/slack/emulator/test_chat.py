import pytest

from adapters.slack.emulator import Channel, Link, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import CallMethod


async def test_a_posted_message_is_seen(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    answer = await call("chat.postMessage", channel=dm.id, text="hi")
    (message,) = slack.messages(dm)
    assert (message.ts, message.text, message.user) == (answer["ts"], "hi", "UBOT")
    assert answer["message"]["bot_id"] == "B1"


async def test_posting_to_a_person_reaches_their_direct_messages(
    slack: SlackEmulator, call: CallMethod, ada: Person
) -> None:
    answer = await call("chat.postMessage", channel=ada.id, text="hi")
    assert answer["channel"] == slack.dm(ada).id


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C404", "text": "hi"}, "channel_not_found"),
        ({"text": "hi"}, "channel_not_found"),
        ({"channel": "C1"}, "no_text"),
        ({"channel": "C1", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"channel": "C1", "markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"channel": "C1", "markdown_text": "x", "blocks": [{"type": "divider"}]}, "markdown_text_conflict"),
        ({"channel": "C1", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
        ({"channel": "C1", "blocks": "["}, "invalid_blocks_format"),
        ({"channel": "C1", "blocks": [{"type": "poem"}]}, "invalid_blocks"),
    ],
)
async def test_what_cannot_be_posted(call: CallMethod, general: Channel, args: dict[str, object], error: str) -> None:
    assert (await call("chat.postMessage", **args))["error"] == error


async def test_the_bot_must_be_in_the_channel(slack: SlackEmulator, call: CallMethod) -> None:
    slack.channel("C2", "elsewhere", bot=False)
    assert (await call("chat.postMessage", channel="C2", text="hi"))["error"] == "not_in_channel"


async def test_a_private_channel_without_the_bot_does_not_exist(slack: SlackEmulator, call: CallMethod) -> None:
    slack.channel("C2", "secret", bot=False, private=True)
    assert (await call("chat.postMessage", channel="C2", text="hi"))["error"] == "channel_not_found"


async def test_a_channel_may_be_called_by_name(call: CallMethod, general: Channel) -> None:
    assert (await call("chat.postMessage", channel="#general", text="hi"))["channel"] == "C1"


async def test_text_is_cut_at_forty_thousand(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    await call("chat.postMessage", channel=dm.id, text="x" * 40_001)
    assert len(slack.messages(dm)[0].text) == 40_000


async def test_a_reply_to_a_reply_goes_to_the_root(
    slack: SlackEmulator, call: CallMethod, ada: Person, general: Channel
) -> None:
    root = await ada.says("one", general)
    reply = await ada.says("two", general, thread_ts=root)
    await call("chat.postMessage", channel="C1", text="three", thread_ts=reply)
    assert slack.messages(general)[-1].thread_ts == root


@pytest.mark.parametrize("field", ["text", "markdown_text"])
async def test_pings_and_disguised_links_are_found_in_text_and_markdown(
    slack: SlackEmulator, call: CallMethod, dm: Channel, field: str
) -> None:
    await call("chat.postMessage", channel=dm.id, **{field: "<!here> <@U1> <https://a.example|b>"})
    (message,) = slack.messages(dm)
    assert message.pings == ["!here", "@U1"]
    assert message.links == [Link(url="https://a.example", label="b")]


async def test_pings_are_found_in_blocks(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    await call("chat.postMessage", channel=dm.id, blocks=[{"type": "markdown", "text": "<!channel>"}])
    assert slack.messages(dm)[0].pings == ["!channel"]


async def test_escaped_controls_are_harmless(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    await call("chat.postMessage", channel=dm.id, markdown_text="&lt;!channel&gt; &lt;https://a.example|b&gt;")
    (message,) = slack.messages(dm)
    assert (message.pings, message.links) == ([], [])


async def test_stray_signs_are_stored_escaped(call: CallMethod, dm: Channel) -> None:
    answer = await call("chat.postMessage", channel=dm.id, text="a & b <c> &amp; <@U1>")
    assert answer["message"]["text"] == "a &amp; b &lt;c&gt; &amp; <@U1>"


async def test_an_update_replaces_text_and_removes_blocks(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    posted = await call("chat.postMessage", channel=dm.id, text="one", blocks=[{"type": "divider"}])
    await call("chat.update", channel=dm.id, ts=posted["ts"], text="two")
    (message,) = slack.messages(dm)
    assert (message.text, message.blocks) == ("two", ())
    assert message.edited


async def test_an_update_with_blocks_leaves_no_mark(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    posted = await call("chat.postMessage", channel=dm.id, text="one")
    await call("chat.update", channel=dm.id, ts=posted["ts"], text="two", blocks=[{"type": "divider"}])
    assert slack.messages(dm)[0].edited is None


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"text": "x" * 4_001}, "msg_too_long"),
        ({"text": "x", "ts": "1.2"}, "message_not_found"),
        ({}, "no_text"),
    ],
)
async def test_what_cannot_be_updated(call: CallMethod, dm: Channel, args: dict[str, object], error: str) -> None:
    posted = await call("chat.postMessage", channel=dm.id, text="one")
    answer = await call("chat.update", **({"channel": dm.id, "ts": posted["ts"]} | args))
    assert answer["error"] == error


async def test_messages_of_others_are_left_alone(call: CallMethod, ada: Person, dm: Channel) -> None:
    ts = await ada.says("mine", dm)
    assert (await call("chat.update", channel=dm.id, ts=ts, text="x"))["error"] == "cant_update_message"
    assert (await call("chat.delete", channel=dm.id, ts=ts))["error"] == "cant_delete_message"


async def test_a_deleted_message_is_gone(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    posted = await call("chat.postMessage", channel=dm.id, text="one")
    await call("chat.delete", channel=dm.id, ts=posted["ts"])
    assert slack.messages(dm) == []
    assert (await call("chat.delete", channel=dm.id, ts=posted["ts"]))["error"] == "message_not_found"


async def test_an_ephemeral_message_is_for_one(
    slack: SlackEmulator, call: CallMethod, ada: Person, general: Channel
) -> None:
    answer = await call("chat.postEphemeral", channel="C1", user=ada.id, text="psst")
    (message,) = slack.messages(general)
    assert (message.ephemeral_for, message.ts) == (ada.id, answer["message_ts"])
    update = await call("chat.update", channel="C1", ts=message.ts, text="x")
    assert update["error"] == "message_not_found"


async def test_an_ephemeral_message_needs_someone_there(call: CallMethod, general: Channel) -> None:
    answer = await call("chat.postEphemeral", channel="C1", user="U9", text="psst")
    assert answer["error"] == "user_not_in_channel"
