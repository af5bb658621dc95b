"""A group goes on under another id: what is known of it goes along, in every table there is.

Which columns these are is read from the tables themselves (`NAMES_PLACE`), so a later one is included without anybody
thinking of it. The log of what admins did stays as it was written.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity
from bot.storage.handover import HandOver, keys_of
from bot.storage.tables import identity, lane, metadata

_BEFORE_A_KEY = ("chat", "each", "pool")


class Moving:
    """Moves groups, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def busy(self, key: str) -> bool:
        """Whether something waits in the lane of a place, or is being handled there."""
        pending = await self._connection.execute(sa.select(lane.c.pending).where(lane.c.key == key))
        return bool(pending.scalar())

    async def move(self, old: Identity, new: Identity) -> None:
        """Give everything of one group to another; where that has its own of something, the two become one.

        Conversations, personas, limits, pools, use and what is reserved. Doing it twice does it once.
        """
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.info.get("names_place"):
                    await self._rename(column, str(old), str(new))
        await self._rename_speaker(old, new)

    async def _rename(self, column: sa.Column[Any], old: str, new: str) -> None:
        its = _names(column, old)
        if not keys_of(column):
            renamed = sa.func.replace(column, old, new)
            await self._connection.execute(sa.update(column.table).where(its).values({column.name: renamed}))
            return
        hand_over = HandOver(self._connection)
        going = await hand_over.rows(column.table, its)
        staying = await hand_over.rows(column.table, _names(column, new)) if going else []
        await hand_over.give(column, lambda value: value.replace(old, new, 1), going, staying)

    async def _rename_speaker(self, old: Identity, new: Identity) -> None:
        """The account of its anonymous admins."""
        other = identity.alias("other")
        taken = sa.exists().where(other.c.platform == new.platform, other.c.user == new.user)
        its = sa.and_(identity.c.platform == old.platform, identity.c.user == old.user, ~taken)
        await self._connection.execute(sa.update(identity).where(its).values(user=new.user))


def _names(column: sa.Column[Any], key: str) -> sa.ColumnElement[bool]:
    """Whether a column names the group, one of its threads, a limit of it or somebody in it."""
    return sa.or_(
        column.in_([key, *(f"{kind}:{key}" for kind in _BEFORE_A_KEY)]),
        column.startswith(f"{key}#", autoescape=True),
        sa.and_(column.startswith("member:"), column.endswith(f"@{key}", autoescape=True)),
    )
