"""Strikes: messages that were blocked, by whom and for what; never their words."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Striking:
    """Somebody with strikes that count: how many, and when the last was (milliseconds)."""

    account: int
    count: int
    last: int


_COUNTS = strike.c.forgiven.is_(False)
_OF = sa.select(strike.c.at).where(
    strike.c.account_id == sa.bindparam("account"), strike.c.at > sa.bindparam("since"), _COUNTS
)
_FORGIVE = sa.update(strike).where(strike.c.account_id == sa.bindparam("account"), _COUNTS).values(forgiven=True)


class Strikes:
    """The record, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, account: int, *, at: int, categories: Sequence[str]) -> None:
        values = {"account_id": account, "at": at, "categories": list(categories), "forgiven": False}
        await self._connection.execute(sa.insert(strike), values)

    async def of(self, account: int, *, since: int) -> Sequence[int]:
        """When somebody's strikes were that count, ascending."""
        rows = await self._connection.execute(_OF.order_by(strike.c.at), {"account": account, "since": since})
        return [row.at for row in rows]

    async def latest(self, *, since: int, most: int) -> Sequence[Striking]:
        """Who has strikes that count, the last first."""
        query = (
            sa.select(strike.c.account_id, sa.func.count().label("blocked"), sa.func.max(strike.c.at).label("last"))
            .where(strike.c.at > since, _COUNTS)
            .group_by(strike.c.account_id)
            .order_by(sa.text("last DESC"))
            .limit(most)
        )
        rows = await self._connection.execute(query)
        return [Striking(account=row.account_id, count=row.blocked, last=row.last) for row in rows]

    async def forgive(self, account: int) -> int:
        """Let none of somebody's strikes count any more; how many did."""
        return (await self._connection.execute(_FORGIVE, {"account": account})).rowcount
