"""A time limit for each of many short waits, with one timer for all of them.

`asyncio.timeout` around every chunk of a stream costs 15 µs each time under uvloop, a sixth of what reading the chunk
costs. Here the timer is left alone while it fires no later than it has to, and looks at the clock when it does.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_T = TypeVar("_T")


class Watchdog:
    """Guards the waits of one task, the first that asks, one at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._barked = False

    async def guard(self, doing: Awaitable[_T], deadline: float) -> _T:
        """Await `doing` until `deadline` (loop time). Raises TimeoutError."""
        self._deadline = deadline
        if self._timer is None or self._timer.when() > deadline:
            self._arm()
        if self._task is None:
            # Asked once: uvloop makes asyncio look it up in Python, 4 µs each time.
            self._task = asyncio.current_task()
        self._waiting = self._task
        try:
            return await doing
        except asyncio.CancelledError:
            if self._is_ours():
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _is_ours(self) -> bool:
        """Whether we alone cancelled the wait: somebody else's cancellation must go on."""
        return self._barked and self._waiting is not None and self._waiting.uncancel() == 0

    def _arm(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return
        if self._loop.time() < self._deadline:
            self._arm()
            return
        self._barked = True
        self._waiting.cancel()
