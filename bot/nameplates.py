"""The chore that calls a thread what the conversation in it is called, on platforms whose threads have names."""

from collections.abc import Sequence
from dataclasses import asdict

from bot.chores import Chore
from bot.domain.updates import Place
from bot.inbox import Lease
from bot.ports import Platform
from bot.storage import UnitOfWork

_KIND = "nameplate"


async def leave_nameplate(work: UnitOfWork, place: Place, conversation: int, occasion: str, *, at: int) -> None:
    """A conversation in a thread got a title, or goes on there again: leave the chore. `at` in milliseconds."""
    if place.thread:
        facts = {"place": asdict(place), "conversation": conversation}
        chore = Chore(kind=_KIND, about=f"place:{place.key}", facts=facts)
        await work.inbox.put(chore.arrival(occasion, at=at))


class Nameplates:
    """Hangs up the title that a conversation has by now, if it is the one that goes on in its thread."""

    def __init__(self, platforms: Sequence[Platform]) -> None:
        self._platforms = {one.name: one for one in platforms}

    async def __call__(self, lease: Lease, chore: Chore) -> None:
        """The chore `nameplate`."""
        place, conversation = Place(**chore.facts["place"]), chore.facts["conversation"]
        async with lease.begin() as work:
            talk = await work.conversations.find(place.key, conversation)
            current = await work.conversations.going_on(place.key)
        platform = self._platforms.get(place.platform)
        if platform and talk and talk.title and current == conversation:
            await platform.entitle(place, talk.title)
