"""The chore that follows forgetting: commands, caches and the file itself hold nothing of it any more."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import structlog

from bot.chores import Chore
from bot.domain.people import Identity
from bot.errors import StorageError
from bot.inbox import Lease
from bot.ports import Platform
from bot.storage import Heard, Storage

_log = structlog.get_logger(__name__)

_KIND = "scrub"

_PAUSE = 15_000
"""Milliseconds until a cache that cannot be reached is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub:
    """Whose traces go: those at one place, or everywhere (""), that came before an arrival."""

    account: int
    place: str
    before: int

    @property
    def chore(self) -> Chore:
        facts = {"account": self.account, "place": self.place, "before": self.before}
        return Chore(kind=_KIND, about=f"account:{self.account}", facts=facts)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        return cls(account=facts["account"], place=facts["place"], before=facts["before"])


class Scrubbing:
    """Empties the events of commands, which belong to no turn, then the caches, then the database's free pages.

    Args:
        clear: empties the response cache, wherever that is. Raises StorageError, and is then called again.
    """

    def __init__(
        self, storage: Storage, platforms: Mapping[str, Platform], clear: Callable[[], Awaitable[None]]
    ) -> None:
        self._storage = storage
        self._platforms = platforms
        self._clear = clear

    async def __call__(self, lease: Lease, chore: Chore) -> None:
        scrub = Scrub.of(chore.facts)
        async with lease.begin() as work:
            known = await work.people.identities(scrub.account)
            for account in known if not scrub.place else ():
                await work.forgetting.unquote(str(account.identity))
        for account in known:
            await self._unsay(lease, scrub, account.identity)
        try:
            await self._clear()
        except StorageError as error:
            _log.warning("scrubbing_put_off", reason=str(error))
            async with lease.begin() as work:
                await lease.park(work, pause=_PAUSE)
            return
        await self._storage.scrub()

    async def _unsay(self, lease: Lease, scrub: Scrub, identity: Identity) -> None:
        # A person's own id within the payload; who really spoke is read from it afterwards.
        named = identity.user.rpartition("/")[2]
        after, more = 0, True
        while more:
            async with lease.begin() as work:
                heard = await work.forgetting.heard(after=after, before=scrub.before)
                naming = [one for one in heard if named in json.dumps(one.payload)]
                await work.forgetting.unsay([one.arrival for one in naming if self._is_theirs(one, scrub, identity)])
            more = bool(heard)
            after = heard[-1].arrival if heard else after

    def _is_theirs(self, heard: Heard, scrub: Scrub, identity: Identity) -> bool:
        platform = self._platforms.get(heard.source.partition(":")[0])
        try:
            update = platform.parse(heard.payload) if platform else None
        except (ValueError, KeyError, TypeError):
            # It could not be read when it came either, so nobody can tell where that was; but it names the person.
            return not scrub.place
        if update is None or update.sender.identity != identity:
            return False
        return scrub.place in ("", update.place.key)
