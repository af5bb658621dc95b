"""The herald: hands a broadcast to the inbox, a few people a second, until everybody was written to."""

from collections.abc import Mapping

import structlog

from bot.access import Access
from bot.alerts.notices import Notice
from bot.domain.people import Role
from bot.domain.windows import milliseconds
from bot.errors import StorageError
from bot.inbox import Inbox
from bot.ports import Clock
from bot.storage import Account, Storage, UnitOfWork
from bot.storage.broadcasts import Broadcast, Delivery, prefix
from bot.storage.tables import BroadcastState
from bot.texts import Text, Typed, lines, text

_log = structlog.get_logger(__name__)

_EVERY = 1.0
_PAGE = 100
_MOST_WAITING = 30
"""Seconds' worth of notices that may wait for their platform before no more are handed over."""


class Herald:
    """Sends what admins say to everybody. One process does it at a time; where it stands is in the database.

    Args:
        paces: by platform, how many people a second may be written to.
    """

    def __init__(
        self, storage: Storage, inbox: Inbox, access: Access, clock: Clock, paces: Mapping[str, float]
    ) -> None:
        self._storage = storage
        self._inbox = inbox
        self._access = access
        self._clock = clock
        self._paces = paces

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(_EVERY)
            try:
                await self.step()
            except StorageError as error:
                _log.warning("broadcast_put_off", reason=str(error))

    async def step(self) -> None:
        """What a second has room for."""
        async with self._storage.begin() as work:
            sending = await work.broadcasts.sending()
            if sending is None:
                return
            delivery = await work.broadcasts.delivery(sending.id)
            waiting = delivery.handed - delivery.delivered - delivery.failed
            if waiting > _MOST_WAITING * max(1, *self._paces.values()):
                return  # platforms take less than they are given
            over = [await self._on(work, sending, platform) for platform in self._paces]
            if all(over) and not waiting:
                await self._end(work, sending, delivery)
        self._inbox.wake()

    async def _on(self, work: UnitOfWork, sending: Broadcast, platform: str) -> bool:
        """A second's worth on one platform. Whether nobody was left there before."""
        after, done = await work.broadcasts.upto(sending.id, platform)
        if done:
            return True
        room, handed = max(1, round(self._paces[platform] * _EVERY)), 0
        audience = await work.broadcasts.audience(platform, [*self._paces], after=after, most=_PAGE)
        for account in audience:
            if handed == room:
                break
            after = account.id
            handed += await self._tell(work, sending, account)
        else:
            done = len(audience) < _PAGE
        await work.broadcasts.advance(sending.id, platform, upto=after, handed=handed, done=done)
        return False

    async def _tell(self, work: UnitOfWork, sending: Broadcast, account: Account) -> bool:
        """Whether the person is one of those whom the bot talks to."""
        if self._access.role(account) < Role.GUEST:
            return False
        notice = Notice(said=worded(sending.said), to=account.identity)
        at = milliseconds(self._clock.now())
        await work.inbox.put(notice.arrival(prefix(sending.id), at=at, prefix=prefix(sending.id)))
        return True

    async def _end(self, work: UnitOfWork, sending: Broadcast, delivery: Delivery) -> None:
        moved = await work.broadcasts.move(sending.id, before=BroadcastState.SENDING, after=BroadcastState.SENT)
        if not moved or sending.author.platform not in self._paces:
            return  # whoever wrote it on the command line looks there
        said = text(
            "📣 Broadcast no. {number} is out: {delivered} delivered, {failed} could not be delivered.",
            number=sending.id,
            delivered=delivery.delivered,
            failed=delivery.failed,
        )
        notice = Notice(said=said, to=sending.author)
        await work.inbox.put(notice.arrival(f"broadcast {sending.id} is out", at=milliseconds(self._clock.now())))


def worded(said: str) -> Text:
    """A broadcast as people read it."""
    return lines(
        text("📣 {message}", message=said),
        text("{off} ends messages like this.", off=Typed("notices off")),
    )
