"""Parts leave the outbox in order; what a platform refuses for now is repeated until it takes it."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.errors import PlatformBusy, PlatformDown, PlatformError
from bot.inbox import Lease
from bot.ports import Clock, Platform
from bot.storage import Outgoing

_log = structlog.get_logger(__name__)

_MOST_UNKNOWN = 2
"""How often a part is sent when the outcome stays unknown: platforms have no idempotency keys, and a lost answer that
may be there all the same is the lesser evil than a third copy of it."""

_LONGEST_PAUSE = 60.0

_Sent = tuple[Outgoing, str]
"""A part, and what the platform calls it."""


class Courier:
    """Delivers what stands in the outbox for one arrival and then completes it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def deliver(self, lease: Lease, platform: Platform, outgoing: Sequence[Outgoing]) -> None:
        """Send every part, then free the lane. A part that cannot be delivered ends the answer; the lane goes on."""
        try:
            last = await self._send_all(lease, platform, outgoing)
        except PlatformError as error:
            _log.warning("answer_undeliverable", reason=type(error).__name__, arrival=lease.claim.id)
            await self._give_up(lease)
            return
        async with lease.begin() as work:
            if last is not None:
                await work.outbox.sent(*last)
            await lease.complete(work)

    async def resume(self, lease: Lease, platform: Platform) -> bool:
        """Finish an answer that a dead worker had stored. False if none was stored."""
        async with lease.begin() as work:
            if not await work.outbox.answered(lease.claim.id):
                return False
            unsent = await work.outbox.unsent(lease.claim.id)
            if unsent:
                await work.outbox.attempt(unsent[0].id)
        first, rest = unsent[:1], unsent[1:]
        again = [replace(out, attempts=out.attempts + 1) for out in first]
        if any(out.attempts > _MOST_UNKNOWN for out in again):
            await self._give_up(lease)
            return True
        await self.deliver(lease, platform, [*again, *rest])
        return True

    async def _send_all(self, lease: Lease, platform: Platform, outgoing: Sequence[Outgoing]) -> _Sent | None:
        sent: _Sent | None = None
        for position, out in enumerate(outgoing):
            if position > 0:
                await self._advance(lease, sent, out)
            sent = out, await self._send(lease, platform, out)
        return sent

    async def _advance(self, lease: Lease, sent: _Sent | None, following: Outgoing) -> None:
        async with lease.begin() as work:
            if sent is not None:
                await work.outbox.sent(*sent)
            await work.outbox.attempt(following.id)

    async def _send(self, lease: Lease, platform: Platform, out: Outgoing) -> str:
        unknown = max(0, out.attempts - 1)
        pause = 1.0
        while True:
            lease.check()
            try:
                return await platform.deliver(out.part)
            except PlatformBusy as error:
                await self._clock.sleep(error.retry_after)
            except PlatformDown as error:
                unknown += error.outcome_unknown
                if unknown >= _MOST_UNKNOWN:
                    raise
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _give_up(self, lease: Lease) -> None:
        async with lease.begin() as work:
            await work.outbox.failed(lease.claim.id)
            await lease.complete(work)
