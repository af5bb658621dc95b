"""Server-sent events, however they are cut, and when they are read."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx2
import openai
import pytest

from bot.llm.events import Decoder, read_events

STREAM = (
    b': hello\r\n\r\nevent: ping\r\ndata: {"a": "\xc3\xa4"}\r\n\r\ndata:{"b":\ndata:  2}\nid: 7\n\n\ndata: [DONE]\n\n'
)
DATA = [b'{"a": "\xc3\xa4"}', b'{"b":\n 2}', b"[DONE]"]


class Blocks(httpx2.AsyncByteStream):
    """A body that comes in these blocks, and notes who has been read."""

    def __init__(self, blocks: Sequence[bytes], error: Exception | None = None) -> None:
        self._blocks = blocks
        self._error = error
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self._blocks:
            self.read += 1
            yield block
        if self._error:
            raise self._error


def response_of(body: Blocks) -> httpx2.Response:
    return httpx2.Response(200, stream=body, request=httpx2.Request("POST", "http://x"))


async def read(body: Blocks, heard: list[object] | None = None) -> list[object]:
    heard = [] if heard is None else heard
    async for events in read_events(response_of(body), lambda: False):
        heard.extend(events)
    return heard


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_wherever_the_bytes_are_cut(size: int) -> None:
    decoder = Decoder()
    blocks = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [event for block in blocks for event in decoder.feed(block)] == DATA


async def test_the_stream_ends_with_done_and_the_body_is_read_to_its_end() -> None:
    body = Blocks([b"data: 1\n\ndata: [DONE]\n\n", b"data: 2\n\n"])
    assert await read(body) == [1]
    assert body.read == 2


async def test_what_came_before_an_error_counts() -> None:
    body = Blocks([b'data: 1\n\ndata: {"error": {"message": "overloaded"}}\n\n'])
    heard: list[object] = []
    with pytest.raises(openai.APIError, match="overloaded"):
        await read(body, heard)
    assert heard == [1]


async def test_an_event_that_is_no_json_is_found_when_it_is_taken() -> None:
    with pytest.raises(json.JSONDecodeError):
        await read(Blocks([b"data: {\n\n"]))


@pytest.mark.parametrize(
    ("error", "expected"),
    [(httpx2.ReadTimeout("x"), openai.APITimeoutError), (httpx2.ReadError("x"), openai.APIConnectionError)],
)
async def test_the_connection_s_errors_are_the_sdk_s(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        await read(Blocks([b"data: 1\n\n"], error))


async def test_while_an_answer_flows_a_block_is_not_read_right_after_the_last_one() -> None:
    body = Blocks([b"data: 1\n\n", b"data: 2\n\n"])
    events = read_events(response_of(body), lambda: True)
    assert list(await anext(events)) == [1]
    following = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    assert body.read == 1
    assert list(await following) == [2]
    await events.aclose()


async def test_a_stream_that_is_faster_than_we_read_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.llm.events._BREATH", 3600.0)
    block = b"data: 1\n\n" * 2000
    body = Blocks([block, block, b"data: [DONE]\n\n"])
    heard = 0
    async for events in read_events(response_of(body), lambda: True):
        heard += len(list(events))
    assert heard == 4000
