"""Plans, limits, credits and requests for more: what admins decided. Times are milliseconds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.quotas import Credit, Rule
from bot.domain.windows import Window, instant
from bot.storage.charges import LIFE
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import ChargeState, RequestState, charge, credit, draw, plan, quota, request, warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided for some subjects: rules by subject, and the priority of the plan among them if it has one."""

    rules: Mapping[str, Sequence[Rule]]
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """What was decided about a plan beside its limits. `keep`: for how many days words are kept, None: for ever."""

    priority: int
    keep: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody asks for more."""

    id: int
    account_id: int
    what: str
    at: int
    state: int
    decided_by: str | None


def _big(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_PRIORITY = "priority"
_PASSING = "~"
"""After its span: what was decided for a time stands beside what was decided for good, which is back when it ends."""

# The plan's priority travels with the rules: one statement in front of every turn instead of two.
_DECIDED = sa.union_all(
    sa.select(quota.c.subject, quota.c.meter, quota.c.scope, quota.c.span, quota.c.amount).where(
        quota.c.subject.in_(sa.bindparam("subjects", expanding=True)),
        sa.or_(quota.c.until.is_(None), quota.c.until > _big("now")),
    ),
    sa.select(
        plan.c.name,
        sa.literal_column(f"'{_PRIORITY}'"),
        sa.literal_column("''"),
        sa.literal_column("''"),
        plan.c.priority,
    ).where(plan.c.name == sa.bindparam("its_plan")),
)
_PLANS = sa.select(plan).order_by(plan.c.name)
_this = sa.and_(
    quota.c.subject == sa.bindparam("its_subject"),
    quota.c.meter == sa.bindparam("its_meter"),
    quota.c.scope == sa.bindparam("its_scope"),
    quota.c.span == sa.bindparam("its_span"),
)
_GET = sa.select(quota.c.amount, quota.c.until).where(_this)
_UNSET = sa.delete(quota).where(_this)
_counts = sa.or_(
    charge.c.state == ChargeState.SETTLED,
    sa.and_(charge.c.state == ChargeState.RESERVED, charge.c.at > _big("dead")),
)
_DRAWN = (
    sa.select(sa.func.coalesce(sa.func.sum(draw.c.amount), 0))
    .join_from(draw, charge, draw.c.inbox_id == charge.c.inbox_id)
    .where(draw.c.credit_id == credit.c.id, _counts)
    .scalar_subquery()
)
_CREDITS = sa.select(credit, _DRAWN.label("drawn")).where(
    credit.c.account_id == sa.bindparam("its_account"), credit.c.until > _big("now")
)
_ADD_CREDIT = sa.insert(credit).returning(credit.c.id)
_CREDIT_END = sa.select(credit.c.until).where(credit.c.id == sa.bindparam("its_credit"))
_END_CREDIT = sa.update(credit).where(credit.c.id == sa.bindparam("its_credit")).values(until=0)
_ASK = sa.insert(request).values(state=RequestState.OPEN).returning(request.c.id)
_open = request.c.state == sa.literal_column(str(RequestState.OPEN))
_WAITING = sa.select(request).where(_open).order_by(request.c.id).limit(sa.bindparam("most"))
_ASKED_BY = sa.select(request).where(_open, request.c.account_id == sa.bindparam("its_account")).limit(1)
_REQUEST = sa.select(request).where(request.c.id == sa.bindparam("its_request"))
# Of two admins who decide at once, the second finds it decided.
_DECIDE = (
    sa.update(request)
    .where(request.c.id == sa.bindparam("its_request"), request.c.state == RequestState.OPEN)
    .values(state=sa.bindparam("its_state"), decided_by=sa.bindparam("admin"))
    .returning(request.c.id)
)
_WARNED = sa.select(warning.c.at).where(
    warning.c.subject == sa.bindparam("its_subject"),
    warning.c.meter == sa.bindparam("its_meter"),
    warning.c.scope == sa.bindparam("its_scope"),
    warning.c.span == sa.bindparam("its_span"),
)


@cache
def _put(dialect: str, table: sa.Table, *changed: str) -> sa.Executable:
    insert = insert_for(dialect)(table)
    keys = [column.name for column in table.primary_key]
    return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in changed})


class Limits:
    """What admins decided, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def decided(self, subjects: Iterable[str], *, plan_name: str, now: int) -> Decided:
        """What holds for these subjects at an instant."""
        values = {"subjects": list(subjects), "its_plan": plan_name, "now": now}
        rules: dict[str, list[Rule]] = {}
        priority = None
        for row in await self._connection.execute(_DECIDED, values):
            if row.meter == _PRIORITY:
                priority = row.amount
            else:
                # What was decided for a time goes behind what it stands in front of: the later one holds.
                known = rules.setdefault(row.subject, [])
                known.insert(len(known) if row.span.endswith(_PASSING) else 0, _rule(row))
        return Decided(rules=rules, priority=priority)

    async def plans(self) -> dict[str, StoredPlan]:
        """The plans that have a row."""
        rows = await self._connection.execute(_PLANS)
        return {row.name: StoredPlan(priority=row.priority, keep=row.keep_days) for row in rows}

    async def put_plan(self, name: str, priority: int) -> None:
        await self._connection.execute(_put(self._dialect, plan, "priority"), {"name": name, "priority": priority})

    async def keep(self, name: str, days: int | None, *, priority: int) -> None:
        """For how many days a plan keeps words; `priority` is for one that has no row yet."""
        values = {"name": name, "priority": priority, "keep_days": days}
        await self._connection.execute(_put(self._dialect, plan, "keep_days"), values)

    async def get(self, subject: str, rule: Rule, *, passing: bool) -> tuple[int | None, int | None] | None:
        """(amount, until) of what was decided, for good or for a time, for the limit of that key; None: nothing."""
        row = (await self._connection.execute(_GET, _key(subject, rule, passing=passing))).first()
        return None if row is None else (row.amount, row.until)

    async def set(self, subject: str, rule: Rule, *, until: int | None = None) -> None:
        """Decide a limit; one without a number lifts what the plan says.

        One that ends at `until` leaves in place what was decided for good.
        """
        values = {
            "subject": subject,
            "meter": rule.meter,
            "scope": rule.scope,
            "span": _span(rule, passing=until is not None),
            "amount": rule.limit,
            "until": until,
        }
        await self._connection.execute(_put(self._dialect, quota, "amount", "until"), values)

    async def unset(self, subject: str, rule: Rule) -> None:
        """Decide nothing about the limit of that rule's key, neither for a time nor for good."""
        for passing in (False, True):
            await self._connection.execute(_UNSET, _key(subject, rule, passing=passing))

    async def credits(self, account_id: int, *, now: int) -> list[Credit]:
        """What an account may use beside its limits."""
        rows = await self._connection.execute(_CREDITS, {"its_account": account_id, "now": now, "dead": now - LIFE})
        return [_credit(row) for row in rows if row.amount > row.drawn]

    async def add_credit(self, account_id: int, rule: Rule, *, until: int) -> int:
        """Give an account `rule.limit` of its meter and scope, valid until an instant. Returns its number."""
        values = {
            "account_id": account_id,
            "meter": rule.meter,
            "scope": rule.scope,
            "amount": rule.limit,
            "until": until,
        }
        return int((await self._connection.execute(_ADD_CREDIT, values)).scalar_one())

    async def credit_until(self, credit_id: int) -> int | None:
        """When a credit ends."""
        return (await self._connection.execute(_CREDIT_END, {"its_credit": credit_id})).scalar()

    async def end_credit(self, credit_id: int) -> None:
        """Take back what is left of a credit."""
        await self._connection.execute(_END_CREDIT, {"its_credit": credit_id})

    async def warn(self, subject: str, rule: Rule, *, since: int, now: int) -> bool:
        """Note that somebody is told that a limit is nearly used up. False if they were told since an instant."""
        told = (await self._connection.execute(_WARNED, _key(subject, rule))).scalar()
        if told is not None and told >= since:
            return False
        values = {"subject": subject, "meter": rule.meter, "scope": rule.scope, "span": str(rule.window), "at": now}
        await self._connection.execute(_put(self._dialect, warning, "at"), values)
        return True

    async def ask(self, account_id: int, what: str, *, now: int) -> int:
        """Record a request; returns its number."""
        values = {"account_id": account_id, "what": what, "at": now}
        return int((await self._connection.execute(_ASK, values)).scalar_one())

    async def decide(self, request_id: int, state: int, *, admin: str) -> bool:
        """Approve or deny a request. False if that has been done already."""
        values = {"its_request": request_id, "its_state": state, "admin": admin}
        return (await self._connection.execute(_DECIDE, values)).first() is not None

    async def request(self, request_id: int) -> Request | None:
        row = (await self._connection.execute(_REQUEST, {"its_request": request_id})).first()
        return None if row is None else _request(row)

    async def asked_by(self, account_id: int) -> Request | None:
        """The open request of an account, if it has one."""
        row = (await self._connection.execute(_ASKED_BY, {"its_account": account_id})).first()
        return None if row is None else _request(row)

    async def waiting(self, most: int = 20) -> list[Request]:
        """Open requests, the oldest first."""
        return [_request(row) for row in await self._connection.execute(_WAITING, {"most": most})]


def _key(subject: str, rule: Rule, *, passing: bool = False) -> dict[str, str]:
    span = _span(rule, passing=passing)
    return {"its_subject": subject, "its_meter": rule.meter, "its_scope": rule.scope, "its_span": span}


def _span(rule: Rule, *, passing: bool) -> str:
    return f"{rule.window}{_PASSING if passing else ''}"


def _rule(row: sa.Row[*tuple[Any, ...]]) -> Rule:
    return Rule(
        meter=row.meter, window=Window.parse(row.span.removesuffix(_PASSING)), limit=row.amount, scope=row.scope
    )


def _credit(row: sa.Row[*tuple[Any, ...]]) -> Credit:
    return Credit(
        id=row.id, meter=row.meter, scope=row.scope, left=row.amount - int(row.drawn), until=instant(row.until)
    )


def _request(row: sa.Row[*tuple[Any, ...]]) -> Request:
    return Request(
        id=row.id,
        account_id=row.account_id,
        what=row.what,
        at=row.at,
        state=row.state,
        decided_by=row.decided_by,
    )
