"""`parley tail`: the life of one conversation as it goes on."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from bot.errors import ConfigError
from bot.storage import Storage
from bot.storage.lives import Event

_EVERY = 0.5

_TURNS = 20
"""How many of the newest turns are looked at."""


async def follow(storage: Storage, conversation: int, say: Callable[[str], None], *, once: bool) -> None:
    """Say what happens in a conversation, until cancelled; only what has happened, with `once`.

    Raises ConfigError if there is no such conversation.
    """
    async with storage.begin() as work:
        if not await work.lives.exists(conversation):
            raise ConfigError([f"There is no conversation {conversation}; /context and the table `conversation` tell"])
    told: set[Event] = set()
    while True:
        async with storage.begin() as work:
            events = await work.lives.latest(conversation, _TURNS)
        for event in events:
            if event not in told:
                say(_line(event))
        told = set(events)
        if once:
            return
        await asyncio.sleep(_EVERY)


def _line(event: Event) -> str:
    at = datetime.fromtimestamp(event.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{at}  {event.arrival:>8}  {event.what:<5}  {event.facts}"
