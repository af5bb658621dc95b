"""The database as the application sees it: open it, bring it up to date, begin units of work."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StorageDown
from bot.seals import UNSEALED, Seals
from bot.storage.bell import listen
from bot.storage.engine import create_engine, create_reader
from bot.storage.trouble import translate
from bot.storage.wal import WriteAheadLog
from bot.storage.work import UnitOfWork

HEAD = "0022"
"""The newest migration; a test keeps it equal to what Alembic finds."""

_SMALL = 128 * 1024 * 1024
"""Bytes of a file that is written anew within a second."""

_PATIENCE = 5.0
"""Seconds to wait for whoever writes."""


First = Callable[[UnitOfWork], Awaitable[None]]


class Storage:
    """One database."""

    def __init__(self, url: str, seals: Seals) -> None:
        self._engine, self._log = create_engine(url, seals)
        self._reader = create_reader(url, seals)
        self._url = url
        self.seals = seals

    @classmethod
    def open(cls, url: str, seals: Seals = UNSEALED) -> Self:
        """Use the database at `url` (SQLAlchemy's form); makes the folder of an SQLite file. Connects later.

        What people and models said is sealed by `seals`.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        return cls(url, seals)

    @property
    def embedded(self) -> bool:
        """SQLite: this process is the only one, and what was running when it started has died."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def begin(self, first: First | None = None, *, kept: bool = True) -> AsyncIterator[UnitOfWork]:
        """One transaction, committed at the end of the block: then the disk has it. Raises StorageError.

        `first` is done before the block is entered: if it raises StorageDown, nothing has happened yet. What is not to
        be `kept` at once does not wait for the disk: a power cut may undo it, up to the end of the next one that is.
        """
        try:
            async with self._transaction() as connection:
                work = UnitOfWork(connection)
                if first is not None:
                    await first(work)
                yield work
        except SQLAlchemyError as error:
            raise translate(error) from error
        if self._log is not None and kept:
            await self._synced(self._log)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        """As `AsyncEngine.begin`, but a connection whose transaction is committed is given back at once.

        SQLAlchemy has a task of its own do that, so that nobody who is cancelled keeps one. The task runs when all
        others have had their turn, and on SQLite everybody waits for the only connection meanwhile.
        """
        connection = await self._engine.connect()
        try:
            async with connection.begin():
                yield connection
            await connection.close()  # there is nothing to undo, and so nothing to wait for
        finally:
            if not connection.closed:
                await asyncio.shield(asyncio.create_task(connection.close()))

    @asynccontextmanager
    async def look(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that only reads, however long: nobody who writes waits for it. Raises StorageError."""
        try:
            async with (self._reader or self._engine).begin() as connection:
                yield UnitOfWork(connection)
        except SQLAlchemyError as error:
            raise translate(error) from error

    @staticmethod
    async def _synced(log: WriteAheadLog) -> None:
        try:
            await log.synced()
        except OSError as error:
            raise StorageDown(f"the disk does not take it: {error}") from error

    async def listen(self, on_wake: Callable[[], None], on_stop: Callable[[str, int], None]) -> None:
        """Hear what other processes tell (see `bot.storage.bell`), until cancelled; on SQLite there are none."""
        if self.embedded:
            await asyncio.get_running_loop().create_future()
        else:
            await listen(self._url, on_wake, on_stop)

    async def revision(self) -> str | None:
        """The migration the database is at, None if it is empty. Raises StorageError."""
        try:
            async with self._engine.begin() as connection:
                if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
                    return None
                return (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar()
        except SQLAlchemyError as error:
            raise translate(error, "cannot open the database: ") from error

    async def recognise(self) -> None:
        """Make sure that whatever is sealed here can be opened. Raises ConfigError, StorageError."""
        async with self.begin() as work:
            await work.sealing.recognise()

    async def upgrade(self, target: str = "head") -> None:
        """Bring the schema up to date."""
        # Imported here: Alembic costs 10 MB and is needed only when there is something to do.
        from bot.storage.migrate import upgrade

        await self._dispose()
        await asyncio.to_thread(upgrade, self._url, target)

    async def scrub(self) -> None:
        """Leave nothing of what was deleted in the files of an SQLite database. A server vacuums by itself."""
        if self.embedded and (path := make_url(self._url).database):
            await asyncio.to_thread(_rewritten, path)

    async def _dispose(self) -> None:
        await self._engine.dispose()
        if self._reader is not None:
            await self._reader.dispose()

    async def close(self) -> None:
        await self._dispose()
        if self._log is not None:
            self._log.close()


def _rewritten(path: str) -> None:
    """Write a small file anew, since versions before this one overwrote nothing; empty the log of any.

    Whoever writes meanwhile waits: see `bot.storage.inline`.
    """
    with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)) as database:
        # Somebody reads for longer than we wait, or the disk is full: what was deleted is overwritten all the same.
        with suppress(sqlite3.OperationalError):
            if Path(path).stat().st_size <= _SMALL:
                database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
