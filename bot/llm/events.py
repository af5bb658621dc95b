"""Server-sent events, read by the block.

The SDK takes every event through fourteen generators, and every word of an answer wakes them all. Here a block is read
no sooner than a moment after the last one: what came meanwhile is read together, and nobody sees the difference, since
previews change about once a second. The SDK still sends the request and judges the status.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress

import httpx2
import openai

_BREATH = 0.1
"""Seconds from block to block."""

_BRIM = 16 * 1024
"""Bytes of a block when there is more to read: the transport's own measure. A stream that fast is not held up."""

_LINGER = 0.1
"""Seconds for the connection's end after the last event: with it the connection can be used again."""

_DONE = b"[DONE]"


class Decoder:
    """Bytes, wherever they were cut, become the data of events. Names and numbers of events are not used here.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, block: bytes) -> list[bytes]:
        """The data of every event that is complete by now."""
        lines = (self._rest + block).splitlines(keepends=True)
        # A CR at the end may be half of a line's end.
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        found = []
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[5:].strip(b"\r\n").removeprefix(b" "))
            elif self._data and not line.strip(b"\r\n"):
                found.append(b"\n".join(self._data))
                self._data.clear()
        return found


async def read_events(response: httpx2.Response, flows: Callable[[], bool]) -> AsyncGenerator[Iterator[object]]:
    """Parsed events, those together that came together. Ends with the stream or with `[DONE]`.

    `flows` tells whether the answer is under way: before its first word and after its last nothing is waited for.

    Raises what the SDK would: openai.APITimeoutError and APIConnectionError; APIError, JSONDecodeError and
    UnicodeDecodeError where an event is taken that tells of an error or cannot be read.
    """

    def parsed(event: bytes) -> object:
        try:
            content = json.loads(event.decode())
        except RecursionError as error:
            raise json.JSONDecodeError("nested too deeply", "", 0) from error
        if isinstance(content, dict) and (told := content.get("error")):
            raise openai.APIError(_message(told), response.request, body=told)
        return content

    decoder = Decoder()
    try:
        async with aclosing(response.aiter_bytes()) as blocks:
            async for block in blocks:
                events = decoder.feed(block)
                if _DONE in events:
                    yield map(parsed, events[: events.index(_DONE)])
                    await _drain(blocks)
                    return
                if events:
                    yield map(parsed, events)
                if len(block) < _BRIM and flows():
                    await asyncio.sleep(_BREATH)
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=response.request) from error
    except httpx2.RequestError as error:
        raise openai.APIConnectionError(request=response.request) from error


def _message(told: object) -> str:
    said = told.get("message") if isinstance(told, dict) else None
    return said if isinstance(said, str) and said else "an error in the middle of the answer"


async def _drain(blocks: AsyncGenerator[bytes]) -> None:
    """The answer is complete, whatever the connection does now."""
    with suppress(TimeoutError, httpx2.RequestError):
        async with asyncio.timeout(_LINGER):
            async for _ in blocks:
                pass
