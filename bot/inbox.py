"""Accept, claim, renew, finish: arrivals become leases of lanes, and leases keep workers honest."""

import asyncio
import os
import uuid
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import structlog

from bot.domain.caps import UNCAPPED, Caps
from bot.domain.updates import Arrival
from bot.errors import StorageError
from bot.leases import Lease, milliseconds
from bot.ports import Clock
from bot.storage import Claim, Stopping, Storage

if TYPE_CHECKING:
    from bot.stops import RedisStops

__all__ = ["Inbox", "Lease"]

_log = structlog.get_logger(__name__)

_SWEEP = 1.0
"""Seconds between looks for lanes whose worker has died, or whose platform may be back."""


class Inbox:
    """This process's side of the inbox: what it accepts, what it holds.

    Args:
        storage: where it stands.
        clock: time.
        lease: seconds without a renewal after which another worker takes a lane over.
        caps: how many turns may run at once, in all processes together.
        redis_url: where processes tell each other, beside the database, that a turn is to stop.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        lease: float = 10.0,
        caps: Caps = UNCAPPED,
        redis_url: str | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._ttl = lease
        self._caps = caps
        self._owner = f"{os.uname().nodename[:32]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._stops = _stops(redis_url, self._owner, clock)
        self._held: dict[tuple[str, int], Lease] = {}
        self._unreturned: list[Lease] = []
        self._woken = asyncio.Event()

    @property
    def owner(self) -> str:
        """The name under which this process holds things."""
        return self._owner

    @property
    def held(self) -> int:
        """How many arrivals this process handles."""
        return len(self._held)

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store arrivals, all or none, but those that follow nothing: nobody meant us.

        The platform may be told that we have them once this returns.
        """
        if not arrivals:
            return
        async with self._storage.begin() as work:
            ours = [one for one in arrivals if not one.follows or await work.inbox.talked_at(one.follows)]
            fresh = [await work.inbox.put(arrival) for arrival in ours]
        for arrival in ours:
            if arrival.poison:
                _log.warning("arrival_quarantined", source=arrival.source, platform_event=arrival.event)
        if any(fresh):
            self.wake()
        self._tell({arrival.lane for arrival in ours})

    def _tell(self, lanes: AbstractSet[str]) -> None:
        """Turns at work may want to know that something more was said."""
        for (lane, _), lease in self._held.items():
            if lane in lanes:
                lease.followed.set()

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
        """Take up to `most` lanes that have something to do; none while those that are held are renewed late.

        A process that gets too little of the processor would lose whatever it took to others, who would fare no better.
        """
        if self._overdue():
            return []
        deadline = self._clock.monotonic() + self._ttl
        # A claim that a power cut undoes is as good as one of a process that died.
        async with self._storage.begin(kept=False) as work:
            claims = await work.inbox.claim(most, owner=self._owner, ttl=milliseconds(self._ttl), caps=self._caps)
        return [self._hold(claim, deadline) for claim in claims]

    def let_go(self, lease: Lease) -> None:
        """Stop renewing a lease: its turn is over, or lost. Under a cap, its end may let another one begin."""
        self._held.pop((lease.claim.lane, lease.claim.epoch), None)
        if lease.more or self._caps != UNCAPPED:
            self.wake()

    async def give_back(self, lease: Lease) -> None:
        """Let whoever is first go on with an arrival, now or as soon as the database is there."""
        self._held.pop((lease.claim.lane, lease.claim.epoch), None)
        try:
            await lease.give_back()
        except StorageError:
            self._unreturned.append(lease)
        else:
            self.wake()

    async def excuse(self, lease: Lease) -> None:
        """The lease was lost, and yet this process lives: whoever has the arrival now need not fear it."""
        try:
            async with self._storage.begin() as work:
                await work.inbox.excuse(lease.claim)
        except StorageError as error:
            _log.warning("heartbeat_failed", reason=str(error))

    def stop(self, stopping: Stopping) -> None:
        """Have a turn end that was asked to, wherever it runs."""
        if stopping.owner == self._owner:
            self.stopped(stopping.lane, stopping.epoch)
        elif self._stops is not None:
            self._stops.tell(stopping)

    def stopped(self, lane: str, epoch: int) -> None:
        """Tell a turn of this process that it was stopped."""
        if lease := self._held.get((lane, epoch)):
            lease.stopped.set()

    async def recover(self) -> None:
        """At start: take back what a dead predecessor held (embedded), or what has run out."""
        await self._sweep(everything=self._storage.embedded)

    async def keep(self) -> None:
        """Renew leases for ever, take over those of the dead, and hear what other processes have to say."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._storage.listen(self.wake, self.stopped))
            if self._stops is not None:
                tasks.create_task(self._stops.run(self.stopped))
            tasks.create_task(self._renew_for_ever())
            tasks.create_task(self._sweep_for_ever())

    async def _renew_for_ever(self) -> None:
        while True:
            await self._clock.sleep(self._ttl / 3)
            try:
                await self._renew()
            except StorageError as error:
                # The next beat may succeed; if none does, the leases run out and nobody acts on them.
                _log.warning("heartbeat_failed", reason=str(error))

    async def _sweep_for_ever(self) -> None:
        while True:
            await self._clock.sleep(min(_SWEEP, self._ttl / 3))
            try:
                await self._return()
                await self._sweep(everything=False)
            except StorageError as error:
                _log.warning("sweep_failed", reason=str(error))

    async def _return(self) -> None:
        """Give back what could not be given back when it should have been."""
        while self._unreturned:
            await self._unreturned[-1].give_back()
            self._unreturned.pop()
            self.wake()

    async def _sweep(self, *, everything: bool) -> None:
        async with self._storage.begin() as work:
            lanes = await work.inbox.take_back(everything=everything)
            parked = await work.inbox.unpark()
        if lanes:
            _log.warning("lanes_taken_over", count=len(lanes))
        if lanes or parked:
            self.wake()

    async def _renew(self) -> None:
        # Taken before the query: a lane that is claimed while it runs is not in its answer, and yet not lost.
        held = list(self._held.values())
        if not held:
            return
        renewed_at = self._clock.monotonic()
        async with self._storage.begin(kept=False) as work:
            lanes = [lease.claim.lane for lease in held]
            alive = await work.inbox.renew(lanes, owner=self._owner, ttl=milliseconds(self._ttl))
        for lease in held:
            stop = alive.get((lease.claim.lane, lease.claim.epoch))
            if stop is None:
                lease.lose()
                continue
            lease.deadline = renewed_at + self._ttl
            if stop:
                lease.stopped.set()

    def _overdue(self) -> bool:
        """Whether a lease has come close to its end, although two renewals were due. One that is lost says nothing."""
        now = self._clock.monotonic()
        return any(now - self._ttl < lease.deadline < now + self._ttl / 4 for lease in self._held.values())

    def _hold(self, claim: Claim, deadline: float) -> Lease:
        lease = Lease(claim=claim, storage=self._storage, clock=self._clock, ttl=self._ttl, deadline=deadline)
        self._held[claim.lane, claim.epoch] = lease
        return lease


def _stops(url: str | None, owner: str, clock: Clock) -> "RedisStops | None":
    if url is None:
        return None
    # Imported late: the client library takes time to load.
    from bot.stops import RedisStops

    return RedisStops.connect(url, owner, clock)
