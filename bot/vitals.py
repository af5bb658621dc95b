"""What a process is doing right now, for whoever looks from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.budgets import Budgets
from bot.domain.budgets import BudgetStanding
from bot.errors import StorageError
from bot.health import Health
from bot.inbox import Inbox
from bot.llm.ways import Gates
from bot.storage import Backlog, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How things stand.

    `there` tells of each part whether it is there, as in `Health`; `leases` is how many arrivals this process handles;
    `breakers` the state of each model's and key's; `backlog` is None while the database is away.
    """

    there: Mapping[str, bool]
    leases: int
    breakers: Mapping[str, str]
    backlog: Backlog | None
    budgets: Sequence[BudgetStanding]


class Pulse:
    """Takes the vitals. `budgets` and `gates` are those of a process that handles arrivals."""

    def __init__(
        self,
        storage: Storage,
        inbox: Inbox,
        health: Health,
        *,
        budgets: Budgets | None = None,
        gates: Gates | None = None,
    ) -> None:
        self._storage = storage
        self._inbox = inbox
        self._health = health
        self._budgets = budgets
        self._gates = gates

    async def take(self) -> Vitals:
        """Two or three short statements; never raises for a database that is away."""
        there = await self._health.checks()
        backlog, budgets = await self._stored() if there["database"] else (None, [])
        return Vitals(
            there=there,
            leases=self._inbox.held,
            breakers=self._gates.states() if self._gates else {},
            backlog=backlog,
            budgets=budgets,
        )

    async def _stored(self) -> tuple[Backlog | None, Sequence[BudgetStanding]]:
        try:
            async with self._storage.begin() as work:
                budgets = await self._budgets.standings(work) if self._budgets else []
                return await work.backlogs.now(), budgets
        except StorageError:
            return None, []
