"""How much each person sent within a minute or so, counted by all processes together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So much was `sent` since counting began; it begins anew in `left` seconds."""

    person: str
    sent: int
    left: float


_span: sa.BindParameter[int] = sa.bindparam("span", type_=sa.BigInteger)


@cache
def _add(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(pace).values(
        person=sa.bindparam("who"), since=now_ms(), sent=sa.bindparam("more", type_=sa.Integer)
    )
    over = pace.c.since + _span <= now_ms()
    return insert.on_conflict_do_update(
        index_elements=["person"],
        set_={
            "sent": sa.case((over, insert.excluded.sent), else_=pace.c.sent + insert.excluded.sent),
            "since": sa.case((over, insert.excluded.since), else_=pace.c.since),
        },
    ).returning(pace.c.sent, (pace.c.since + _span - now_ms()).label("left"))


class Paces:
    """The counts, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, more: Mapping[str, int], *, span: float) -> Sequence[Pace]:
        """Count what people sent, for `span` seconds each; what all processes counted by now."""
        statement, paces = _add(dialect_of(self._connection)), []
        for person in sorted(more):  # in one order, so that processes do not wait for each other in a circle
            values = {"who": person, "more": more[person], "span": round(span * 1000)}
            row = (await self._connection.execute(statement, values)).one()
            paces.append(Pace(person=person, sent=row.sent, left=row.left / 1000))
        return paces
