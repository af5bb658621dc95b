"""What admins say to everybody, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Belonging, Identity
from bot.domain.updates import NOTICE
from bot.storage.people import SELECT_ACCOUNT, Account, account_of
from bot.storage.tables import (
    BroadcastState,
    InboxState,
    OutboxState,
    account,
    broadcast,
    identity,
    inbox,
    outbox,
    progress,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """`state` is one of `BroadcastState`; `reach` is how many people it was for when it was written."""

    id: int
    author: Identity
    said: str
    state: int
    reach: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How many were written to, and of how many of them it is known that it arrived, or that it cannot."""

    handed: int
    delivered: int
    failed: int


class Broadcasts:
    """Broadcasts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def draft(self, *, author: Identity, said: str, reach: int) -> int:
        made = sa.insert(broadcast).values(author=str(author), said=said, reach=reach, state=BroadcastState.DRAFT)
        return int((await self._connection.execute(made.returning(broadcast.c.id))).scalar_one())

    async def get(self, number: int) -> Broadcast | None:
        row = (await self._connection.execute(sa.select(broadcast).where(broadcast.c.id == number))).first()
        return None if row is None else _broadcast(row)

    async def last(self) -> Broadcast | None:
        """The latest that was sent, or is being sent."""
        begun = sa.select(broadcast).where(broadcast.c.state.not_in((BroadcastState.DRAFT, BroadcastState.DISCARDED)))
        row = (await self._connection.execute(begun.order_by(broadcast.c.id.desc()).limit(1))).first()
        return None if row is None else _broadcast(row)

    async def sending(self) -> Broadcast | None:
        """The first that is being sent."""
        under_way = sa.select(broadcast).where(broadcast.c.state == BroadcastState.SENDING).order_by(broadcast.c.id)
        row = (await self._connection.execute(under_way.limit(1))).first()
        return None if row is None else _broadcast(row)

    async def move(self, number: int, *, before: int, after: int) -> bool:
        """Change its state; False if it was not in that one (any more)."""
        its = sa.and_(broadcast.c.id == number, broadcast.c.state == before)
        return (await self._connection.execute(sa.update(broadcast).where(its).values(state=after))).rowcount == 1

    async def audience(self, platform: str, platforms: Sequence[str], *, after: int, most: int) -> list[Account]:
        """People who may be written to on a platform, each account under one identity, in the order of accounts."""
        query = SELECT_ACCOUNT.where(
            identity.c.platform == platform,
            identity.c.account_id > after,
            account.c.blocked_at.is_(None),
            sa.not_(account.c.quiet),
            *_hears(identity),
            sa.not_(_better(platforms)),
        )
        rows = await self._connection.execute(query.order_by(identity.c.account_id).limit(most))
        return [account_of(row) for row in rows]

    async def upto(self, number: int, platform: str) -> tuple[int, bool]:
        """The account up to which it has come on a platform, and whether nobody is left there."""
        row = (await self._connection.execute(sa.select(progress).where(*_at(number, platform)))).first()
        return (row.upto, row.done) if row else (0, False)

    async def advance(self, number: int, platform: str, *, upto: int, handed: int, done: bool) -> None:
        """Note how far it has come; `handed` more people were written to."""
        moved = {"upto": upto, "handed": progress.c.handed + handed, "done": done}
        if not (
            await self._connection.execute(sa.update(progress).where(*_at(number, platform)).values(moved))
        ).rowcount:
            first = {"broadcast_id": number, "platform": platform, "upto": upto, "handed": handed, "done": done}
            await self._connection.execute(sa.insert(progress).values(first))

    async def delivery(self, number: int) -> Delivery:
        """How far it has come, all platforms together."""
        rows = (await self._connection.execute(sa.select(progress).where(progress.c.broadcast_id == number))).all()
        # By source and event there is an index; by the beginning of an event alone there is none.
        its = sa.and_(
            inbox.c.source.in_([f"{row.platform}:{NOTICE}" for row in rows]),
            inbox.c.event.startswith(prefix(number), autoescape=True),
        )
        count = sa.select(sa.func.count()).select_from(inbox)
        failed = sa.exists().where(outbox.c.inbox_id == inbox.c.id, outbox.c.state == OutboxState.FAILED)
        over = int((await self._connection.execute(count.where(its, inbox.c.state != InboxState.QUEUED))).scalar_one())
        lost = int((await self._connection.execute(count.where(its, failed))).scalar_one())
        return Delivery(handed=sum(row.handed for row in rows), delivered=over - lost, failed=lost)

    async def reach(self, belongings: Sequence[Belonging]) -> int:
        """For about how many people one would be: those with a role, and all who are `belongings` to a workspace."""
        wanted = (account.c.blocked_at.is_(None), sa.not_(account.c.quiet), *_hears(identity))
        known = account.c.role.is_not(None) | identity.c.belonging.in_(belongings)
        query = sa.select(sa.func.count(sa.distinct(account.c.id))).join_from(account, identity)
        return int((await self._connection.execute(query.where(*wanted, known))).scalar_one())


def prefix(number: int) -> str:
    """What the arrivals of a broadcast's notices begin with, as events."""
    return f"broadcast-{number}/"


def _better(platforms: Sequence[str]) -> sa.ColumnElement[bool]:
    """Whether there is an identity of the account that comes before this one."""
    other = identity.alias("other")
    before = sa.or_(
        other.c.platform < identity.c.platform,
        sa.and_(other.c.platform == identity.c.platform, other.c.user < identity.c.user),
    )
    its = other.c.account_id == identity.c.account_id
    return sa.exists().where(its, other.c.platform.in_(platforms), before, *_hears(other)).correlate(identity)


def _hears(one: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether an identity is a person's who has not blocked the bot."""
    return one.c.gone_at.is_(None), one.c.belonging.is_distinct_from("group")


def _at(number: int, platform: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return progress.c.broadcast_id == number, progress.c.platform == platform


def _broadcast(row: sa.Row[tuple[int, str, str, int, int]]) -> Broadcast:
    return Broadcast(id=row.id, author=Identity.parse(row.author), said=row.said, state=row.state, reach=row.reach)
