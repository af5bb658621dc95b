"""Budgets: what everybody together may spend, reserved before the call and settled with what it cost."""

from collections.abc import Sequence
from datetime import tzinfo

from bot.domain.budgets import Budget, BudgetPlan, BudgetStanding
from bot.domain.windows import Period, milliseconds
from bot.errors import BudgetExhausted
from bot.ports import Clock
from bot.storage import UnitOfWork
from bot.storage.budgets import BudgetKey, Spent


class Budgets:
    """The operator's budgets. Without any, nothing here asks the database for anything.

    Args:
        zone: whose midnight begins a new day, and a new month.
    """

    def __init__(self, plan: BudgetPlan, zone: tzinfo, clock: Clock) -> None:
        self.plan = plan
        self._zone = zone
        self._clock = clock
        self._refused: dict[str, Period] = {}

    async def reserve(self, work: UnitOfWork, arrival: int, platform: str, ceiling: int, *, limited: bool) -> None:
        """Reserve `ceiling` micro-US$ of every budget that a turn on `platform` counts against.

        A turn that is begun again, after a crash, keeps what it has. Unless `limited`, the amount is counted and
        never refused: admins go on working. Raises BudgetExhausted, after which the transaction must be undone.
        """
        budgets = self.plan.of(platform)
        if not budgets:
            return
        held = await work.budgets.held(arrival)
        wanted = [one for one in _in_order(budgets) if (one.scope, one.span) not in held]
        keys = [await self._take(work, budget, ceiling, limited=limited) for budget in wanted]
        if keys:
            await work.budgets.hold(arrival, ceiling, keys)

    async def settle(self, work: UnitOfWork, arrival: int, cost: int | None) -> None:
        """Charge what a turn cost; nothing if nobody knows its price. Settling twice charges once."""
        if self.plan.budgets:
            await work.budgets.settle(arrival, cost or 0)

    async def release(self, work: UnitOfWork, arrival: int) -> None:
        """Charge nothing: the turn had no answer."""
        await self.settle(work, arrival, 0)

    async def standings(self, work: UnitOfWork) -> list[BudgetStanding]:
        """Every budget as it stands now."""
        if not self.plan.budgets:
            return []
        standings = [BudgetStanding(budget=one, period=self._period(one)) for one in self.plan.budgets]
        known = await work.budgets.standings(sorted({milliseconds(one.period.starts_at) for one in standings}))
        return [_filled(one, known.get(_key(one.budget, one.period))) for one in standings]

    def refused(self, standing: BudgetStanding) -> bool:
        """Whether this process refused the last turn that counts against that budget, in its current period."""
        return self._refused.get(standing.budget.subject) == standing.period

    async def _take(self, work: UnitOfWork, budget: Budget, ceiling: int, *, limited: bool) -> BudgetKey:
        period = self._period(budget)
        key = _key(budget, period)
        if not await work.budgets.take(key, ceiling, limit=budget.limit if limited else None):
            self._refused[budget.subject] = period
            raise BudgetExhausted(scope=budget.scope, span=budget.span, resets_at=period.ends_at)
        if limited:
            self._refused.pop(budget.subject, None)
        return key

    def _period(self, budget: Budget) -> Period:
        return Period.of(budget.span, self._clock.now(), self._zone)


def _in_order(budgets: Sequence[Budget]) -> list[Budget]:
    """The order in which `bot.storage.budgets` settles them too."""
    return sorted(budgets, key=lambda one: (one.scope, one.span))


def _key(budget: Budget, period: Period) -> BudgetKey:
    return BudgetKey(scope=budget.scope, span=budget.span, starts_at=milliseconds(period.starts_at))


def _filled(standing: BudgetStanding, spent: Spent | None) -> BudgetStanding:
    if spent is None:
        return standing
    return BudgetStanding(budget=standing.budget, period=standing.period, spent=spent.spent, reserved=spent.reserved)
