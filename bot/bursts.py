"""Bursts: messages that one person sends right after each other are one question.

A worker waits a moment before it begins, and takes along what comes meanwhile. That is noted before anything is asked:
after a crash the same messages are one question again, and all of them are done when its turn is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.bursts import Quiet, joined
from bot.domain.updates import Update
from bot.inbox import Lease
from bot.ports import Clock, Platform
from bot.storage import Waiting

_ALBUM = 0.5
"""Seconds within which the next picture of an album comes."""

_LOOK = 1.0
"""Seconds between looks for what another process may have received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    row: Waiting
    update: Update


class Bursts:
    """Gathers what belongs together."""

    def __init__(self, quiet: Quiet, clock: Clock) -> None:
        self._quiet = quiet
        self._clock = clock

    async def gather(self, lease: Lease, platform: Platform, update: Update) -> Update:
        """The message with everything that was said right after it; waits until it is quiet."""
        if lease.claim.attempts > 1:
            return _whole(update, await self._taken(lease, platform, update, more=False))
        if not self._quiet.seconds and not update.album:
            return update
        missing = self._left(update, lease.claim.age)
        while True:
            await self._clock.sleep(missing)
            known, said = lease.joined, await self._taken(lease, platform, update, more=True)
            if lease.joined == known:
                return _whole(update, said)
            missing = self._left(said[-1].update, said[-1].row.age)

    async def followed(self, lease: Lease, platform: Platform, update: Update) -> None:
        """Return when the same person has said something more, or the turn was stopped."""
        while not lease.stopped.is_set():
            lease.followed.clear()
            async with lease.begin() as work:
                rows = [row for row in (await work.bursts.of(lease.claim))[1:] if not row.joined]
            following = _read(platform, rows[0]) if rows else None
            if following and together(update, following.update):
                return
            await _first(lease.stopped, lease.followed, _LOOK)

    async def _taken(self, lease: Lease, platform: Platform, update: Update, *, more: bool) -> Sequence[_Said]:
        """What belongs to the message: joined before, and, with `more`, what follows without a pause."""
        async with lease.begin() as work:
            rows = await work.bursts.of(lease.claim)
            said = self._burst(platform, update, rows, more=more)
            await work.bursts.join(lease.claim, [one.row.id for one in said[1:] if not one.row.joined])
        lease.joined = len(said) - 1
        return said

    def _burst(self, platform: Platform, update: Update, rows: Sequence[Waiting], *, more: bool) -> Sequence[_Said]:
        said = [_Said(row=rows[0], update=update)]
        for row in rows[1:]:
            following = _read(platform, row)
            if following and (row.joined or (more and self._follows(said, following))):
                said.append(following)
            elif not row.joined:
                break
        return said

    def _follows(self, said: Sequence[_Said], following: _Said) -> bool:
        """Whether it is one more message by the same person, without a pause."""
        last = said[-1]
        if len(said) >= self._quiet.most or not together(last.update, following.update):
            return False
        if last.update.album and last.update.album == following.update.album:
            return True
        return last.row.age - following.row.age <= self._quiet.pause(last.update.text)

    def _left(self, last: Update, age: int) -> float:
        """Seconds of quiet that are missing. The pictures of an album are messages, and come a moment apart."""
        return max(self._quiet.left(last.text, age), _ALBUM - age / 1000 if last.album else 0.0)


def together(said: Update, following: Update) -> bool:
    """Whether two messages can be one question: by the same person, neither a command, an edit nor without words."""
    says = bool(following.text.strip() or following.attachments)
    plain = following.invocation is None and not following.edited and says
    return plain and said.sender.identity == following.sender.identity and said.place == following.place


def _read(platform: Platform, row: Waiting) -> _Said | None:
    try:
        update = platform.parse(row.payload)
    except (ValueError, KeyError, TypeError):
        return None
    return _Said(row=row, update=update) if update else None


def _whole(update: Update, said: Sequence[_Said]) -> Update:
    """Several messages as one, which knows what it is made of."""
    if len(said) == 1:
        return update
    texts = [one.update.text for one in said]
    pieces = tuple((one.update.message, len(one.update.text)) for one in said)
    attachments = tuple(attachment for one in said for attachment in one.update.attachments)
    return replace(update, text=joined(texts), pieces=pieces, attachments=attachments)


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Wait for either event, or so many seconds."""
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
