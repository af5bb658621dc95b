"""slack_sdk's synchronous clients, which share no code with aiohttp, in a thread."""

import asyncio
import queue
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.emulator import Channel, Person, SlackEmulator


@pytest.fixture
def web(slack: SlackEmulator) -> WebClient:
    return WebClient("xoxb-test", base_url=slack.url)


async def test_identity_is_told(web: WebClient) -> None:
    answer = await asyncio.to_thread(web.auth_test)
    assert (answer["user_id"], answer["team_id"]) == ("UBOT", "T1")


async def test_posting_updating_reacting_deleting(slack: SlackEmulator, web: WebClient, dm: Channel) -> None:
    def work() -> str:
        ts = str(web.chat_postMessage(channel=dm.id, text="one")["ts"])
        web.chat_update(channel=dm.id, ts=ts, text="two")
        web.reactions_add(channel=dm.id, timestamp=ts, name="eyes")
        return ts

    ts = await asyncio.to_thread(work)
    (message,) = slack.messages(dm)
    assert (message.text, message.reactions) == ("two", {"eyes": ("UBOT",)})
    await asyncio.to_thread(web.chat_delete, channel=dm.id, ts=ts)
    assert not slack.messages(dm)


async def test_streaming_with_the_sdk_helper(slack: SlackEmulator, web: WebClient, ada: Person, dm: Channel) -> None:
    ts = await ada.says("hi", dm)

    def work() -> None:
        stream = web.chat_stream(channel=dm.id, thread_ts=ts, recipient_team_id="T1", recipient_user_id="U1")
        stream.append(markdown_text="x" * 300)
        stream.stop(markdown_text="y")

    await asyncio.to_thread(work)
    assert slack.messages(dm)[-1].markdown == "x" * 300 + "y"


async def test_an_error_raises_with_its_name(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as raised:
        await asyncio.to_thread(web.chat_postMessage, channel="C404", text="x")
    assert raised.value.response["error"] == "channel_not_found"


async def test_a_limit_raises_with_its_delay(slack: SlackEmulator, web: WebClient) -> None:
    slack.faults.next("auth.test", retry_after=9)
    with pytest.raises(SlackApiError) as raised:
        await asyncio.to_thread(web.auth_test)
    assert raised.value.response.headers["retry-after"] == "9"


async def test_a_file_is_uploaded(slack: SlackEmulator, web: WebClient, dm: Channel) -> None:
    await asyncio.to_thread(web.files_upload_v2, channel=dm.id, content="abc", filename="a.txt", initial_comment="see")
    assert [file["name"] for file in slack.messages(dm)[0].files] == ["a.txt"]


@pytest.fixture
def received(slack: SlackEmulator) -> Iterator[tuple[SocketModeClient, "queue.Queue[Any]"]]:
    client = SocketModeClient("xapp-test", web_client=WebClient(base_url=slack.url))
    bodies: queue.Queue[Any] = queue.Queue()

    def listen(connection: BaseSocketModeClient, request: SocketModeRequest) -> None:
        bodies.put(request.payload)
        connection.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client.socket_mode_request_listeners.append(listen)
    yield client, bodies
    client.close()


async def test_the_builtin_socket_mode_client_hears_and_acknowledges(
    slack: SlackEmulator,
    received: tuple[SocketModeClient, "queue.Queue[Any]"],
    ada: Person,
    dm: Channel,
) -> None:
    client, bodies = received
    await asyncio.to_thread(client.connect)
    await slack.until(lambda: slack.connections == 1)
    await ada.says("hi", dm)
    body = await asyncio.to_thread(bodies.get, timeout=20)
    assert body["event"]["text"] == "hi"
    await slack.until(lambda: slack.unacknowledged == 0)
    await asyncio.to_thread(client.close)
    await slack.until(lambda: slack.connections == 0)
