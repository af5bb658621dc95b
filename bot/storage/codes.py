"""Invitations, codes that link identities, and codes that were tried in vain. Times are milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.codes import digest, is_code
from bot.storage.tables import attempt, invite, link_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invitation, without its code."""

    id: int
    made_by: str
    expires_at: int
    uses_left: int
    revoked: bool


_OPEN = sa.and_(invite.c.expires_at > sa.bindparam("now"), invite.c.uses_left > 0, sa.not_(invite.c.revoked))
_LISTED = sa.select(invite).where(_OPEN).order_by(invite.c.id.desc())
_USE = sa.update(invite).where(invite.c.id == sa.bindparam("its_id"), _OPEN).values(uses_left=invite.c.uses_left - 1)
_REVOKE = sa.update(invite).where(invite.c.id == sa.bindparam("its_id")).values(revoked=sa.bindparam("its_state"))
_ADD_ATTEMPT = sa.insert(attempt)
_FORGET = sa.delete(attempt).where(attempt.c.at < sa.bindparam("before"))
_TRIED = sa.select(sa.func.count()).where(attempt.c.at >= sa.bindparam("since"))


class Codes:
    """Codes, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def invite(self, code: str, *, made_by: str, now: int, expires_at: int, uses: int) -> int:
        """Let `uses` people in who have the code; returns the invitation's number."""
        made = sa.insert(invite).values(
            digest=digest(code), made_by=made_by, made_at=now, expires_at=expires_at, uses_left=uses
        )
        return int((await self._connection.execute(made.returning(invite.c.id))).scalar_one())

    async def invites(self, *, now: int) -> Sequence[Invite]:
        """Those that can be used, the newest first."""
        rows = await self._connection.execute(_LISTED, {"now": now})
        return [_invite(row) for row in rows]

    async def invite_of(self, number: int) -> Invite | None:
        row = (await self._connection.execute(sa.select(invite).where(invite.c.id == number))).first()
        return None if row is None else _invite(row)

    async def use(self, code: str, *, now: int) -> int | None:
        """Use an invitation up by one; its number, None if the code is (no longer) one."""
        rows = (await self._connection.execute(_LISTED, {"now": now})).all()
        found = [row.id for row in rows if is_code(code, row.digest)]
        for number in found:
            if (await self._connection.execute(_USE, {"its_id": number, "now": now})).rowcount == 1:
                return int(number)
        return None

    async def revoke(self, number: int, *, revoked: bool) -> None:
        await self._connection.execute(_REVOKE, {"its_id": number, "its_state": revoked})

    async def offer_link(self, code: str, account_id: int, *, expires_at: int) -> None:
        """Let whoever has the code join the account; the code before it is void."""
        await self.withdraw_link(account_id)
        made = sa.insert(link_code).values(account_id=account_id, digest=digest(code), expires_at=expires_at)
        await self._connection.execute(made)

    async def link_of(self, code: str, *, now: int) -> int | None:
        """Which account a code lets one join."""
        live = sa.select(link_code).where(link_code.c.expires_at > now)
        rows = (await self._connection.execute(live)).all()
        found = [int(row.account_id) for row in rows if is_code(code, row.digest)]
        return found[0] if found else None

    async def withdraw_link(self, account_id: int) -> bool:
        """Void an account's code; False if there was none: somebody else has used it."""
        gone = await self._connection.execute(sa.delete(link_code).where(link_code.c.account_id == account_id))
        return gone.rowcount == 1

    async def tried(self, *, since: int, account_id: int | None = None) -> int:
        """How many codes were tried in vain since then, by one person or by all."""
        query = _TRIED if account_id is None else _TRIED.where(attempt.c.account_id == account_id)
        return int((await self._connection.execute(query, {"since": since})).scalar_one())

    async def failed(self, account_id: int, *, now: int, forget_before: int) -> None:
        """Somebody tried a code in vain."""
        await self._connection.execute(_FORGET, {"before": forget_before})
        await self._connection.execute(_ADD_ATTEMPT, {"account_id": account_id, "at": now})


def _invite(row: sa.Row[tuple[int, str, str, int, int, int, bool]]) -> Invite:
    return Invite(
        id=row.id, made_by=row.made_by, expires_at=row.expires_at, uses_left=row.uses_left, revoked=row.revoked
    )
