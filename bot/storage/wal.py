"""Group commit on SQLite: transactions end in memory, and one sync of the disk is for all of them.

With `synchronous=FULL` a COMMIT waits for the disk, in a thread, with the only connection in its hands: everybody else
waits as well. With `NORMAL` it writes to the write-ahead log and is over. `WriteAheadLog.synced` then waits until the
disk has the log, before anybody is told that something is stored. After a power cut SQLite reads the log up to its
first incomplete frame (https://sqlite.org/walformat.html#recovery): what was synced is there, with all before it.
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

_CHECKPOINT = 200
"""Transactions after which the log is copied into the database, which takes as long as some syncs."""


class WriteAheadLog:
    """The log beside the database file at `path`. One event loop writes it."""

    def __init__(self, path: str) -> None:
        self._path = Path(f"{path}-wal")
        self._file: int | None = None
        self._written = 0
        self._on_disk = 0
        self._syncing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wal")

    @property
    def is_long(self) -> bool:
        """Whether it is time to copy it into the database."""
        return self._written % _CHECKPOINT == _CHECKPOINT - 1

    def wrote(self) -> None:
        """A transaction that changed something has ended."""
        if self._file is None:
            self._open()
        self._written += 1

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


def _sync_folder(folder: Path) -> None:
    """A new file is lost if its folder is."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
