"""SQLite statements on the event loop, SQLite waits in a thread.

aiosqlite sends every call to a thread: four hops a statement, a hundred a turn, which cost more than the statements
themselves (20 to 50 µs each). Here only what may wait goes to the thread: a COMMIT after which the write-ahead log is
copied into the database, ROLLBACK and close, which follow it in order, and a BEGIN that finds another process's lock.
Any other COMMIT leaves the disk to `bot.storage.wal`. Measured at 100 conversations: `make bench`.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite

from bot.storage.wal import WriteAheadLog

_WAITING = frozenset({"rollback", "close"})

_PATIENCE = 5000
"""Milliseconds to wait for another process's lock."""


class InlineConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs statements where it is called.

    Only for a pool that lends it to one task at a time: what waits in the thread and what runs on the loop never meet.
    """

    log: WriteAheadLog
    _changes = 0
    _unsure = False
    """Whether a BEGIN may still wait in the thread for whoever gave it up."""

    async def commit(self) -> None:
        """End the transaction; `log.synced` is when the disk has it."""
        if self.log.mostly_copied:
            await super()._execute(self._commit_and_copy)  # type: ignore[no-untyped-call]
            self.log.copied()
        else:
            self._conn.commit()
        if self._changes != (changes := self._conn.total_changes):
            self._changes = changes
            self.log.wrote()

    async def close(self) -> None:
        await super().close()
        self.log.closed()

    async def rollback(self) -> None:
        """The pool asks for it after every transaction: mostly there is nothing left to undo."""
        if self._unsure or self._conn.in_transaction:
            await super().rollback()
            self._unsure = False

    def _commit_and_copy(self) -> None:
        """In the thread: SQLite syncs the log and then the database."""
        self._conn.commit()
        self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if _may_wait(fn):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        try:
            return fn(*args, **kwargs)
        except sqlite3.OperationalError:
            if not (args and str(args[0]).startswith("BEGIN")):
                raise
            self._unsure = True
            begun = await super()._execute(self._wait_and, fn, *args)  # type: ignore[no-untyped-call]
            self._unsure = False
            return begun

    def _wait_and(self, begin: Callable[..., Any], *args: Any) -> Any:
        """In the thread: the same again, for as long as another process may keep its lock."""
        self._conn.execute(f"PRAGMA busy_timeout={_PATIENCE}")
        try:
            return begin(*args)
        finally:
            self._conn.execute("PRAGMA busy_timeout=0")


async def connect(path: str, log: WriteAheadLog) -> aiosqlite.Connection:
    """Open the database file at `path`, whose log is `log`."""

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(path, check_same_thread=False)

    log.closed()  # also where the last connection was not closed but given up
    connection = InlineConnection(connector, iter_chunk_size=64)
    connection.log = log
    # A process that is told to end must not wait for this thread.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy's own dialect does
    return await connection


def _may_wait(fn: Callable[..., Any]) -> bool:
    return isinstance(getattr(fn, "__self__", None), sqlite3.Connection) and fn.__name__ in _WAITING
