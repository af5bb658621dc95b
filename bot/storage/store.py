"""The database as the application sees it: open it, bring it up to date, begin units of work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import Conflict, StorageError
from bot.storage.engine import create_engine
from bot.storage.work import UnitOfWork

HEAD = "0004"
"""The newest migration; a test keeps it equal to what Alembic finds."""


class Storage:
    """One database."""

    def __init__(self, engine: AsyncEngine, url: str) -> None:
        self._engine = engine
        self._url = url

    @classmethod
    def open(cls, url: str) -> Self:
        """Use the database at `url` (SQLAlchemy's form); makes the folder of an SQLite file. Connects later."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        return cls(create_engine(url), url)

    @property
    def embedded(self) -> bool:
        """SQLite: this process is the only one, and what was running when it started has died."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """One transaction, committed at the end of the block. Raises StorageError."""
        try:
            async with self._engine.begin() as connection:
                yield UnitOfWork(connection)
        except IntegrityError as error:
            raise Conflict(type(error).__name__) from error
        except SQLAlchemyError as error:
            raise StorageError(_told(error)) from error

    async def revision(self) -> str | None:
        """The migration the database is at, None if it is empty. Raises StorageError."""
        try:
            async with self._engine.begin() as connection:
                if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table("alembic_version")):
                    return None
                return (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar()
        except SQLAlchemyError as error:
            raise StorageError(f"cannot open the database: {_told(error)}") from error

    async def upgrade(self, target: str = "head") -> None:
        """Bring the schema up to date."""
        # Imported here: Alembic costs 10 MB and is needed only when there is something to do.
        from bot.storage.migrate import upgrade

        await self._engine.dispose()
        await asyncio.to_thread(upgrade, self._url, target)

    async def close(self) -> None:
        await self._engine.dispose()


def _told(error: SQLAlchemyError) -> str:
    """What the driver says, without the statement and its values."""
    said = str(getattr(error, "orig", None) or "").strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
