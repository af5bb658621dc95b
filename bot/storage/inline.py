"""SQLite statements on the event loop, SQLite waits in a thread.

aiosqlite sends every call to a thread: four hops a statement, a hundred a turn, which cost more than the statements
themselves (20 to 50 µs each). Here only what may wait goes to the thread: BEGIN (for another process's lock), COMMIT
(for the disk), ROLLBACK and close, which follow them in order. Measured at 100 conversations: `make bench`.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite

_WAITING = frozenset({"commit", "rollback", "close"})


class InlineConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs statements where it is called.

    Only for a pool that lends it to one task at a time: what waits in the thread and what runs on the loop never meet.
    """

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _may_wait(fn, args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)


async def connect(path: str) -> aiosqlite.Connection:
    """Open the database file at `path`."""

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(path, check_same_thread=False)

    connection = InlineConnection(connector, iter_chunk_size=64)
    # A process that is told to end must not wait for this thread.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy's own dialect does
    return await connection


def _may_wait(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, sqlite3.Connection) and fn.__name__ in _WAITING:
        return True
    return bool(args) and isinstance(args[0], str) and args[0].startswith("BEGIN")
