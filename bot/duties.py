"""Duties: what only one of all processes may do at a time, such as polling with a token or watching for alerts."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import StorageError
from bot.leases import milliseconds
from bot.ports import Clock
from bot.storage import Storage
from bot.tasks import cancel

_log = structlog.get_logger(__name__)


class Duties:
    """This process's part in them.

    Args:
        storage: where it stands who has a duty.
        clock: time.
        owner: the name of this process.
        lease: seconds after which a duty that is not renewed passes to somebody else.
    """

    def __init__(self, storage: Storage, clock: Clock, owner: str, *, lease: float = 10.0) -> None:
        self._storage = storage
        self._clock = clock
        self._owner = owner
        self._lease = lease

    async def perform(self, duty: str, doing: Callable[[], Awaitable[None]]) -> None:
        """Do it until it comes to its end, whenever nobody else does; wait for one's turn otherwise."""
        if self._storage.embedded:
            await doing()
            return
        while not await self._perform_once(duty, doing):
            await self._clock.sleep(self._lease / 3)

    async def _perform_once(self, duty: str, doing: Callable[[], Awaitable[None]]) -> bool:
        """Whether it was done to its end."""
        if not await self._take(duty):
            return False
        _log.info("duty_taken", duty=duty)
        act, keep = asyncio.ensure_future(doing()), asyncio.create_task(self._keep(duty))
        try:
            await asyncio.wait({act, keep}, return_when=asyncio.FIRST_COMPLETED)
            if act.done():
                await act
                return True
            _log.warning("duty_lost", duty=duty)
            return False
        finally:
            await cancel(act, keep)
            await self._resign(duty)

    async def _keep(self, duty: str) -> None:
        """Renew until it is lost. What cannot be renewed in time counts as lost: somebody else may have it."""
        kept_at = self._clock.monotonic()
        while self._clock.monotonic() - kept_at < self._lease:
            await self._clock.sleep(self._lease / 3)
            asked_at = self._clock.monotonic()
            kept = await self._take(duty)
            if kept is False:
                return
            kept_at = asked_at if kept else kept_at

    async def _take(self, duty: str) -> bool | None:
        """None if nobody can tell now."""
        try:
            async with self._storage.begin() as work:
                return await work.leaders.take(duty, owner=self._owner, ttl=milliseconds(self._lease))
        except StorageError as error:
            _log.warning("duty_unknown", duty=duty, reason=str(error))
            return None

    async def _resign(self, duty: str) -> None:
        try:
            async with self._storage.begin() as work:
                await work.leaders.resign(duty, owner=self._owner)
        except StorageError as error:
            # It passes on when its lease runs out.
            _log.warning("duty_not_handed_over", duty=duty, reason=str(error))
