"""The anteroom: whoever waits in line, because as many turns run as may, sees that the bot has heard them."""

import asyncio
from collections.abc import Mapping

import structlog

from bot.errors import PlatformError, StorageError
from bot.ports import Clock, Platform, Reply
from bot.storage import Storage
from bot.storage.queue import InLine

_log = structlog.get_logger(__name__)

_PATIENCE = 1_000
"""Milliseconds that somebody waits without a sign."""
_EVERY = 2.0
_MOST = 50
"""People who are shown something at once: platforms have limits, and the next ones in line come first."""


class Anteroom:
    """Shows those who wait that they were heard. One process does it at a time."""

    def __init__(self, storage: Storage, platforms: Mapping[str, Platform], clock: Clock) -> None:
        self._storage = storage
        self._platforms = platforms
        self._clock = clock
        self._shown: dict[int, Reply] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(_EVERY)
            try:
                await self.step()
            except StorageError as error:
                _log.warning("anteroom_put_off", reason=str(error))

    async def step(self) -> None:
        """A look at the line. What is shown to whom stays, and fades by itself when their turn has come."""
        async with self._storage.begin() as work:
            waiting = await work.queue.waiting(longer=_PATIENCE, most=_MOST)
        replies = {one.id: self._shown.get(one.id) or self._reply(one) for one in waiting}
        self._shown = {number: reply for number, reply in replies.items() if reply is not None}
        await asyncio.gather(*(_show(reply) for reply in self._shown.values()))

    def _reply(self, waiting: InLine) -> Reply | None:
        platform = self._platforms.get(waiting.source.partition(":")[0])
        try:
            update = platform.parse(waiting.payload) if platform else None
        except (ValueError, KeyError, TypeError):
            return None
        return platform.reply(update) if platform and update else None


async def _show(reply: Reply) -> None:
    try:
        await reply.show("")
    except PlatformError:
        return  # whoever answers them will find that out
