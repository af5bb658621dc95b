from contextlib import AsyncExitStack

import aiohttp
import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.sockets import connected, link


async def test_hello_counts_the_connections(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http), http.ws_connect(await link(slack, http)) as second:
        hello = await second.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 2)
        assert hello["connection_info"] == {"app_id": "A1"}


async def test_a_ticket_opens_one_connection(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    url = await link(slack, http)
    async with http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(url)


async def test_an_acknowledged_event_does_not_come_again(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.says("hi", dm)
        envelope = await socket.frame()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
        assert envelope["retry_attempt"] == 0
        await socket.ack(envelope)
        await slack.until(lambda: slack.unacknowledged == 0)
        assert await socket.silent(0.4)


async def test_an_unacknowledged_event_comes_three_times_more(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.says("hi", dm)
        frames = [await socket.frame() for _ in range(4)]
        assert [frame["retry_attempt"] for frame in frames] == [0, 1, 2, 3]
        assert {frame["retry_reason"] for frame in frames[1:]} == {"timeout"}
        assert len({frame["payload"]["event_id"] for frame in frames}) == 1
        assert len({frame["envelope_id"] for frame in frames}) == 4
        await slack.until(lambda: slack.lost)


async def test_an_event_comes_again_to_whoever_is_still_there(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as first:
        await ada.says("hi", dm)
        await first.frame()
    async with connected(slack, http) as second:
        again = await second.frame()
        assert again["retry_attempt"] == 1
        await second.ack(again)


async def test_events_wait_for_the_first_connection(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    await ada.says("one", dm)
    await ada.says("two", dm)
    async with connected(slack, http) as socket:
        texts = [(await socket.frame())["payload"]["event"]["text"] for _ in range(2)]
        assert texts == ["one", "two"]


async def test_events_spread_over_the_connections(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as first, connected(slack, http) as second:
        for _ in range(40):
            await ada.says("hi", dm)
        for socket in (first, second):
            assert (await socket.frame())["type"] == "events_api"


async def test_acks_of_the_unknown_are_ignored(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await socket.raw.send_str("not json")
        await socket.raw.send_json({"envelope_id": "nobody"})
        await ada.says("hi", dm)
        assert (await socket.frame())["type"] == "events_api"


async def test_an_eleventh_connection_is_one_too_many(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(connected(slack, http))
        async with http.ws_connect(await link(slack, http)) as extra:
            assert (await extra.receive_json())["reason"] == "too_many_websockets"
            assert (await extra.receive()).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled", "warning"])
async def test_a_disconnect_frame_comes_before_the_close(
    slack: SlackEmulator, http: aiohttp.ClientSession, reason: str
) -> None:
    async with connected(slack, http) as socket:
        slack.disconnect(reason)
        frame = await socket.frame()
        assert (frame["type"], frame["reason"]) == ("disconnect", reason)
        assert (await socket.raw.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
        await slack.until(lambda: slack.connections == 0)


async def test_nothing_new_goes_to_a_connection_asked_to_leave(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as old:
        slack.disconnect("warning")
        await old.frame()
        await ada.says("hi", dm)
        async with connected(slack, http) as new:
            assert (await new.frame())["retry_attempt"] == 0


async def test_a_cut_connection_ends_without_a_frame(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    async with connected(slack, http) as socket:
        slack.cut()
        assert (await socket.raw.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSED


async def test_pings_are_answered(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(await link(slack, http), autoping=False) as raw:
        await raw.receive()
        await raw.ping(b"sdk-ping-pong:1")
        pong = await raw.receive(timeout=20)
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1")
