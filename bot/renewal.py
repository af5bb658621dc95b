"""Which conversation a message belongs to: the one that goes on at its place, unless that was left alone for long."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.updates import Update
from bot.storage import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A conversation, and the one that was left for it because nobody had gone on with it."""

    conversation: int
    left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A conversation with which nobody went on for `idle` is followed by a fresh one; None: it goes on for ever.

    Threads and topics were begun by people for something: they are never renewed.
    """

    idle: timedelta | None = None

    async def where(self, work: UnitOfWork, update: Update, account_id: int) -> Where:
        """The conversation of a message; the old one stays, and can be gone back to."""
        place = update.place.key
        current = await work.conversations.current(place, account_id=account_id, title=update.topic)
        # What is asked again belongs to where it was asked first.
        if self.idle is None or update.place.thread or update.anew or update.edited:
            return Where(conversation=current)
        if not await work.conversations.idle(place, current, self.idle):
            return Where(conversation=current)
        return Where(conversation=await work.conversations.start(place, account_id=account_id), left=current)
