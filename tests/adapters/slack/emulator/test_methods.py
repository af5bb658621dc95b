"""The smaller methods: conversations, users, status, sessions, reactions, files."""

from typing import Any

import aiohttp
import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import CallMethod, Clock


async def test_users_info_tells_guests_and_strangers(slack: SlackEmulator, call: CallMethod) -> None:
    slack.person("U2", name="ben", locale="zh-CN", is_guest=True, team="T2")
    user = (await call("users.info", user="U2", include_locale=True))["user"]
    assert (user["is_restricted"], user["is_stranger"], user["locale"]) == (True, True, "zh-CN")
    assert (await call("users.info", user="U9"))["error"] == "user_not_found"


async def test_the_team_the_bot_and_its_conversations(call: CallMethod, general: Channel, dm: Channel) -> None:
    assert (await call("team.info"))["team"]["id"] == "T1"
    assert (await call("bots.info", bot="B1"))["bot"]["user_id"] == "UBOT"
    assert (await call("bots.info", bot="B2"))["error"] == "bot_not_found"
    rooms = (await call("users.conversations", types="public_channel,im"))["channels"]
    assert [room["id"] for room in rooms] == [general.id, dm.id]


async def test_conversations_are_described_and_opened(call: CallMethod, ada: Person, general: Channel) -> None:
    assert (await call("conversations.info", channel="C1"))["channel"]["is_member"]
    assert (await call("conversations.members", channel="C1"))["members"] == ["U1", "UBOT"]
    assert (await call("conversations.open", users="U1"))["channel"]["id"] == "DU1"
    assert (await call("conversations.open", users="U9"))["error"] == "user_not_found"


async def test_history_is_newest_first_and_paged(call: CallMethod, ada: Person, dm: Channel) -> None:
    for text in ("one", "two", "three"):
        await ada.says(text, dm)
    first = await call("conversations.history", channel=dm.id, limit=2)
    assert [message["text"] for message in first["messages"]] == ["three", "two"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = await call("conversations.history", channel=dm.id, limit=2, cursor=cursor)
    assert ([message["text"] for message in rest["messages"]], rest["has_more"]) == (["one"], False)


async def test_replies_begin_with_the_root(call: CallMethod, ada: Person, dm: Channel) -> None:
    root = await ada.says("one", dm)
    await ada.says("two", dm, thread_ts=root)
    thread = (await call("conversations.replies", channel=dm.id, ts=root))["messages"]
    assert [message["text"] for message in thread] == ["one", "two"]
    assert thread[0]["reply_count"] == 1
    assert (await call("conversations.replies", channel=dm.id, ts="1.2"))["error"] == "thread_not_found"
    history = (await call("conversations.history", channel=dm.id))["messages"]
    assert [message["text"] for message in history] == ["one"]


async def test_a_status_ends_by_itself_or_by_a_message(
    slack: SlackEmulator, clock: Clock, call: CallMethod, ada: Person, dm: Channel
) -> None:
    root = await ada.says("hi", dm)
    where: dict[str, Any] = {"channel_id": dm.id, "thread_ts": root}
    await call("assistant.threads.setStatus", **where, status="thinks", loading_messages=["a"])
    assert slack.status(dm, root) == "thinks"
    await call("chat.postMessage", channel=dm.id, thread_ts=root, text="x")
    assert slack.status(dm, root) is None
    await call("assistant.threads.setStatus", **where, status="thinks")
    clock.ahead = 121
    assert slack.status(dm, root) is None


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"thread_ts": "1.2", "status": "x"}, "invalid_thread_ts"),
        ({"channel_id": "C9", "status": "x"}, "channel_not_found"),
        ({"status": "x", "loading_messages": ["x"] * 11}, "invalid_arguments"),
        ({}, "invalid_arguments"),
    ],
)
async def test_what_is_no_status(call: CallMethod, ada: Person, dm: Channel, args: dict[str, Any], error: str) -> None:
    root = await ada.says("hi", dm)
    answer = await call("assistant.threads.setStatus", **({"channel_id": dm.id, "thread_ts": root} | args))
    assert answer["error"] == error


async def test_a_session_keeps_its_first_title_until_renamed(
    slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel
) -> None:
    root = await ada.says("hi", dm)
    where = {"channel_id": dm.id, "thread_ts": root}
    assert (await call("agents.sessions.rename", **where, title="x"))["error"] == "session_not_found"
    await call("agents.sessions.setStatus", **where, status="processing", title="one")
    await call("agents.sessions.setStatus", **where, status="active", title="two")
    session = slack.session(dm, root)
    assert session
    assert (session.status, session.title) == ("active", "one")
    await call("agents.sessions.rename", **where, title="three")
    renamed = slack.session(dm, root)
    assert renamed
    assert renamed.title == "three"
    assert (await call("agents.sessions.setStatus", **where, status="odd"))["error"] == "invalid_status"
    no_thread = await call("agents.sessions.setStatus", channel_id=dm.id, status="active")
    assert no_thread["error"] == "thread_ts_required"


async def test_a_processing_session_can_be_stopped_before_it_streams(
    slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel
) -> None:
    root = await ada.says("hi", dm)
    await call("agents.sessions.setStatus", channel_id=dm.id, thread_ts=root, status="processing")
    before = slack.unacknowledged
    await ada.stops(dm, root)
    assert slack.unacknowledged == before + 1


async def test_titles_and_prompts_are_kept(slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel) -> None:
    root = await ada.says("hi", dm)
    await call("assistant.threads.setTitle", channel_id=dm.id, thread_ts=root, title="t")
    prompts = [{"title": "a", "message": "b"}]
    await call("assistant.threads.setSuggestedPrompts", channel_id=dm.id, prompts=prompts)
    assert (slack.title(dm, root), slack.prompts(dm)) == ("t", prompts)
    many = await call("assistant.threads.setSuggestedPrompts", channel_id=dm.id, prompts=prompts * 5)
    assert many["error"] == "invalid_arguments"


async def test_a_reaction_counts_once(slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel) -> None:
    ts = await ada.says("hi", dm)
    eyes = {"channel": dm.id, "timestamp": ts, "name": "eyes"}
    assert (await call("reactions.remove", **eyes))["error"] == "no_reaction"
    assert (await call("reactions.add", **eyes))["ok"]
    assert (await call("reactions.add", **eyes))["error"] == "already_reacted"
    assert slack.messages(dm)[0].reactions == {"eyes": ("UBOT",)}
    assert (await call("reactions.remove", **eyes))["ok"]
    assert slack.messages(dm)[0].reactions == {}
    assert (await call("reactions.add", **eyes | {"name": "No!"}))["error"] == "invalid_name"
    assert (await call("reactions.add", **eyes | {"timestamp": "1.2"}))["error"] == "message_not_found"


async def test_a_file_goes_up_in_three_steps(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, dm: Channel
) -> None:
    place = await call("files.getUploadURLExternal", filename="a.txt", length=3)
    unfinished = {"files": [{"id": place["file_id"], "title": "A"}], "channel_id": dm.id}
    assert (await call("files.completeUploadExternal", **unfinished))["error"] == "file_not_found"
    async with http.post(place["upload_url"], data=b"abc") as response:
        assert response.status == 200
    assert (await call("files.completeUploadExternal", **unfinished, initial_comment="see"))["ok"]
    (message,) = slack.messages(dm)
    assert (message.text, message.files[0]["title"]) == ("see", "A")
