"""Tasks of asyncio: ended, and waited for."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def obey() -> None:
    """Raise CancelledError if this task was told to end. For loops around libraries that wait by `asyncio.wait_for`.

    On Python 3.11 that function forgets a cancellation that comes in the instant in which it returns
    (https://github.com/python/cpython/issues/86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def unless(stop: Coroutine[Any, Any, None], doing: Coroutine[Any, Any, None]) -> bool:
    """Do something, but give it up as soon as `stop` returns. True if it was done; its error is raised."""
    done, stopping = asyncio.create_task(doing), asyncio.create_task(stop)
    try:
        await asyncio.wait({done, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            return False
        done.result()
        return True
    finally:
        done.cancel()
        stopping.cancel()
        await asyncio.gather(done, stopping, return_exceptions=True)
