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
        self._file = 0
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
        self._written += 1

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
        self._thread.shutdown()

    async def _sync(self) -> None:
        written = self._written
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._flush)
            self._on_disk = written
        finally:
            self._syncing = None

    def _flush(self) -> None:
        # Whoever closes the last connection has copied the log into the database, and removes it.
        with suppress(FileNotFoundError):
            log = os.open(self._path, os.O_RDONLY)
            try:
                _sync_contents(log)
                self._sync_name(os.fstat(log).st_ino)
            finally:
                os.close(log)

    def _sync_name(self, file: int) -> None:
        """A new file is lost if its folder is."""
        if file == self._file:
            return
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._file = file


_sync_contents = getattr(os, "fdatasync", os.fsync)
"""Size included, other times not. macOS has only the other one."""
