"""Which limits hold for whom: the plans Parley comes with, and what admins decided over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.quotas import METERS, Bound, Meter, Plan, Rule, Whose, account_subject, in_force, subjects
from bot.domain.windows import Window
from bot.storage import Account, UnitOfWork

FREE, PLUS, VIP = "free", "plus", "vip"

_TIMES = {FREE: 1, PLUS: 5, VIP: 20}
"""How much more than the free plan the others allow, until an admin decides otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Every limit that holds for an account in a chat.

    `own` are the account's, `chat` those of the group as a whole, `each` those of every member in it, `pool` what the
    group pays for members who have used up their own; a group without limits on its pool has none.
    """

    plan: Plan
    own: Sequence[Rule]
    chat: Sequence[Rule] = ()
    each: Sequence[Rule] = ()
    pool: Sequence[Rule] = ()

    def bounds(self, account_id: int, chat: str, *, pooled: bool) -> list[Bound]:
        """What holds for a turn that the member's account pays, or the group's pool."""
        whose: tuple[Whose, ...] = ("pool" if pooled else "own", "chat", "member")
        rules = (self.pool if pooled else self.own, self.chat, self.each)
        # In private there is one subject, the account.
        return [
            Bound(whose=one, subject=subject, rules=some)
            for one, subject, some in zip(whose, subjects(account_id, chat, pooled=pooled), rules, strict=False)
        ]

    def pool_pays(self, tier: str, model: str) -> bool:
        """Whether the group pays for what a model answers along a chain: where a limit says how much."""
        return any(rule.counts(tier, model) for rule in self.pool)


class Plans:
    """Plans and limits, as they are at this moment: what an admin decides holds from the next message on.

    Args:
        base: the plans Parley comes with.
        default: the plan of accounts that have none. One that is not there allows what the free plan does, not
            everything.
    """

    def __init__(self, base: Sequence[Plan], default: str = FREE) -> None:
        self._base = {plan.name: plan for plan in base}
        self.default = default

    async def held(self, work: UnitOfWork, account: Account, chat: str, *, now: int) -> Held:
        """Every limit that holds for an account; `chat` is "" in private, `now` in milliseconds."""
        name = self.name_of(account, now=now)
        own, whole, each, pool = account_subject(account.id), f"chat:{chat}", f"each:{chat}", f"pool:{chat}"
        asked = [plan_subject(name), own, *((whole, each, pool) if chat else ())]
        decided = await work.limits.decided(asked, plan_name=name, now=now)
        plan = self._plan(name, decided.rules.get(plan_subject(name), ()), decided.priority)
        return Held(
            plan=plan,
            own=in_force(plan.rules, decided.rules.get(own, ())),
            chat=in_force(decided.rules.get(whole, ())),
            each=in_force(decided.rules.get(each, ())),
            pool=in_force(decided.rules.get(pool, ())),
        )

    def name_of(self, account: Account, *, now: int) -> str:
        """The plan of an account; the default one again when the time for another is over."""
        if account.plan is None or (account.plan_until is not None and account.plan_until <= now):
            return self.default
        return account.plan

    async def all(self, work: UnitOfWork, *, now: int) -> list[Plan]:
        """Every plan with the limits that hold for it, the least important first."""
        stored = await work.limits.plans()
        names = {*self._base, *stored}
        decided = await work.limits.decided(map(plan_subject, names), plan_name="", now=now)
        plans = []
        for name in sorted(names):
            row = stored.get(name)
            found = self._plan(name, decided.rules.get(plan_subject(name), ()), row.priority if row else None)
            plans.append(replace(found, keep=row.keep) if row else found)
        return sorted(plans, key=lambda plan: plan.priority)

    async def find(self, work: UnitOfWork, name: str, *, now: int) -> Plan | None:
        """The plan of that name."""
        return next((plan for plan in await self.all(work, now=now) if plan.name == name), None)

    def _plan(self, name: str, decided: Sequence[Rule], priority: int | None) -> Plan:
        made = bool(decided) or priority is not None
        base = self._base.get(name) or (Plan(name=name) if made else self._base[FREE])
        return Plan(
            name=name,
            rules=in_force(base.rules, decided),
            priority=base.priority if priority is None else priority,
        )


def plan_subject(name: str) -> str:
    """What the limits of a plan are stored under."""
    return f"plan:{name}"


def base_plans(daily: Mapping[Meter, int | None]) -> list[Plan]:
    """The plans Parley comes with: limits per day (None: unlimited), times what the plan is worth."""
    return [
        Plan(
            name=name,
            rules=tuple(
                Rule(meter=meter, window=Window(span="day"), limit=limit * times)
                for meter in METERS
                if (limit := daily.get(meter)) is not None
            ),
            priority=priority,
        )
        for priority, (name, times) in enumerate(_TIMES.items())
    ]
