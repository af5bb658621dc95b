"""What everybody together may spend in a day and in a month. Money is whole micro-US$."""

from dataclasses import dataclass
from typing import Literal

from bot.domain.windows import Period

Span = Literal["day", "month"]

EVERYWHERE = ""
"""The scope of a budget for all platforms together."""

_SOFT = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit in micro-US$. `scope` is a platform's name, or EVERYWHERE."""

    scope: str
    span: Span
    limit: int

    @property
    def subject(self) -> str:
        """How it is called in the log and in the database: `all/day`, `slack/month`."""
        return f"{self.scope or 'all'}/{self.span}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPlan:
    """Every budget there is. At the share `soft` (0 to 1) of one, admins are told.

    `unpriced` says whether models whose price nobody knows may be used: what they cost is in no sum.
    """

    budgets: tuple[Budget, ...] = ()
    soft: float = _SOFT
    unpriced: Literal["allow", "refuse"] = "allow"

    def names(self) -> frozenset[tuple[str, Span]]:
        """(scope, span) of each."""
        return frozenset((budget.scope, budget.span) for budget in self.budgets)

    def of(self, platform: str) -> tuple[Budget, ...]:
        """Those that what is said on a platform counts against."""
        return tuple(budget for budget in self.budgets if budget.scope in (EVERYWHERE, platform))


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStanding:
    """A budget in its current period, in micro-US$."""

    budget: Budget
    period: Period
    spent: int = 0
    reserved: int = 0

    @property
    def left(self) -> int:
        """What may still be reserved; never negative."""
        return max(0, self.budget.limit - self.spent - self.reserved)

    def reached(self, share: float) -> bool:
        """Whether that share (0 to 1) of the limit is spent. Reservations are promises and do not count."""
        return self.spent >= share * self.budget.limit
