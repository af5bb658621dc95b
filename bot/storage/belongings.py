"""Everything that is stored of an account, whatever table it is in: for whoever wants to have all of theirs.

Which tables these are is read from the tables themselves, as in `bot.storage.merging`: a later one is included without
anybody thinking of it, but for columns that open something (`SECRET`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.transcripts import Sight
from bot.storage.merging import ownership
from bot.storage.tables import account, conversation, memory, picture, turn

_ELSEWHERE = (turn, memory)
"""Turns are conversations, and what they are found by is made of them."""

_mine = turn.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger)
_TALKS = (
    sa.select(conversation.c.id, conversation.c.place, conversation.c.title)
    .where(conversation.c.id.in_(sa.select(turn.c.conversation_id).where(_mine)))
    .order_by(conversation.c.id)
)
_WORDS = sa.select(
    sa.func.coalesce(
        sa.func.sum(sa.func.length(turn.c.question) + sa.func.coalesce(sa.func.length(turn.c.answer), 0)), 0
    )
).where(_mine)
_shown = picture.join(turn, turn.c.id == picture.c.turn_id)
_SIGHTS = (
    sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(picture.c.content)), 0)).select_from(_shown).where(_mine)
)
_PICTURES = (
    sa.select(turn.c.conversation_id, picture.c.turn_id, picture.c.position, picture.c.media_type, picture.c.content)
    .select_from(_shown)
    .where(_mine)
    .order_by(picture.c.turn_id, picture.c.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A conversation in which an account has said something."""

    id: int
    place: str
    title: str


class Belongings:
    """What is an account's, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def size(self, account_id: int) -> tuple[int, int]:
        """Characters of what was said and answered, and bytes of pictures, as they are stored."""
        return await self._sum(_WORDS, account_id), await self._sum(_SIGHTS, account_id)

    async def rows(self, account_id: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Rows by table: identities, choices, limits, what was used. Times are milliseconds since 1970 (UTC)."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        mine = [(column.table, its) for column, its, _ in ownership(account_id, account_id)]
        for table, its in [(account, account.c.id == account_id), *mine]:
            if table not in (conversation, *_ELSEWHERE):
                told = [column for column in table.columns if not column.info.get("secret")]
                rows = await self._connection.execute(sa.select(*told).where(its))
                found[table.name] += [dict(row) for row in rows.mappings()]
        return {name: rows for name, rows in found.items() if rows}

    async def conversations(self, account_id: int) -> Sequence[Owned]:
        """Where the account has said something, the oldest first."""
        rows = await self._connection.execute(_TALKS, {"its_account": account_id})
        return [Owned(id=row.id, place=row.place, title=row.title or "") for row in rows]

    async def pictures(self, account_id: int) -> Sequence[Sight]:
        """Every picture that went with a question."""
        rows = await self._connection.execute(_PICTURES, {"its_account": account_id})
        return [
            Sight(
                conversation=row.conversation_id,
                turn=row.turn_id,
                position=row.position,
                media_type=row.media_type,
                content=bytes(row.content),
            )
            for row in rows
        ]

    async def _sum(self, statement: sa.Select[Any], account_id: int) -> int:
        return int((await self._connection.execute(statement, {"its_account": account_id})).scalar_one())
