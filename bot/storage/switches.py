"""What admins have switched on for everybody."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import switch

MAINTENANCE = "maintenance"

_NOTE = sa.select(switch.c.note).where(switch.c.name == sa.bindparam("its_name"))
_OFF = sa.delete(switch).where(switch.c.name == sa.bindparam("its_name"))


class Switches:
    """Switches, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def note(self, name: str) -> str | None:
        """What people are told while it is on; None while it is off."""
        note: str | None = (await self._connection.execute(_NOTE, {"its_name": name})).scalar()
        return note

    async def turn(self, name: str, note: str | None) -> None:
        """On with a note, off with None."""
        await self._connection.execute(_OFF, {"its_name": name})
        if note is not None:
            await self._connection.execute(sa.insert(switch).values(name=name, note=note))
