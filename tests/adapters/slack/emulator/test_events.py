"""What the app hears of what people do."""

from typing import Any

import aiohttp
import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import CallMethod
from tests.adapters.slack.emulator.sockets import Socket, connected


async def heard(socket: Socket) -> dict[str, Any]:
    envelope = await socket.frame()
    await socket.ack(envelope)
    payload: dict[str, Any] = envelope["payload"]
    return payload


async def test_a_direct_message_arrives_in_full(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        ts = await ada.says("hi", dm)
        body = await heard(socket)
        event = body["event"]
        assert (body["type"], body["team_id"], body["api_app_id"]) == ("event_callback", "T1", "A1")
        assert body["authorizations"][0]["user_id"] == "UBOT"
        assert not body["is_ext_shared_channel"]
        assert (event["type"], event["channel_type"], event["ts"]) == ("message", "im", ts)
        assert (event["user"], event["team"], event["event_ts"]) == ("U1", "T1", ts)
        assert event["client_msg_id"]


async def test_one_mention_makes_two_events(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, general: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.says("<@UBOT> hi", general)
        message, mention = await heard(socket), await heard(socket)
        assert [body["event"]["type"] for body in (message, mention)] == ["message", "app_mention"]
        assert message["event_id"] != mention["event_id"]
        for field in ("ts", "client_msg_id", "text", "channel"):
            assert message["event"][field] == mention["event"][field]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a <b> & c", "a &lt;b&gt; &amp; c"),
        ("@parley hi", "<@UBOT> hi"),
        ("<@UBOT> hi", "<@UBOT> hi"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("me@parley.example", "me@parley.example"),
    ],
)
async def test_typed_text_is_escaped_but_for_mentions(
    slack: SlackEmulator, ada: Person, dm: Channel, typed: str, sent: str
) -> None:
    await ada.says(typed, dm)
    assert slack.messages(dm)[0].text == sent


async def test_where_the_bot_is_not_it_hears_nothing(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person
) -> None:
    room = slack.channel("C2", "elsewhere", members=[ada], bot=False)
    async with connected(slack, http) as socket:
        await ada.says("<@UBOT> hi", room)
        await ada.invites_bot(room)
        joined = (await heard(socket))["event"]
        assert (joined["type"], joined["user"], joined["inviter"]) == ("member_joined_channel", "UBOT", "U1")


async def test_the_bot_hears_itself(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await call("chat.postMessage", channel=dm.id, text="me")
        event = (await heard(socket))["event"]
        assert (event["bot_id"], event["user"]) == ("B1", "UBOT")


async def test_an_edit_carries_both_versions(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        ts = await ada.says("one", dm)
        await ada.edits(ts, "two", dm)
        await heard(socket)
        event = (await heard(socket))["event"]
        assert (event["subtype"], event["hidden"]) == ("message_changed", True)
        assert (event["message"]["text"], event["previous_message"]["text"]) == ("two", "one")
        assert event["message"]["ts"] == ts != event["ts"]


async def test_a_deletion_names_what_is_gone(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        ts = await ada.says("one", dm)
        await ada.deletes(ts, dm)
        await heard(socket)
        event = (await heard(socket))["event"]
        assert (event["subtype"], event["deleted_ts"]) == ("message_deleted", ts)


async def test_a_stranger_carries_their_team(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    ben = slack.person("U2", name="ben", team="T2")
    room = slack.channel("C2", "shared", members=[ben], shared=True)
    async with connected(slack, http) as socket:
        await ben.says("hi", room)
        body = await heard(socket)
        assert body["is_ext_shared_channel"]
        assert (body["team_id"], body["event"]["user_team"]) == ("T1", "T2")


async def test_stopping_names_the_streams(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, ada: Person, dm: Channel
) -> None:
    root = await ada.says("hi", dm)
    stream = await call(
        "chat.startStream", channel=dm.id, thread_ts=root, recipient_team_id="T1", recipient_user_id="U1"
    )
    await ada.stops(dm, stream["ts"])
    async with connected(slack, http) as socket:
        events = [(await heard(socket))["event"] for _ in range(3)]
        assert events[-1]["type"] == "agent_session_stopped"
        assert (events[-1]["thread_ts"], events[-1]["streaming_message_ts"]) == (root, [stream["ts"]])


async def test_a_file_is_shared_with_its_private_address(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.says("look", dm, files=(slack.file("a.txt", b"abc"),))
        event = (await heard(socket))["event"]
    assert event["subtype"] == "file_share"
    address = event["files"][0]["url_private"]
    async with http.get(address, headers={"Authorization": "Bearer xoxb-test"}) as response:
        assert await response.read() == b"abc"
    async with http.get(address) as response:
        assert response.content_type == "text/html"


async def test_home_and_oddities_arrive(slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person) -> None:
    async with connected(slack, http) as socket:
        await ada.opens_home("messages")
        assert (await heard(socket))["event"]["tab"] == "messages"
        slack.inject({"odd": 1})
        assert await heard(socket) == {"odd": 1}
