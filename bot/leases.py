"""A lease: the right to handle one arrival, which ends when it is not renewed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot.errors import LostLease, StorageDown
from bot.ports import Clock
from bot.storage import Claim, Storage, UnitOfWork
from bot.storage.tables import InboxState

_PAUSES = (0.1, 0.2, 0.5, *[1.0] * 60)
"""Seconds between attempts to begin while the database is away: a restart of it should cost nobody their answer."""


@dataclass(slots=True, kw_only=True)
class Lease:
    """The right to handle one arrival, as long as it is renewed.

    `stopped` is set when this turn is to come to its end: somebody asked for it, or another worker has the lane.
    `followed` is set when this process has received something more for the lane.
    `deadline` (monotonic) is when the lease ends. `more` and `done` are known once it is completed. `joined` counts the
    arrivals that are part of the same turn.
    """

    claim: Claim
    storage: Storage
    clock: Clock
    ttl: float
    deadline: float
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    followed: asyncio.Event = field(default_factory=asyncio.Event)
    joined: int = 0
    more: bool = False
    done: bool = False

    @asynccontextmanager
    async def begin(self, *, kept: bool = True) -> AsyncIterator[UnitOfWork]:
        """A unit of work that is rolled back unless the lane is still ours. Raises LostLease, StorageDown.

        See `Storage.begin` for `kept`.
        """
        async with AsyncExitStack() as transaction:
            yield await self._enter(transaction, kept=kept)

    async def _enter(self, transaction: AsyncExitStack, *, kept: bool) -> UnitOfWork:
        """Begin with the fence. Up to it nothing was done, so a dead connection or an outage can be sat out."""
        for pause in _PAUSES:
            try:
                return await self._fenced(transaction, kept=kept)
            except StorageDown:
                await self.clock.sleep(pause)
        return await self._fenced(transaction, kept=kept)

    async def _fenced(self, transaction: AsyncExitStack, *, kept: bool) -> UnitOfWork:
        async def fence(work: UnitOfWork) -> None:
            await work.inbox.fence(self.claim, ttl=milliseconds(self.ttl))

        fenced_at = self.clock.monotonic()
        work = await transaction.enter_async_context(self.storage.begin(fence, kept=kept))
        # The fence renewed the lease; under load the heartbeat may queue behind the answers themselves.
        self.deadline = max(self.deadline, fenced_at + self.ttl)
        return work

    async def complete(self, work: UnitOfWork, *, state: int | None = None) -> None:
        """Finish the arrival in the given transaction; afterwards the lane is free."""
        state = InboxState.DONE if state is None else state
        self.more = await work.inbox.complete(self.claim, state=state)
        # After a crash nobody may have looked yet.
        if self.joined or self.claim.attempts > 1:
            await work.bursts.finish(self.claim, state)
        self.done = True

    async def park(self, work: UnitOfWork, *, pause: int) -> None:
        """Leave the lane alone for `pause` milliseconds, in the given transaction."""
        await work.inbox.park(self.claim, pause=pause)
        self.done = True

    async def give_back(self) -> None:
        """Free the lane with the arrival still in it. Does nothing if the lane is not ours any more."""
        try:
            async with self.storage.begin() as work:
                await work.inbox.give_back(self.claim)
        except LostLease:
            return

    def lose(self) -> None:
        """Another worker has the lane: end as soon as possible, without a further act on the platform."""
        if not self.done:
            self.deadline = float("-inf")
            self.stopped.set()

    def check(self) -> None:
        """Call before every act on a platform: a paused process must not act on a lease that ran out."""
        if self.clock.monotonic() > self.deadline:
            raise LostLease(self.claim.lane)


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
