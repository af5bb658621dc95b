"""What was put aside: looked at, tried again, forgotten."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.commands import all_commands
from bot.database import storage_of
from bot.domain.updates import Arrival
from bot.errors import ConfigError
from bot.platforms import all_platforms
from bot.ports import Platform
from bot.settings import Settings
from bot.storage import Storage
from bot.storage.quarantine import PutAside

Say = Callable[[str], None]
Doing = Callable[[Storage], Awaitable[None]]


async def on_database(settings: Settings, doing: Doing) -> None:
    """Do something with the database. Raises ParleyError."""
    storage = storage_of(settings)
    try:
        await storage.recognise()
        await doing(storage)
    finally:
        await storage.close()


async def retry_with_platforms(storage: Storage, settings: Settings, ids: Sequence[int], say: Say) -> None:
    """As `retry`, with the platforms of the settings."""
    platforms = all_platforms(settings, all_commands())
    try:
        await retry(storage, {platform.name: platform for platform in platforms}, ids, say)
    finally:
        for platform in platforms:
            await platform.close()


async def show(storage: Storage, most: int, say: Say) -> None:
    """One line for each, without what people wrote."""
    async with storage.begin() as work:
        found = await work.quarantine.latest(most)
    if not found:
        say("Nothing was put aside.")
    for one in found:
        received = datetime.fromtimestamp(one.received_at / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        say(f"{one.id:>8}  {one.why:<10}  {received}  attempts {one.attempts}  {one.source} {one.event}  {one.lane}")


async def retry(storage: Storage, platforms: Mapping[str, Platform], ids: Sequence[int], say: Say) -> None:
    """Let them be handled again by whoever runs. Raises ConfigError for one that is not there or cannot be read."""
    for number in ids:
        async with storage.begin() as work:
            one = await work.quarantine.find(number)
        if one is None:
            raise ConfigError([f"{number} was not put aside"])
        read = await _read(one, platforms)
        async with storage.begin() as work:
            # As a new arrival: a turn of the old one is on record, and what it reserved was given back.
            if await work.quarantine.drop(number):
                await work.inbox.put(replace(read, event=f"{one.event[:140]} again {number}"))
        say(f"{number} is in line again.")


async def drop(storage: Storage, ids: Sequence[int], say: Say) -> None:
    """Forget what they say. Raises ConfigError for one that is not there."""
    for number in ids:
        async with storage.begin() as work:
            if not await work.quarantine.drop(number):
                raise ConfigError([f"{number} was not put aside"])
        say(f"{number} is forgotten.")


async def _read(one: PutAside, platforms: Mapping[str, Platform]) -> Arrival:
    if one.why == "failed":
        return Arrival(source=one.source, event=one.event, lane=one.lane, order=one.id, payload=one.payload)
    name = one.source.partition(":")[0]
    if name not in platforms:
        raise ConfigError([f"{one.id} came from {name}, which is not set up here"])
    read = await platforms[name].reread(one.payload)
    if read is None or read.poison:
        raise ConfigError([f"{one.id} cannot be read by this version either: `parley inbox drop {one.id}`"])
    return replace(read, source=one.source, event=one.event)
