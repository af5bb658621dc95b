"""The ledger: one charge a turn, reserved, then settled or released; and the sums of what was settled.

Sums are kept for five minutes, for a day and for ever (`UsageLevel`), so that a limit is checked with a handful of
short reads however much was used. What is reserved is read from the charges themselves, and ends by itself after a
while.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.quotas import METERS, Amount, Meter
from bot.domain.windows import Stretch, milliseconds
from bot.storage.charges import LIFE, Charge, Sum, amount_of, charge_of, row_of
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import ChargeState, UsageLevel, charge, credit, draw, usage

_DAY = 86_400_000
_LEVELS = {"bucket": UsageLevel.BUCKET, "day": UsageLevel.DAY, "ever": UsageLevel.EVER}


def _big(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.BigInteger)


_METERS = [usage.c[meter] for meter in METERS]
_SUMMED = [sa.func.sum(column).label(column.name) for column in _METERS]
_BUCKETS = (
    sa.select(usage.c.starts_at, usage.c.tier, usage.c.model, *_METERS)
    .where(
        usage.c.subject == sa.bindparam("whose"),
        usage.c.level == sa.literal_column(str(UsageLevel.BUCKET)),
        usage.c.starts_at >= _big("since"),
    )
    .order_by(usage.c.starts_at)
)
# A constant written into the SQL: a bound parameter cannot match a partial index.
_reserved = charge.c.state == sa.literal_column(str(ChargeState.RESERVED))
_ALIVE = sa.select(charge).where(_reserved, charge.c.at > _big("dead"))
_OPEN = _ALIVE.where(charge.c.account_id == sa.bindparam("its_account"))
_open_there = sa.union(_OPEN, _ALIVE.where(charge.c.chat == sa.bindparam("its_chat"))).subquery()
# With a row for each credit that pays a part of it.
_OPEN_IN_CHAT = (
    sa.select(_open_there, draw.c.amount.label("drawn"), credit.c.meter)
    .select_from(_open_there)
    .outerjoin(draw, draw.c.inbox_id == _open_there.c.inbox_id)
    .outerjoin(credit, credit.c.id == draw.c.credit_id)
)
_FIND = sa.select(charge).where(charge.c.inbox_id == sa.bindparam("arrival"))
# The same of one turn.
_HELD = (
    sa.select(charge, draw.c.credit_id, draw.c.amount.label("drawn"), credit.c.meter)
    .select_from(charge)
    .outerjoin(draw, draw.c.inbox_id == charge.c.inbox_id)
    .outerjoin(credit, credit.c.id == draw.c.credit_id)
    .where(charge.c.inbox_id == sa.bindparam("arrival"))
    .order_by(credit.c.until)
)
_DRAW = sa.insert(draw)
_REDRAW = (
    sa.update(draw)
    .where(draw.c.inbox_id == sa.bindparam("arrival"), draw.c.credit_id == sa.bindparam("its_credit"))
    .values(amount=sa.bindparam("really"))
)
_UNDRAW = sa.delete(draw).where(draw.c.inbox_id == sa.bindparam("arrival"))
_this = sa.and_(charge.c.inbox_id == sa.bindparam("arrival"), charge.c.state == ChargeState.RESERVED)
_SETTLE = (
    sa.update(charge)
    .where(_this)
    .values(
        state=ChargeState.SETTLED,
        model=sa.bindparam("its_model"),
        **{meter: sa.bindparam(f"its_{meter}") for meter in METERS},
    )
)
_RELEASE = sa.update(charge).where(_this).values(state=ChargeState.RELEASED)
_RESERVE = sa.insert(charge)
_FORGET = sa.delete(charge).where(charge.c.inbox_id == sa.bindparam("arrival"))
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("subject"), 0)))
_NEVER = 2**62


@cache
def _sums(arms: int) -> sa.Executable:
    """Several stretches at once, each read along the primary key."""

    def arm(number: int) -> sa.Select[Any]:
        return (
            sa.select(sa.literal_column(str(number)).label("arm"), usage.c.tier, usage.c.model, *_SUMMED)
            .where(
                usage.c.subject == sa.bindparam(f"whose{number}"),
                usage.c.level == sa.bindparam(f"level{number}"),
                usage.c.starts_at >= _big(f"since{number}"),
                usage.c.starts_at < _big(f"before{number}"),
            )
            .group_by(usage.c.tier, usage.c.model)
        )

    return sa.union_all(*(arm(number) for number in range(arms)))


@cache
def _add_up(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(usage)
    return insert.on_conflict_do_update(
        index_elements=["subject", "level", "starts_at", "tier", "model"],
        set_={meter: usage.c[meter] + insert.excluded[meter] for meter in METERS},
    )


class Ledger:
    """Charges and their sums, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def lock(self, whose: Sequence[str]) -> None:
        """Let nobody else decide about these subjects until the commit (SQLite: nobody writes anyway).

        Everybody names them in one order: the account's, then the chat's.
        """
        if self._dialect != "sqlite":
            for subject in whose:
                await self._connection.execute(_LOCK, {"subject": subject})

    async def sums(self, asked: Sequence[tuple[str, Stretch]]) -> list[list[Sum]]:
        """What was settled for each (subject, stretch), by chain and model."""
        if not asked:
            return []
        values: dict[str, Any] = {}
        for number, (subject, stretch) in enumerate(asked):
            before = _NEVER if stretch.before is None else milliseconds(stretch.before)
            values |= {
                f"whose{number}": subject,
                f"level{number}": _LEVELS[stretch.level],
                f"since{number}": milliseconds(stretch.since),
                f"before{number}": before,
            }
        found: list[list[Sum]] = [[] for _ in asked]
        for row in await self._connection.execute(_sums(len(asked)), values):
            found[row.arm].append(Sum(tier=row.tier, model=row.model, amount=amount_of(row)))
        return found

    async def buckets(self, subject: str, since: int) -> list[Sum]:
        """What was settled for a subject in each five minutes since an instant (milliseconds), the oldest first."""
        rows = await self._connection.execute(_BUCKETS, {"whose": subject, "since": since})
        return [Sum(tier=row.tier, model=row.model, amount=amount_of(row), starts_at=row.starts_at) for row in rows]

    async def open(self, account_id: int, chat: str, *, now: int) -> list[Charge]:
        """What is reserved by an account, and by everybody in a chat ("": none).

        What credits pay of it is read where it counts, in a chat.
        """
        values: dict[str, Any] = {"its_account": account_id, "dead": now - LIFE}
        if not chat:
            return [charge_of(row) for row in await self._connection.execute(_OPEN, values)]
        found: dict[int, Charge] = {}
        for row in await self._connection.execute(_OPEN_IN_CHAT, {**values, "its_chat": chat}):
            one = found.setdefault(row.inbox_id, charge_of(row))
            if row.drawn is not None:
                paid = Amount(**{row.meter: row.drawn})
                found[row.inbox_id] = replace(one, credited=one.credited.plus(paid))
        return [*found.values()]

    async def find(self, arrival: int) -> Charge | None:
        """The charge of a turn, whatever became of it; None if nothing was ever reserved."""
        row = (await self._connection.execute(_FIND, {"arrival": arrival})).first()
        return None if row is None else charge_of(row)

    async def reserve(self, reserved: Charge, draws: Mapping[int, tuple[Meter, int]]) -> None:
        """Record a reservation, and what each credit (by id) pays of it.

        The caller holds the locks and has checked the limits.
        """
        counted = reserved.amount.less(_by_meter(draws.values()))
        await self._connection.execute(_RESERVE, row_of(replace(reserved, amount=counted)))
        for credit_id, (_, amount) in draws.items():
            paid: dict[str, Any] = {"inbox_id": reserved.arrival, "credit_id": credit_id, "amount": amount}
            await self._connection.execute(_DRAW, paid)

    async def forget(self, arrival: int) -> None:
        """Drop a charge that holds no more, before the turn reserves anew."""
        await self._connection.execute(_UNDRAW, {"arrival": arrival})
        await self._connection.execute(_FORGET, {"arrival": arrival})

    async def settle(self, arrival: int, *, model: str, used: Amount) -> None:
        """Swap the promise for what was really used, of the model that answered. Settling twice charges once."""
        rows = (await self._connection.execute(_HELD, {"arrival": arrival})).all()
        if not rows or rows[0].state != ChargeState.RESERVED:
            return
        held = charge_of(rows[0])
        paid = await self._redraw(held, used, [row for row in rows if row.credit_id is not None])
        counted = used.less(paid)
        values = {f"its_{meter}": counted.of(meter) for meter in METERS}
        await self._connection.execute(_SETTLE, {"arrival": arrival, "its_model": model, **values})
        await self._add_up(replace(held, model=model, amount=counted, credited=Amount(**paid)))

    async def release(self, arrival: int) -> None:
        """Give a reservation back: the turn had no answer. Settled charges stay."""
        await self._connection.execute(_RELEASE, {"arrival": arrival})

    async def _redraw(self, held: Charge, used: Amount, drawn: Sequence[sa.Row[*tuple[Any, ...]]]) -> dict[Meter, int]:
        """Let credits pay what the limits' part does not cover; returns what they pay together, by meter."""
        paid: dict[Meter, int] = {}
        for row in drawn:
            missing = used.of(row.meter) - held.amount.of(row.meter) - paid.get(row.meter, 0)
            really = max(0, min(missing, row.drawn))
            paid[row.meter] = paid.get(row.meter, 0) + really
            values = {"arrival": held.arrival, "its_credit": row.credit_id, "really": really}
            await self._connection.execute(_REDRAW, values)
        return paid

    async def _add_up(self, settled: Charge) -> None:
        starts = {
            UsageLevel.BUCKET: settled.bucket,
            UsageLevel.DAY: settled.bucket - settled.bucket % _DAY,
            UsageLevel.EVER: 0,
        }
        rows = [
            {
                "subject": subject,
                "level": level,
                "starts_at": starts_at,
                "tier": settled.tier,
                "model": settled.model,
                **asdict(settled.against(subject)),
            }
            for subject in settled.subjects
            for level, starts_at in starts.items()
        ]
        await self._connection.execute(_add_up(self._dialect), rows)


def _by_meter(draws: Iterable[tuple[Meter, int]]) -> dict[Meter, int]:
    together: dict[Meter, int] = {}
    for meter, amount in draws:
        together[meter] = together.get(meter, 0) + amount
    return together
