"""Who does what only one process may do at a time: a row for each duty, held by a lease."""

from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import leadership

_me = sa.bindparam("me", type_=sa.String)
_RESIGN = sa.delete(leadership).where(leadership.c.duty == sa.bindparam("its_duty"), leadership.c.owner == _me)


@cache
def _take(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(leadership).values(
        duty=sa.bindparam("its_duty"), owner=_me, until=now_ms() + sa.bindparam("ttl", type_=sa.BigInteger)
    )
    return insert.on_conflict_do_update(
        index_elements=["duty"],
        set_={"owner": insert.excluded.owner, "until": insert.excluded.until},
        where=sa.or_(leadership.c.owner == _me, leadership.c.until < now_ms()),
    ).returning(leadership.c.duty)


class Leaders:
    """Duties and who has them, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def take(self, duty: str, *, owner: str, ttl: int) -> bool:
        """Take a duty, or keep it, for `ttl` milliseconds. False if somebody else has it."""
        values = {"its_duty": duty, "me": owner, "ttl": ttl}
        return (await self._connection.execute(_take(dialect_of(self._connection)), values)).first() is not None

    async def resign(self, duty: str, *, owner: str) -> None:
        """Leave it to whoever is first."""
        await self._connection.execute(_RESIGN, {"its_duty": duty, "me": owner})
