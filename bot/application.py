"""Everything that runs, and the order in which it starts and ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.alerts import Watch
from bot.dispatch import Dispatcher
from bot.inbox import Inbox
from bot.ports import Platform

PATIENCE = 20.0
"""Seconds that running answers get to end when the process is asked to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything that runs, put together."""

    inbox: Inbox
    dispatcher: Dispatcher
    watch: Watch
    platforms: Sequence[Platform]
    ready: asyncio.Event
    patience: float = PATIENCE

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set or every platform has come to its end; then let running answers end.

        Raises PlatformMisconfigured when a platform does not let us in.
        """
        await self.inbox.recover()
        beat, looks = asyncio.create_task(self.inbox.keep()), asyncio.create_task(self.watch.run())
        work = asyncio.create_task(self.dispatcher.run())
        listeners = [asyncio.create_task(platform.listen(self.inbox.accept)) for platform in self.platforms]
        self.ready.set()
        try:
            await self._until(stop, listeners)
        finally:
            await cancel(*listeners)
            if not stop.is_set():
                await self.dispatcher.settle()
            await cancel(work, looks)
            await self.dispatcher.drain(self.patience)
            await cancel(beat)

    async def _until(self, stop: asyncio.Event, listeners: Sequence[asyncio.Task[None]]) -> None:
        stopping = asyncio.create_task(stop.wait())
        listening: asyncio.Future[list[None]] = asyncio.gather(*listeners)
        both: set[asyncio.Future[Any]] = {stopping, listening}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
        finally:
            await cancel(stopping, listening)


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
