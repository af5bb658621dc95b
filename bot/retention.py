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
    """Deletes events and sent parts, the lanes they were in, and counts of the day before; and what people said whose
    plan keeps it no longer.

    Args:
        storage: where.
        clock: time.
        days: how long events are kept; longer than any platform repeats one, or it would be answered again.
        default_plan: the plan of people who have none.
    """

    def __init__(self, storage: Storage, clock: Clock, *, days: int, default_plan: str) -> None:
        self._storage = storage
        self._clock = clock
        self._age = days * _DAY
        self._default_plan = default_plan

    async def run(self) -> None:
        """For ever, once an hour."""
        while True:
            await self._clock.sleep(_EVERY)
            try:
                events, turns = await self.prune(), await self.expire()
            except StorageError as error:
                _log.warning("retention_failed", reason=str(error))
                continue
            if events or turns:
                _log.info("retention_done", events=events, turns=turns)

    async def prune(self) -> int:
        """Delete every event that is old enough; returns how many."""
        events = 0
        while deleted := await self._batch():
            events += deleted
            await self._clock.sleep(_BREATH)
        while await self._lanes() or await self._paces():
            await self._clock.sleep(_BREATH)
        return events

    async def expire(self) -> int:
        """Delete the words that nobody's plan keeps any longer; returns of how many turns."""
        async with self._storage.begin() as work:
            plans = await work.limits.plans()
        turns = 0
        for name, plan in plans.items():
            while plan.keep is not None and (deleted := await self._words(name, plan.keep)):
                turns += deleted
                await self._clock.sleep(_BREATH)
        return turns

    async def _batch(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.events(self._age)

    async def _lanes(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.lanes(self._age)

    async def _paces(self) -> int:
        async with self._storage.begin() as work:
            return await work.pruning.paces(_DAY)

    async def _words(self, plan: str, days: int) -> int:
        async with self._storage.begin() as work:
            return await work.forgetting.expire(plan, days * _DAY, otherwise=self._default_plan)
