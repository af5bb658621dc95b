"""Retention: what has been kept for long enough is deleted, in the background and by one process."""

import structlog

from bot.errors import StorageError
from bot.ports import Clock
from bot.storage import Storage

_log = structlog.get_logger(__name__)

_EVERY = 3600.0
_BREATH = 0.2
"""Seconds between batches: others want to write too."""

_DAY = 86_400_000


class Retention:
    """Deletes events and sent parts, the lanes they were in, and counts of the day before.

    What people said is not theirs to delete: it stands in turns.

    Args:
        storage: where.
        clock: time.
        days: how long they are kept; longer than any platform repeats an event, or it would be answered again.
    """

    def __init__(self, storage: Storage, clock: Clock, *, days: int) -> None:
        self._storage = storage
        self._clock = clock
        self._age = days * _DAY

    async def run(self) -> None:
        """For ever, once an hour."""
        while True:
            await self._clock.sleep(_EVERY)
            try:
                deleted = await self.prune()
            except StorageError as error:
                _log.warning("retention_failed", reason=str(error))
                continue
            if deleted:
                _log.info("retention_done", events=deleted)

    async def prune(self) -> int:
        """Delete everything that is old enough; returns how many events."""
        events = 0
        while deleted := await self._batch():
            events += deleted
            await self._clock.sleep(_BREATH)
        while await self._lanes() or await self._paces():
            await self._clock.sleep(_BREATH)
        return events

    async def _batch(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.events(self._age)

    async def _lanes(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.lanes(self._age)

    async def _paces(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.paces(_DAY)
