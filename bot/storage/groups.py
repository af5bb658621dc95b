"""What was decided for groups and channels as a whole."""

from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.tables import conversation, group_setting, place

_ONLY = (
    sa.select(group_setting.c.only_in, conversation.c.title)
    .join_from(
        group_setting,
        place,
        place.c.key == group_setting.c.key.concat("#").concat(group_setting.c.only_in),
        isouter=True,
    )
    .join(conversation, conversation.c.id == place.c.conversation_id, isouter=True)
    .where(group_setting.c.key == sa.bindparam("its_key"), group_setting.c.only_in.is_not(None))
)


@cache
def _put(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(group_setting)
    return insert.on_conflict_do_update(index_elements=["key"], set_={"only_in": insert.excluded.only_in})


class Groups:
    """Decisions about groups, inside one transaction. A group is named by `Place.group`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def only(self, group: str) -> tuple[str, str] | None:
        """The one thread in which questions are answered, and what it is called ("": nobody knows); None: in all."""
        row = (await self._connection.execute(_ONLY, {"its_key": group})).first()
        return None if row is None else (row.only_in, row.title or "")

    async def answer_only_in(self, group: str, thread: str | None) -> None:
        """Let questions be answered in one thread alone, or in all of them."""
        await self._connection.execute(_put(self._dialect), {"key": group, "only_in": thread})
