"""Whoever waits for longer than a second sees that somebody is at work, also where no answer is being written yet."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.domain.updates import Update
from bot.errors import PlatformError
from bot.ports import Platform
from bot.tasks import cancel

_PATIENCE = 1.0
_AGAIN = 4.0
"""Seconds after which it is shown again: Telegram's typing indicator lasts 5."""

_Result = TypeVar("_Result")


async def attended(platform: Platform, update: Update, doing: Coroutine[Any, Any, _Result]) -> _Result:
    """Await something; if it takes longer than a second, show whoever said `update` that it is being done."""
    loop, attending = asyncio.get_running_loop(), list[asyncio.Task[None]]()
    timer = loop.call_later(_PATIENCE, lambda: attending.append(loop.create_task(_attend(platform, update))))
    try:
        return await doing
    finally:
        timer.cancel()
        await cancel(*attending)


async def _attend(platform: Platform, update: Update) -> None:
    reply = platform.reply(update)
    try:
        while True:
            await reply.show("")
            await asyncio.sleep(_AGAIN)
    except PlatformError:
        return  # nobody there to see it; what is being done will find that out by itself
    finally:
        await reply.close()
