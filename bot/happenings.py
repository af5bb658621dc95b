"""What happens beside what people say: groups that get another id, people who block the bot, threads with names."""

from datetime import timedelta

import structlog

from bot.access import Access
from bot.alerts.notices import Notice
from bot.domain.happenings import Contact, Moved, Named
from bot.domain.people import Identity
from bot.domain.updates import Place
from bot.domain.windows import milliseconds
from bot.inbox import Inbox, Lease
from bot.ports import Clock, Platform
from bot.storage import UnitOfWork
from bot.texts import code, text

_log = structlog.get_logger(__name__)

_WORTH_READING = timedelta(days=1)
"""After which an answer that its reader has kept from coming is of no use any more."""

_LOOK = (1_000, 60_000)
"""The shortest and the longest pause between looks at a group that is still being answered, in milliseconds."""


class Happenings:
    """Notes what happened, and completes its lease."""

    def __init__(self, access: Access, inbox: Inbox, clock: Clock) -> None:
        self._access = access
        self._inbox = inbox
        self._clock = clock

    async def note(self, lease: Lease, platform: Platform) -> None:
        """An arrival that nobody said."""
        happening = platform.happening(lease.claim.payload)
        async with lease.begin() as work:
            match happening:
                case Moved():
                    if not await self._moved(work, lease, happening):
                        return
                case Contact():
                    await self._contact(work, happening)
                case Named():
                    await _named(work, happening)
            await lease.complete(work)
        self._inbox.wake()

    async def _moved(self, work: UnitOfWork, lease: Lease, moved: Moved) -> bool:
        """Give everything of a group to what it has become. False if that has to wait.

        What was asked in the old one is answered first: there the news is the last thing that is said, in the new one
        the first, and everything else there waits behind it.
        """
        if moved.heard == moved.new and await work.moving.busy(moved.old.key):
            shortest, longest = _LOOK
            await lease.park(work, pause=min(max(lease.claim.age // 4, shortest), longest))
            return False
        await work.moving.move(_as_identity(moved.old), _as_identity(moved.new))
        _log.info("group_moved", old=moved.old.key, new=moved.new.key)
        if moved.heard == moved.old and _as_identity(moved.old) in self._access.policy.chats:
            await self._tell_admins(work, moved)
        return True

    async def _tell_admins(self, work: UnitOfWork, moved: Moved) -> None:
        """Settings are an operator's: nobody else can change an id in there."""
        _log.warning("group_in_settings_moved", old=moved.old.key, new=moved.new.key)
        said = text(
            "ALLOWED or ADMIN_CHATS names a group that has another id now: {new}, no longer {old}. Please change it.",
            old=code(moved.old.key),
            new=code(moved.new.key),
        )
        now = milliseconds(self._clock.now())
        for admin in await self._access.admins(work):
            await work.inbox.put(Notice(said=said, to=admin).arrival(f"{moved.old.key} moved", at=now))

    async def _contact(self, work: UnitOfWork, contact: Contact) -> None:
        await work.people.contact(contact.who, open_=contact.open)
        if contact.open:
            within = round(_WORTH_READING.total_seconds() * 1000)
            again = await work.revival.undelivered(contact.place.key, within=within)
            _log.info("contact_resumed", place=contact.place.key, answers=again)


async def _named(work: UnitOfWork, named: Named) -> None:
    """A thread's name is the title of the conversation in it."""
    here = await work.conversations.going_on(named.place.key)
    if here is not None:
        await work.conversations.rename(here, named.name)
    else:
        await work.conversations.start(named.place.key, title=named.name)


def _as_identity(place: Place) -> Identity:
    return Identity(platform=place.platform, user=place.chat)
