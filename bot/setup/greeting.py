"""Getting to know the operator: who writes to the bot first, and a message that shows that it can answer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.domain.people import Identity
from bot.domain.updates import Arrival, Place, Update
from bot.errors import PlatformError
from bot.ports import Platform
from bot.setup.guide import HELLO


async def first_words(platform: Platform, seconds: float) -> Update | None:
    """What somebody writes to the bot within so many seconds, in private; None if nobody does.

    The platform is told of nothing: what was written is answered when the bot runs. Raises PlatformError.
    """
    heard: asyncio.Future[Update] = asyncio.get_running_loop().create_future()

    async def accept(arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            update = None if arrival.poison else platform.parse(arrival.payload)
            if update is not None and update.place.private and not heard.done():
                heard.set_result(update)
        await asyncio.Event().wait()

    listening = asyncio.create_task(platform.listen(accept))
    try:
        waiting: set[asyncio.Future[Any]] = {heard, listening}
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
        if not heard.done():
            return None
        update = heard.result()
        return replace(update, sender=await platform.ask_about(update.sender))
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, PlatformError):
            await listening


async def greet(platform: Platform, to: Identity | Place) -> None:
    """Send the test message. Raises PlatformError."""
    place = to if isinstance(to, Place) else platform.direct(to)
    for part in platform.parts(place, HELLO):
        await platform.deliver(part)
