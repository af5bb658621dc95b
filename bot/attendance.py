"""Whoever waits for longer than a second sees that somebody is at work, also where no answer is being written yet."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.domain.updates import Update
from bot.errors import PlatformError
from bot.ports import Platform

_PATIENCE = 1.0
_AGAIN = 4.0
"""Seconds after which it is shown again: Telegram's typing indicator lasts 5."""

_Result = TypeVar("_Result")


async def attended(platform: Platform, update: Update, doing: Coroutine[Any, Any, _Result]) -> _Result:
    """Await something; if it takes longer than a second, show whoever said `update` that it is being done."""
    attending = asyncio.create_task(_attend(platform, update))
    try:
        return await doing
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


async def _attend(platform: Platform, update: Update) -> None:
    await asyncio.sleep(_PATIENCE)
    reply = platform.reply(update)
    try:
        while True:
            await reply.show("")
            await asyncio.sleep(_AGAIN)
    except PlatformError:
        return  # nobody there to see it; what is being done will find that out by itself
    finally:
        await reply.close()
