"""Clicks on buttons are told to be seen: until then the person's client shows the button at work.

It is a courtesy beside the arrival, which is stored already: nothing waits for it, nothing is repeated.
"""

import asyncio
from typing import Any

import structlog
from telegram import Bot
from telegram import error as sdk

_SECONDS = 5.0  # the client gives up on its own after some
_MOST = 50  # at once
_MOST_EACH = 3  # of one person's at once; beyond that somebody plays with the button

log = structlog.get_logger(__name__)


class Clicks:
    """Answers callback queries of one bot, without a word."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._running: dict[asyncio.Task[None], object] = {}

    def seen(self, raw: Any) -> None:
        """Take note of a raw update that was stored, or is none of ours. Returns at once."""
        query, who = _query(raw)
        if not query or len(self._running) >= _MOST or [*self._running.values()].count(who) >= _MOST_EACH:
            return
        task = asyncio.create_task(self._answer(query))
        self._running[task] = who
        task.add_done_callback(self._running.pop)

    async def close(self) -> None:
        """Give up what is still on its way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _answer(self, query: str) -> None:
        try:
            await self._bot.answer_callback_query(query, read_timeout=_SECONDS)
        except sdk.TelegramError as error:
            # Most often it is stale: after a while Telegram takes no answer any more.
            log.debug("A click was not answered", reason=type(error).__name__)


def _query(raw: Any) -> tuple[str, object]:
    """The id of a callback query, which is a string of digits, "" if it is none; and whose it is."""
    click = raw.get("callback_query") if isinstance(raw, dict) else None
    if not isinstance(click, dict):
        return "", None
    query, who = click.get("id"), click.get("from")
    return query if isinstance(query, str) else "", who.get("id") if isinstance(who, dict) else None
