"""Links that open the dashboard, and who is signed in there. Only digests are kept; times are milliseconds."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity
from bot.storage.tables import dashboard_link, session


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose link or session it is."""

    account_id: int
    who: Identity


_USE = (
    sa.delete(dashboard_link)
    .where(dashboard_link.c.digest == sa.bindparam("its_digest"))
    .returning(dashboard_link.c.account_id, dashboard_link.c.who, dashboard_link.c.expires_at)
)
_OPEN = sa.select(session.c.account_id, session.c.who).where(
    session.c.digest == sa.bindparam("its_digest"), session.c.expires_at > sa.bindparam("now", type_=sa.BigInteger)
)
_END = sa.delete(session).where(session.c.digest == sa.bindparam("its_digest"))
_END_ALL = sa.delete(session).where(session.c.account_id == sa.bindparam("its_account"))
_FORGET = sa.delete(session).where(session.c.expires_at <= sa.bindparam("now", type_=sa.BigInteger))


class Sessions:
    """The dashboard's door, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def offer(self, digest: str, holder: Holder, *, expires_at: int) -> None:
        """Let whoever has the link sign in as its holder; the link before it is void."""
        await self._connection.execute(
            sa.delete(dashboard_link).where(dashboard_link.c.account_id == holder.account_id)
        )
        made = {"digest": digest, "account_id": holder.account_id, "who": str(holder.who), "expires_at": expires_at}
        await self._connection.execute(sa.insert(dashboard_link), made)

    async def use(self, digest: str, *, now: int) -> Holder | None:
        """Use a link up; None if it is not (or no longer) one. Of two at once, one gets in."""
        row = (await self._connection.execute(_USE, {"its_digest": digest})).first()
        if row is None or row.expires_at <= now:
            return None
        return Holder(account_id=row.account_id, who=Identity.parse(row.who))

    async def begin(self, digest: str, holder: Holder, *, now: int, expires_at: int) -> None:
        """Sign somebody in. Sessions that have ended are deleted on this occasion."""
        await self._connection.execute(_FORGET, {"now": now})
        made = {"digest": digest, "account_id": holder.account_id, "who": str(holder.who), "expires_at": expires_at}
        await self._connection.execute(sa.insert(session), made)

    async def holder(self, digest: str, *, now: int) -> Holder | None:
        """Who is signed in."""
        row = (await self._connection.execute(_OPEN, {"its_digest": digest, "now": now})).first()
        return None if row is None else Holder(account_id=row.account_id, who=Identity.parse(row.who))

    async def end(self, digest: str) -> None:
        """Sign out."""
        await self._connection.execute(_END, {"its_digest": digest})

    async def end_all(self, account_id: int) -> int:
        """Sign an account out everywhere; of how many sessions."""
        return int((await self._connection.execute(_END_ALL, {"its_account": account_id})).rowcount)
