"""A core and a real adapter at work together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.ports import Platform
from tests.conftest import Core


@asynccontextmanager
async def serving(core: Core, platform: Platform) -> AsyncIterator[None]:
    """The bot listens and works inside of the block; whatever runs at its end is cut off."""
    tasks = [asyncio.create_task(platform.listen(core.inbox.accept)), asyncio.create_task(core.dispatcher.run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await core.dispatcher.drain(0)
