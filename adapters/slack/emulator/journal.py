"""What has happened, for those who wait and those who watch."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

from adapters.slack.emulator.values import Call, Json

T = TypeVar("T")


class Journal:
    """Calls made by clients, and a stream of JSON-able events for whoever looks on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._waiters: set[asyncio.Event] = set()
        self._watchers: set[asyncio.Queue[Json]] = set()

    @property
    def watched(self) -> bool:
        return bool(self._watchers)

    def note(self, event: Json) -> None:
        for queue in self._watchers:
            queue.put_nowait(event)
        self.changed()

    def called(self, call: Call) -> None:
        self.calls.append(call)
        self.changed()

    def changed(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    async def until(self, condition: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109 - the shape tests want
        """Wait for a true value of `condition` and return it.

        Raises:
            TimeoutError: it stayed false; the text tells the last calls.
        """
        waiter = asyncio.Event()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout):
                while not (value := condition()):
                    await waiter.wait()
                    waiter.clear()
                return value
        except TimeoutError as error:
            raise TimeoutError(f"not within {timeout} s; {self._tail()}") from error
        finally:
            self._waiters.discard(waiter)

    def watch(self) -> AsyncGenerator[Json]:
        """Events from this very moment on, without end. Closing the iterator stops the watching."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._watchers.add(queue)
        return self._drain(queue)

    async def _drain(self, queue: asyncio.Queue[Json]) -> AsyncGenerator[Json]:
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    def _tail(self) -> str:
        last = [f"{call.method}: {call.error or 'ok'}" for call in self.calls[-8:]]
        return f"{len(self.calls)} calls, the last were {last}"
