"""What becomes of an arrival that cannot be handled: it is put aside, costs nothing, and the person hears of it."""

from collections.abc import Mapping

import structlog

from bot.accounting import Accounting
from bot.alerts import Notice
from bot.chores import Chore
from bot.errors import ParleyError
from bot.inbox import Inbox, Lease
from bot.ports import Platform
from bot.storage.tables import InboxState
from bot.texts.errors import sentence

_log = structlog.get_logger(__name__)


class Burial:
    """Never raises."""

    def __init__(self, inbox: Inbox, platforms: Mapping[str, Platform], accounting: Accounting) -> None:
        self._inbox = inbox
        self._platforms = platforms
        self._accounting = accounting

    async def bury(self, lease: Lease) -> None:
        """Put an arrival aside that cannot be handled, give back its reservations, and tell the person if possible."""
        try:
            async with lease.begin() as work:
                await work.history.fail(lease.claim.id, "crashed")
                await self._accounting.release(work, lease.claim.id)
                await lease.complete(work, state=InboxState.DEAD)
        except ParleyError:
            # The database is away too: the lease runs out, and the arrival is tried again.
            _log.exception("burial_failed")
            return
        await self._apologise(lease)

    async def _apologise(self, lease: Lease) -> None:
        """Only now, in a transaction of its own: what crashed the turn may well crash this."""
        if Notice.is_one(lease.claim.source) or Chore.is_one(lease.claim.source):
            return
        try:
            update = self._platforms[lease.claim.source.partition(":")[0]].parse(lease.claim.payload)
            if update is None:
                return
            notice = Notice(said=sentence(ParleyError()), to=update.sender.identity, at=update.place)
            await self._inbox.accept([notice.arrival(f"buried {lease.claim.id}", at=0)])
        except Exception:  # noqa: BLE001 - whatever it is, the lane goes on
            _log.exception("apology_failed")
