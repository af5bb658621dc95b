"""The database at start: waited for, and brought up to date."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.encryption import seals_of
from bot.errors import StorageDown
from bot.ports import Clock
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.store import HEAD

_log = structlog.get_logger(__name__)

_T = TypeVar("_T")

_RETRY = 2.0
"""Seconds between attempts to reach a database server that is not there yet."""


def storage_of(settings: Settings) -> Storage:
    """The database that is set, with the keys for it. Connects later. Raises ConfigError."""
    return Storage.open(settings.database_url, seals_of(settings))


async def prepare(storage: Storage, settings: Settings, clock: Clock) -> None:
    """Wait for the database server, if there is one, and bring the schema up to date."""

    async def prepared() -> None:
        await upgrade_if_needed(storage)
        async with storage.begin() as work:
            await work.budgets.forget_all_but(settings.budgets().names())

    await patiently(storage, clock, prepared)


async def patiently(storage: Storage, clock: Clock, doing: Callable[[], Awaitable[_T]]) -> _T:
    """Do something at start, again and again until the server is there. Raises StorageError."""
    while True:
        try:
            return await doing()
        except StorageDown as error:
            if storage.embedded:
                raise
            _log.warning("database_awaited", reason=str(error))
        await clock.sleep(_RETRY)


async def upgrade_if_needed(storage: Storage) -> None:
    """Bring the schema up to date, which loads nothing when it is, and look for our keys. Raises ConfigError."""
    revision = await storage.revision()
    if revision != HEAD:
        _log.info("database_upgrade", found=revision or "empty", target=HEAD)
        await storage.upgrade()
    await storage.recognise()
