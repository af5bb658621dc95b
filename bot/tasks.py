"""Tasks of asyncio: ended, and waited for."""

import asyncio
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
