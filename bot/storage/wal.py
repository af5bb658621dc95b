"""Group commit on SQLite: transactions end in memory, and one sync of the disk is for all of them.

With `synchronous=FULL` a COMMIT waits for the disk, in a thread, with the only connection in its hands: everybody else
waits as well. With `NORMAL` it writes to the write-ahead log and is over. `WriteAheadLog.synced` then waits until the
disk has the log, before anybody is told that something is stored. After a power cut SQLite reads the log up to its
first incomplete frame (https://sqlite.org/walformat.html#recovery): what was synced is there, with all before it.

The log has to be copied into the database now and then, which takes as long as many transactions. A connection of its
own does most of it in a thread while others write; what they wrote meanwhile is copied at the end of a transaction,
because the log begins anew only when nothing is left in it.
"""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

_CHECKPOINT = 200
"""Transactions after which the log is copied into the database."""


class WriteAheadLog:
    """The log beside the database file at `path`. One event loop writes it."""

    def __init__(self, path: str) -> None:
        self._database = Path(path)
        self._path = Path(f"{path}-wal")
        self._file: int | None = None
        self._copying: asyncio.Future[None] | None = None
        self._copied = 0
        self._written = 0
        self._on_disk = 0
        self._syncing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wal")

    @property
    def mostly_copied(self) -> bool:
        """Whether little is left that is not in the database: time to copy that as well."""
        return self._copying is not None and self._copying.done()

    def copied(self) -> None:
        """All of it is in the database."""
        self._copying, self._copied = None, self._written

    def wrote(self) -> None:
        """A transaction that changed something has ended."""
        if self._file is None:
            self._open()
        self._written += 1
        if self._file is not None and self._copying is None and self._written - self._copied >= _CHECKPOINT:
            self._copying = asyncio.get_running_loop().run_in_executor(None, _copy, self._database)

    def closed(self) -> None:
        """The connection was closed. The last one of all copies the log into the database, and removes it."""
        file, self._file = self._file, None
        if file is not None:
            # In its thread, where a sync may be under way; those who wait for one wait for this.
            self._thread.submit(_leave, file)

    async def synced(self) -> None:
        """Wait until the disk has every transaction that has ended. Raises OSError.

        Whoever comes while it is at work waits for the next time, together with all the others who do.
        """
        goal = self._written
        while self._on_disk < goal:
            if self._syncing is None:
                self._syncing = asyncio.create_task(self._sync())
            # Whoever is cancelled does not take the sync away from the others.
            await asyncio.shield(self._syncing)

    def close(self) -> None:
        self.closed()
        self._thread.shutdown()

    def _open(self) -> None:
        # A database in memory has no log.
        with suppress(FileNotFoundError):
            self._file = os.open(self._path, os.O_RDONLY)
            self._thread.submit(_sync_folder, self._path.parent)

    async def _sync(self) -> None:
        written = self._written
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, _flush, self._file)
            self._on_disk = written
        finally:
            self._syncing = None


_sync_contents = getattr(os, "fdatasync", os.fsync)
"""Size included, other times not. macOS has only the other one."""


def _flush(log: int | None) -> None:
    if log is not None:
        _sync_contents(log)


def _leave(log: int) -> None:
    try:
        _sync_contents(log)
    finally:
        os.close(log)


def _copy(database: Path) -> None:
    # Whatever is wrong here will be wrong for those who write, too: they say so.
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as own:
        own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _sync_folder(folder: Path) -> None:
    """A new file is lost if its folder is."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
