"""Chores: work that a turn leaves behind, such as a summary or a title, done when nobody waits for it.

A chore is an arrival like any other, put into the inbox by the transaction of the turn that leaves it: a kill between
the two loses nothing. It never delays a turn: few lanes are all that chores have, so that a thousand of them, behind an
endpoint that hangs, occupy no more than that many workers.
"""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import structlog

from bot.domain.updates import Arrival
from bot.errors import ModelError, UserError
from bot.inbox import Lease
from bot.storage.tables import InboxState

_log = structlog.get_logger(__name__)

_SOURCE = "chore"

_LANES = 8
"""So many chores at once in the whole installation. What waits in one of the lanes waits for no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One piece of work. `kind` names who can do it, `facts` is what that one needs to know: a JSON object.

    Chores `about` the same thing are done one at a time and in order.
    """

    kind: str
    about: str
    facts: Mapping[str, Any]

    def arrival(self, occasion: str, *, at: int) -> Arrival:
        """As `work.inbox.put` takes it; the same `occasion` of a kind is stored once. `at` in milliseconds."""
        return Arrival(
            source=f"{_SOURCE}:{self.kind}",
            event=occasion,
            lane=f"{_SOURCE}:{zlib.crc32(self.about.encode()) % _LANES}",
            order=at,
            payload={"about": self.about, "facts": dict(self.facts)},
        )

    @staticmethod
    def is_one(source: str) -> bool:
        """Whether arrivals of that source are chores."""
        return source.partition(":")[0] == _SOURCE

    @classmethod
    def of(cls, source: str, payload: Mapping[str, Any]) -> Self:
        """The chore that an arrival is."""
        return cls(kind=source.partition(":")[2], about=payload["about"], facts=payload["facts"])


Do = Callable[[Lease, Chore], Awaitable[None]]
"""Does a chore, in transactions of the lease. May be called again for the same chore, after a crash."""


class Chores:
    """Who can do which kind of chore."""

    def __init__(self, doers: Mapping[str, Do]) -> None:
        self._doers = doers

    async def do(self, lease: Lease) -> None:
        """Do a chore and complete its lease, unless it put itself off.

        One that fails is done with: a later turn leaves another one.
        """
        chore = Chore.of(lease.claim.source, lease.claim.payload)
        state = await self._outcome(lease, chore)
        if lease.done:
            return
        async with lease.begin() as work:
            await lease.complete(work, state=state)

    async def _outcome(self, lease: Lease, chore: Chore) -> int:
        doer = self._doers.get(chore.kind)
        if doer is None:
            return InboxState.DROPPED  # left by a turn before the operator switched the feature off
        try:
            await doer(lease, chore)
        except (ModelError, UserError) as error:
            _log.info("chore_failed", kind=chore.kind, reason=type(error).__name__, detail=str(error)[:300])
            return InboxState.DEAD
        return InboxState.DONE
