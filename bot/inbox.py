"""Accept, claim, renew, finish: arrivals become leases of lanes, and leases keep workers honest."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bot.domain.updates import Arrival
from bot.errors import LostLease
from bot.ports import Clock
from bot.storage import Claim, Storage, UnitOfWork

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Lease:
    """The right to handle one arrival, as long as it is renewed.

    `stopped` is set when somebody asked this turn to stop, `deadline` (monotonic) is when the lease ends.
    """

    claim: Claim
    storage: Storage
    clock: Clock
    ttl: float
    deadline: float
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    more: bool = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that is rolled back unless the lane is still ours. Raises LostLease."""
        async with self.storage.begin() as work:
            fenced_at = self.clock.monotonic()
            await work.inbox.fence(self.claim, ttl=_milliseconds(self.ttl))
            # The fence renewed the lease; under load the heartbeat may queue behind the answers themselves.
            self.deadline = max(self.deadline, fenced_at + self.ttl)
            yield work

    async def complete(self, work: UnitOfWork, *, state: int | None = None) -> None:
        """Finish the arrival in the given transaction; afterwards the lane is free."""
        done = work.inbox.complete(self.claim) if state is None else work.inbox.complete(self.claim, state=state)
        self.more = await done

    def check(self) -> None:
        """Call before every act on a platform: a paused process must not act on a lease that ran out."""
        if self.clock.monotonic() > self.deadline:
            raise LostLease(self.claim.lane)


class Inbox:
    """This process's side of the inbox: what it accepts, what it holds.

    Args:
        lease: seconds without a renewal after which another worker takes a lane over.
    """

    def __init__(self, storage: Storage, clock: Clock, *, lease: float = 10.0) -> None:
        self._storage = storage
        self._clock = clock
        self._ttl = lease
        self._owner = f"{os.uname().nodename[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._held: dict[tuple[str, int], Lease] = {}
        self._woken = asyncio.Event()

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store arrivals, all or none. The platform may be told that we have them once this returns."""
        if not arrivals:
            return
        async with self._storage.begin() as work:
            fresh = [await work.inbox.put(arrival) for arrival in arrivals]
        for arrival in arrivals:
            if arrival.poison:
                _log.warning("arrival_quarantined", source=arrival.source, platform_event=arrival.event)
        if any(fresh):
            self.wake()

    @property
    def awake(self) -> bool:
        """Whether something was reported ready that nobody has looked for yet."""
        return self._woken.is_set()

    def wake(self) -> None:
        """Something may be ready to be claimed."""
        self._woken.set()

    async def wait(self, longest: float) -> None:
        """Wait until something may be ready, or `longest` seconds: the safety net for a lost wake-up."""
        try:
            async with asyncio.timeout(longest):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._woken.clear()

    async def claim(self, most: int) -> list[Lease]:
        """Take up to `most` lanes that have something to do."""
        deadline = self._clock.monotonic() + self._ttl
        async with self._storage.begin() as work:
            claims = await work.inbox.claim(most, owner=self._owner, ttl=_milliseconds(self._ttl))
        return [self._hold(claim, deadline) for claim in claims]

    def let_go(self, lease: Lease) -> None:
        """Stop renewing a lease: its turn is over, or lost."""
        self._held.pop((lease.claim.lane, lease.claim.epoch), None)

    def stopped(self, lane: str, epoch: int) -> None:
        """Tell a turn of this process at once that it was stopped; other processes hear of it when they renew."""
        if lease := self._held.get((lane, epoch)):
            lease.stopped.set()

    async def recover(self) -> None:
        """At start: take back what a dead predecessor held (embedded), or what has run out."""
        await self._take_back(everything=self._storage.embedded)

    async def _take_back(self, *, everything: bool) -> None:
        async with self._storage.begin() as work:
            lanes = await work.inbox.take_back(everything=everything)
        if lanes:
            _log.warning("lanes_taken_over", count=len(lanes))
            self.wake()

    async def keep(self) -> None:
        """Renew leases for ever, and take over those of the dead."""
        while True:
            await self._clock.sleep(self._ttl / 3)
            try:
                await self._renew()
                await self._take_back(everything=False)
            except Exception:  # noqa: BLE001 - the next beat may succeed; if none does, the leases run out and nobody acts on them
                _log.exception("heartbeat_failed")

    async def _renew(self) -> None:
        # Taken before the query: a lane that is claimed while it runs is not in its answer, and yet not lost.
        held = list(self._held.values())
        if not held:
            return
        renewed_at = self._clock.monotonic()
        async with self._storage.begin() as work:
            lanes = [lease.claim.lane for lease in held]
            alive = await work.inbox.renew(lanes, owner=self._owner, ttl=_milliseconds(self._ttl))
        for lease in held:
            stop = alive.get((lease.claim.lane, lease.claim.epoch))
            if stop is None:
                continue
            lease.deadline = renewed_at + self._ttl
            if stop:
                lease.stopped.set()

    def _hold(self, claim: Claim, deadline: float) -> Lease:
        lease = Lease(claim=claim, storage=self._storage, clock=self._clock, ttl=self._ttl, deadline=deadline)
        self._held[claim.lane, claim.epoch] = lease
        return lease


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
