"""Looking people up: everybody there is, by any part of a name or id, and what is known of one."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.names import folded, skeleton
from bot.storage.people import SELECT_ACCOUNT, Account, account_of
from bot.storage.tables import account, call, identity, turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of an account. Times are milliseconds, `cost` is micro-US$."""

    since: int
    blocked_at: int | None
    turns: int
    last_turn: int | None
    cost: int


_SINCE = sa.select(account.c.created_at, account.c.blocked_at).where(account.c.id == sa.bindparam("its_id"))
_TURNS = sa.select(sa.func.count(), sa.func.max(turn.c.started_at)).where(turn.c.account_id == sa.bindparam("its_id"))
_COST = sa.select(sa.func.coalesce(sa.func.sum(call.c.cost), 0)).where(
    call.c.account_id == sa.bindparam("its_id"), call.c.at >= sa.bindparam("since")
)


class Directory:
    """Everybody, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, words: str, *, most: int, skip: int) -> list[Account]:
        """People whose name, username or id has `words` in it, those met last first; one row for each identity."""
        query = SELECT_ACCOUNT.where(*_matching(words)).order_by(
            identity.c.account_id.desc(), identity.c.platform, identity.c.user
        )
        return [account_of(row) for row in await self._connection.execute(query.limit(most).offset(skip))]

    async def count(self, words: str) -> int:
        query = sa.select(sa.func.count()).select_from(identity).where(*_matching(words))
        return int((await self._connection.execute(query)).scalar_one())

    async def profile(self, account_id: int, *, cost_since: int) -> Profile:
        """Of an account that exists; its cost since then."""
        since, blocked_at = (await self._connection.execute(_SINCE, {"its_id": account_id})).one()
        turns, last = (await self._connection.execute(_TURNS, {"its_id": account_id})).one()
        cost = (await self._connection.execute(_COST, {"its_id": account_id, "since": cost_since})).scalar_one()
        return Profile(since=since, blocked_at=blocked_at, turns=turns, last_turn=last, cost=int(cost))


def _matching(words: str) -> list[sa.ColumnElement[bool]]:
    if not words.strip():
        return []
    matches = [
        identity.c.folded.contains(folded(words), autoescape=True),
        (identity.c.platform + ":" + identity.c.user).contains(words.strip(), autoescape=True),
    ]
    if handle := skeleton(words):
        matches.append(identity.c.handle.contains(handle, autoescape=True))
    return [sa.or_(*matches)]
