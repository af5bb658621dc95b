"""Parts leave the outbox in order; what a platform refuses for now is repeated until it takes it."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.alerts import Notice
from bot.domain.updates import Arrival
from bot.errors import PlatformBusy, PlatformDown, PlatformError, PlatformMisconfigured
from bot.inbox import Lease
from bot.leases import milliseconds
from bot.ports import Clock, Platform
from bot.storage import Claim, Outgoing
from bot.telemetry.spans import step
from bot.texts import text

_log = structlog.get_logger(__name__)

_MOST_UNKNOWN = 2
"""How often a part is sent when the outcome stays unknown: platforms have no idempotency keys, and a lost answer that
may be there all the same is the lesser evil than a third copy of it."""

_LONGEST_PAUSE = 60.0

_PATIENCE = 90.0
"""Seconds for which a worker waits beside a part. After them its lane is parked: an outage that lasts must not fill
every worker with lanes that wait for one platform."""

_PARKED = (30.0, 600.0)
"""The shortest and the longest time for which a lane is parked: a quarter of what it has waited already."""

_LONGEST_OUTAGE = 24 * 3600.0
"""Seconds after which an answer is of no use to anybody."""

_UNKNOWN = "OutcomeUnknown"
_DOUBTFUL = {_UNKNOWN, PlatformDown.__name__}
"""Why an answer is given up that may have arrived all the same."""

_IN_DOUBT = text(
    "⚠️ The connection broke twice while I was answering you, and I cannot see whether you have my last message. "
    "If you do not, please ask again."
)

_Sent = tuple[Outgoing, str]
"""A part, and what the platform calls it."""


class _Later(Exception):
    """The platform does not take the part now. `unknown` of the attempts so far may have reached it all the same."""

    def __init__(self, out: Outgoing, unknown: int, wait: float) -> None:
        super().__init__()
        self.out = out
        self.unknown = unknown
        self.wait = wait


class Courier:
    """Delivers what stands in the outbox for one arrival and then completes it.

    What certainly did not arrive is repeated for a day. What may have arrived is repeated once, when the platform
    answers again, unless it does no harm to say it twice (edits).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def deliver(self, lease: Lease, platform: Platform, outgoing: Sequence[Outgoing]) -> None:
        """Send every part, then free the lane. A part that cannot be delivered ends the answer; the lane goes on."""
        try:
            with step("deliver", platform=platform.name, parts=len(outgoing)):
                last = await self._send_all(lease, platform, outgoing)
        except _Later as later:
            await self._put_off(lease, platform, later)
        except PlatformError as error:
            await self._give_up(lease, platform, type(error).__name__)
        else:
            async with lease.begin() as work:
                if last is not None:
                    await work.outbox.sent(*last)
                await lease.complete(work)

    async def resume(self, lease: Lease, platform: Platform) -> bool:
        """Finish an answer that was stored before and is not known to have arrived. False if none was stored."""
        async with lease.begin() as work:
            if not await work.outbox.answered(lease.claim.id):
                return False
            unsent = await work.outbox.unsent(lease.claim.id)
            if unsent:
                await work.outbox.attempt(unsent[0].id)
        again = [replace(out, attempts=out.attempts + 1) for out in unsent[:1]]
        if any(out.attempts > _MOST_UNKNOWN and not platform.repeatable(out.part) for out in again):
            await self._give_up(lease, platform, _UNKNOWN)
        else:
            await self.deliver(lease, platform, [*again, *unsent[1:]])
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
        """Hand a part over until it is taken. Raises _Later, PlatformError."""
        harmless = platform.repeatable(out.part)
        unknown = 0 if harmless else max(0, out.attempts - 1)
        until, pause = self._clock.monotonic() + _PATIENCE, 1.0
        while True:
            lease.check()
            wait = pause
            try:
                if unknown:
                    await _answers(platform)
                return await platform.deliver(out.part)
            except PlatformBusy as error:
                wait = error.retry_after
            except PlatformMisconfigured:
                # An operator can help, and nothing is lost until then.
                wait = _LONGEST_PAUSE
            except PlatformDown as error:
                unknown += error.outcome_unknown and not harmless
                if unknown >= _MOST_UNKNOWN:
                    raise
            if self._clock.monotonic() + wait > until:
                raise _Later(out, unknown, wait)
            await self._wait(lease, out, unknown, wait)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _wait(self, lease: Lease, out: Outgoing, unknown: int, seconds: float) -> None:
        """Wait beside a part, which counts meanwhile as what it is: not sent, or perhaps."""
        async with lease.begin() as work:
            await work.outbox.waits(out.id, attempts=unknown)
        await self._clock.sleep(seconds)
        async with lease.begin() as work:
            await work.outbox.attempt(out.id)

    async def _put_off(self, lease: Lease, platform: Platform, later: _Later) -> None:
        """Leave the rest of the answer, and with it the lane, until the platform may be back."""
        async with lease.begin() as work:
            age = await work.outbox.age(lease.claim.id)
        if age >= _LONGEST_OUTAGE:
            await self._give_up(lease, platform, "TooOld")
            return
        least, most = _PARKED
        pause = max(later.wait, min(max(age / 4, least), most))
        async with lease.begin() as work:
            await work.outbox.waits(later.out.id, attempts=later.unknown)
            await lease.park(work, pause=milliseconds(pause))
        _log.warning("answer_put_off", arrival=lease.claim.id, waited=round(age), seconds=round(pause))

    async def _give_up(self, lease: Lease, platform: Platform, why: str) -> None:
        _log.warning("answer_undeliverable", reason=why, arrival=lease.claim.id)
        doubt = _doubt(lease.claim, platform) if why in _DOUBTFUL else None
        async with lease.begin() as work:
            await work.outbox.failed(lease.claim.id, why)
            if doubt is not None:
                await work.inbox.put(doubt)
            await lease.complete(work)


def _doubt(claim: Claim, platform: Platform) -> Arrival | None:
    """Whoever may be waiting in vain is told so, before anything else is said to them."""
    if Notice.is_one(claim.source):
        return None
    update = platform.parse(claim.payload)
    if update is None:
        return None
    return Notice(said=_IN_DOUBT, to=update.sender.identity, at=update.place).arrival(f"doubt {claim.id}", at=0)


async def _answers(platform: Platform) -> None:
    """Ask something harmless, before the one attempt that is left. Raises PlatformBusy, PlatformDown."""
    try:
        await platform.reach()
    except PlatformDown as error:
        raise PlatformDown(str(error), outcome_unknown=False) from error
