"""Keys that people gave for endpoints. They are written only where what is written is sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import own_key
from bot.storage.tables.sealed import seals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of a person's. `since` in milliseconds."""

    endpoint: str
    secret: str = field(repr=False)
    since: int


_account = own_key.c.account_id == sa.bindparam("its_account", type_=sa.BigInteger)
_OF = sa.select(own_key.c.endpoint, own_key.c.secret, own_key.c.since).where(_account).order_by(own_key.c.endpoint)
_FORGET = sa.delete(own_key).where(_account)


@cache
def _put(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(own_key).values(since=now_ms())
    newer = {name: insert.excluded[name] for name in ("secret", "since")}
    return insert.on_conflict_do_update(index_elements=["account_id", "endpoint"], set_=newer)


class OwnKeyBook:
    """Own keys, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def safe(self) -> bool:
        """Whether they would be sealed."""
        return seals_of(self._connection.dialect).current is not None

    async def of(self, account: int) -> Sequence[OwnKey]:
        rows = await self._connection.execute(_OF, {"its_account": account})
        return [OwnKey(endpoint=row.endpoint, secret=row.secret, since=row.since) for row in rows]

    async def put(self, account: int, endpoint: str, secret: str) -> None:
        """Keep a key in place of an older one."""
        row = {"account_id": account, "endpoint": endpoint, "secret": secret}
        await self._connection.execute(_put(dialect_of(self._connection)), row)

    async def forget(self, account: int, endpoint: str | None) -> int:
        """Delete one, or all of them. Returns how many there were."""
        values: dict[str, object] = {"its_account": account}
        statement = _FORGET
        if endpoint is not None:
            statement = _FORGET.where(own_key.c.endpoint == sa.bindparam("its_endpoint"))
            values["its_endpoint"] = endpoint
        return int((await self._connection.execute(statement, values)).rowcount)
