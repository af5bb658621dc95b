"""Answers kept for the same question. Nothing here is anybody's history: all of it may be deleted at any time."""

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import response_cache
from bot.storage.tables.sealed import seals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer, who gave it (in the endpoint's words), and when (milliseconds)."""

    text: str
    model: str
    at: int


_GET = sa.select(response_cache.c.text, response_cache.c.model, response_cache.c.at).where(
    response_cache.c.key == sa.bindparam("its_key")
)
_PRUNE = sa.delete(response_cache).where(response_cache.c.at < sa.bindparam("before", type_=sa.BigInteger))


@cache
def _put(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(response_cache)
    newer = {name: insert.excluded[name] for name in ("text", "model", "at")}
    return insert.on_conflict_do_update(index_elements=["key"], set_=newer)


class Answers:
    """The table of kept answers, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._blind = seals_of(connection.dialect).blind

    async def get(self, key: str) -> KeptAnswer | None:
        row = (await self._connection.execute(_GET, {"its_key": self._blind(key)})).one_or_none()
        return None if row is None else KeptAnswer(text=row.text, model=row.model, at=row.at)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        """Keep it in place of an older one."""
        row = {"key": self._blind(key), "text": answer.text, "model": answer.model[:256], "at": answer.at}
        await self._connection.execute(_put(dialect_of(self._connection)), row)

    async def prune(self, before: int) -> None:
        """Delete what was given before an instant (milliseconds)."""
        await self._connection.execute(_PRUNE, {"before": before})

    async def clear(self) -> None:
        await self._connection.execute(sa.delete(response_cache))
