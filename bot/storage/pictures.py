"""Pictures of questions: they go along with their turn, and go when it goes."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.pictures import Picture
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import TurnState, picture, turn

_OF = (
    sa.select(picture)
    .where(picture.c.turn_id.in_(sa.bindparam("turns", expanding=True)))
    .order_by(picture.c.turn_id, picture.c.position)
)
_BY_ARRIVAL = (
    sa.select(picture)
    .join(turn, turn.c.id == picture.c.turn_id)
    .where(turn.c.inbox_id == sa.bindparam("arrival", type_=sa.BigInteger))
    .order_by(picture.c.position)
)
_shown = ("position", "media_type", "width", "height", "content")
_COPY = sa.insert(picture).from_select(
    ["turn_id", *_shown],
    sa.select(sa.bindparam("to_turn", type_=sa.BigInteger), *(picture.c[name] for name in _shown)).where(
        picture.c.turn_id == sa.bindparam("from_turn", type_=sa.BigInteger)
    ),
)
# Copies of turns are told from each other by their order, which is that of the originals.
_NUMBERED = sa.func.row_number().over(order_by=turn.c.id)
_answered = turn.c.state == sa.literal_column(str(TurnState.ANSWERED))
_old = (
    sa.select(turn.c.id, _NUMBERED.label("number"))
    .where(turn.c.conversation_id == sa.bindparam("from_conversation", type_=sa.BigInteger), _answered)
    .subquery()
)
_new = (
    sa.select(turn.c.id, _NUMBERED.label("number"))
    .where(turn.c.conversation_id == sa.bindparam("to_conversation", type_=sa.BigInteger))
    .subquery()
)
_COPY_ALL = sa.insert(picture).from_select(
    ["turn_id", *_shown],
    sa.select(_new.c.id, *(picture.c[name] for name in _shown))
    .join(_old, _old.c.number == _new.c.number)
    .join(picture, picture.c.turn_id == _old.c.id),
)


class Pictures:
    """What models see of questions, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, turn_id: int, pictures: Sequence[Picture]) -> None:
        """Keep the pictures of a turn. Those it has already stay."""
        insert = insert_for(dialect_of(self._connection))(picture).on_conflict_do_nothing()
        rows = [
            {
                "turn_id": turn_id,
                "position": position,
                "media_type": one.media_type,
                "width": one.width,
                "height": one.height,
                "content": one.content,
            }
            for position, one in enumerate(pictures)
        ]
        await self._connection.execute(insert, rows)

    async def of(self, turns: Sequence[int]) -> Mapping[int, Sequence[Picture]]:
        """The pictures of some turns, in order."""
        found: dict[int, list[Picture]] = {}
        for row in await self._connection.execute(_OF, {"turns": turns}):
            found.setdefault(row.turn_id, []).append(_picture(row))
        return found

    async def of_arrival(self, arrival: int) -> Sequence[Picture]:
        """The pictures of the turn of an arrival, if it was begun before."""
        return [_picture(row) for row in await self._connection.execute(_BY_ARRIVAL, {"arrival": arrival})]

    async def copy(self, from_turn: int, to_turn: int) -> None:
        """Give a turn that asks the same once more the same pictures."""
        await self._connection.execute(_COPY, {"from_turn": from_turn, "to_turn": to_turn})

    async def copy_all(self, from_conversation: int, to_conversation: int) -> None:
        """Give the copied turns of a conversation, which has no others, the pictures of their originals."""
        values = {"from_conversation": from_conversation, "to_conversation": to_conversation}
        await self._connection.execute(_COPY_ALL, values)


def _picture(row: sa.Row[tuple[int, int, str, int, int, bytes]]) -> Picture:
    return Picture(content=bytes(row.content), media_type=row.media_type, width=row.width, height=row.height)
