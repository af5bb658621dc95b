"""Who waits for something to change: tests with a condition, the demo page with a stream."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from adapters.telegram.emulator.values import Event

# A watcher that stopped reading loses the oldest events instead of growing without end.
WATCHER_BACKLOG = 10_000


class Feed:
    """Every visible change passes here once."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event]] = set()
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def watched(self) -> bool:
        return bool(self._watchers)

    def publish(self, event: Event) -> None:
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)
        self.stir()

    def stir(self) -> None:
        """Something changed that no watcher sees (a call arrived): wake those who wait for a condition."""
        while self._waiting:
            future = self._waiting.pop()
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], object], limit: float) -> None:
        """Return once `condition()` is true; it is asked again after each change.

        Raises:
            TimeoutError: not true within `limit` seconds.
        """
        async with asyncio.timeout(limit):
            while not condition():
                future = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)

    def watch(self) -> AsyncGenerator[Event, None]:
        """Every event from this moment on; close the iterator to stop."""
        queue: asyncio.Queue[Event] = asyncio.Queue(WATCHER_BACKLOG)
        self._watchers.add(queue)
        return self._stream(queue)

    async def _stream(self, queue: asyncio.Queue[Event]) -> AsyncGenerator[Event, None]:
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)
