"""What accounts used and what they may use: one charge a turn, reserved, then settled or released."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.quotas import Amount, Meter
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import ChargeState, allowance, charge

_UNLIMITED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What admins decided for one meter of one account, over what the plan says.

    `per_day` is "default" where the plan applies, None for unlimited. `bonus` is added until `bonus_until`; charges
    before `counted_from` were forgiven. Times in milliseconds.
    """

    per_day: int | str | None = "default"
    bonus: int = 0
    bonus_until: int = 0
    counted_from: int = 0


_ALLOWANCES = sa.select(allowance).where(allowance.c.account_id == sa.bindparam("its_account"))
_COUNTS = charge.c.state != ChargeState.RELEASED


def _used(column: sa.Column[int], since: str) -> sa.ColumnElement[int]:
    counted = sa.case((charge.c.at >= sa.bindparam(since, type_=sa.BigInteger), column), else_=0)
    return sa.func.coalesce(sa.func.sum(counted), 0)


_USED = sa.select(
    _used(charge.c.messages, "messages_since").label("messages"), _used(charge.c.tokens, "tokens_since").label("tokens")
).where(
    charge.c.account_id == sa.bindparam("its_account"),
    charge.c.at >= sa.bindparam("since", type_=sa.BigInteger),
    _COUNTS,
)
_FIND = sa.select(charge.c.messages, charge.c.tokens, charge.c.state).where(
    charge.c.inbox_id == sa.bindparam("arrival")
)
_RESERVE = sa.insert(charge).values(state=ChargeState.RESERVED)
_RESERVE_AGAIN = (
    sa.update(charge)
    .where(charge.c.inbox_id == sa.bindparam("arrival"))
    .values(state=ChargeState.RESERVED, at=sa.bindparam("now"), tokens=sa.bindparam("wanted"))
)
_reserved = sa.and_(charge.c.inbox_id == sa.bindparam("arrival"), charge.c.state == ChargeState.RESERVED)
_SETTLE = sa.update(charge).where(_reserved).values(state=ChargeState.SETTLED, tokens=sa.bindparam("used"))
_RELEASE = sa.update(charge).where(_reserved).values(state=ChargeState.RELEASED)


@cache
def _grant(dialect: str, *columns: str) -> sa.Executable:
    insert = insert_for(dialect)(allowance)
    return insert.on_conflict_do_update(
        index_elements=["account_id", "meter"], set_={name: insert.excluded[name] for name in columns}
    )


class Ledger:
    """Charges and allowances, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def used(self, account_id: int, *, since: Mapping[Meter, int]) -> Amount:
        """What was charged to an account, reservations included, per meter since an instant (milliseconds)."""
        row = (
            await self._connection.execute(
                _USED,
                {
                    "its_account": account_id,
                    "since": min(since.values()),
                    "messages_since": since["messages"],
                    "tokens_since": since["tokens"],
                },
            )
        ).one()
        return Amount(messages=int(row.messages), tokens=int(row.tokens))

    async def reserved(self, arrival: int) -> Amount | None:
        """What is reserved or settled for a turn; None if nothing is."""
        row = (await self._connection.execute(_FIND, {"arrival": arrival})).first()
        if row is None or row.state == ChargeState.RELEASED:
            return None
        return Amount(messages=row.messages, tokens=row.tokens)

    async def reserve(self, arrival: int, account_id: int, amount: Amount, *, now: int) -> None:
        """Record a reservation. The caller holds the account's lock and has checked the quota."""
        await self._connection.execute(
            _RESERVE,
            {
                "inbox_id": arrival,
                "account_id": account_id,
                "at": now,
                "messages": amount.messages,
                "tokens": amount.tokens,
            },
        )

    async def settle(self, arrival: int, *, tokens: int) -> None:
        """Swap the promise for what was really used. Settling twice charges once."""
        await self._connection.execute(_SETTLE, {"arrival": arrival, "used": tokens})

    async def release(self, arrival: int) -> None:
        """Give a reservation back: the turn had no answer. Settled charges stay."""
        await self._connection.execute(_RELEASE, {"arrival": arrival})

    async def allowances(self, account_id: int) -> dict[Meter, Allowance]:
        """What admins decided for an account, for every meter for which they did."""
        rows = await self._connection.execute(_ALLOWANCES, {"its_account": account_id})
        return {row.meter: _allowance(row) for row in rows}

    async def limit(self, account_id: int, meter: Meter, per_day: int | str | None) -> None:
        """Set a limit per day: a number, None for unlimited, "default" for what the plan says."""
        stored = None if per_day == "default" else _UNLIMITED if per_day is None else per_day
        await self._put(account_id, meter, {"per_day": stored})

    async def grant(self, account_id: int, meter: Meter, *, bonus: int, until: int) -> None:
        """Add `bonus` to the limit until an instant (milliseconds)."""
        await self._put(account_id, meter, {"bonus": bonus, "bonus_until": until})

    async def forgive(self, account_id: int, meter: Meter, *, before: int) -> None:
        """Count charges from an instant (milliseconds) on only."""
        await self._put(account_id, meter, {"counted_from": before})

    async def _put(self, account_id: int, meter: Meter, values: Mapping[str, Any]) -> None:
        statement = _grant(self._dialect, *values)
        await self._connection.execute(statement, {"account_id": account_id, "meter": meter, **values})


def _allowance(row: sa.Row[*tuple[Any, ...]]) -> Allowance:
    per_day = "default" if row.per_day is None else None if row.per_day == _UNLIMITED else row.per_day
    return Allowance(per_day=per_day, bonus=row.bonus, bonus_until=row.bonus_until, counted_from=row.counted_from)
