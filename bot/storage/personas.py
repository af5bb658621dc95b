"""Which persona answers where, and what admins wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import account, conversation, persona, place, turn, variant

Scope = Literal["conversation", "place", "account"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen: the name of a persona, and its text, if an admin wrote one (else there may be a file)."""

    name: str
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVariant:
    """A variant of an experiment that runs. `text` None: the persona as it is."""

    id: int
    label: str
    text: str | None
    share: int


_name = sa.func.coalesce(
    conversation.c.persona, place.c.persona, account.c.persona, sa.bindparam("otherwise", type_=sa.String)
)
_IN_FORCE = (
    sa.select(_name.label("name"), persona.c.text)
    .select_from(conversation)
    .join(account, account.c.id == sa.bindparam("its_account", type_=sa.BigInteger), isouter=True)
    .join(place, place.c.key == conversation.c.place, isouter=True)
    .join(persona, persona.c.name == _name, isouter=True)
    .where(conversation.c.id == sa.bindparam("its_conversation", type_=sa.BigInteger))
)
_ALL = sa.select(persona.c.name, persona.c.text).order_by(persona.c.name)
_RUNNING = (
    sa.select(variant.c.id, variant.c.label, variant.c.text, variant.c.share)
    .where(variant.c.persona == sa.bindparam("its_name"), variant.c.ended_at.is_(None))
    .order_by(variant.c.label)
)
_chosen: dict[str, Any] = {"persona": sa.bindparam("chosen", type_=sa.String)}
_SET: Mapping[Scope, sa.Executable] = {
    "conversation": sa.update(conversation)
    .where(conversation.c.id == sa.bindparam("which", type_=sa.BigInteger))
    .values(_chosen),
    "place": sa.update(place).where(place.c.key == sa.bindparam("which", type_=sa.String)).values(_chosen),
    "account": sa.update(account).where(account.c.id == sa.bindparam("which", type_=sa.BigInteger)).values(_chosen),
}
_DROP = sa.delete(persona).where(persona.c.name == sa.bindparam("its_name")).returning(persona.c.name)
_MARK = (
    sa.update(turn)
    .where(turn.c.id == sa.bindparam("its_turn", type_=sa.BigInteger))
    .values(variant_id=sa.bindparam("its_variant", type_=sa.BigInteger))
)


@cache
def _write(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(persona).values(written_at=now_ms())
    newer = {name: insert.excluded[name] for name in ("text", "written_at")}
    return insert.on_conflict_do_update(index_elements=["name"], set_=newer)


class PersonaBook:
    """Personas, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, conversation_id: int, account_id: int, *, otherwise: str) -> Choice:
        """Who answers an account in a conversation: as chosen for it, else for the place, else by the account."""
        values = {"its_conversation": conversation_id, "its_account": account_id, "otherwise": otherwise}
        row = (await self._connection.execute(_IN_FORCE, values)).one()
        return Choice(name=row.name, text=row.text)

    async def written(self) -> Mapping[str, str]:
        """What admins wrote, by name."""
        return {row.name: row.text for row in await self._connection.execute(_ALL)}

    async def write(self, name: str, text: str) -> None:
        """Put a persona in place of an older one."""
        await self._connection.execute(_write(dialect_of(self._connection)), {"name": name, "text": text})

    async def drop(self, name: str) -> bool:
        """Take back what an admin wrote. False if nobody wrote anything."""
        return (await self._connection.execute(_DROP, {"its_name": name})).first() is not None

    async def choose(self, scope: Scope, which: int | str, name: str | None) -> None:
        """Let a persona answer in a conversation, at a place or an account; None leaves it to the others."""
        await self._connection.execute(_SET[scope], {"which": which, "chosen": name})

    async def variants(self, name: str) -> list[StoredVariant]:
        """The variants of a persona that are compared now, by label."""
        rows = await self._connection.execute(_RUNNING, {"its_name": name})
        return [StoredVariant(id=row.id, label=row.label, text=row.text, share=row.share) for row in rows]

    async def mark(self, its_turn: int, its_variant: int) -> None:
        """Note which variant answers a turn."""
        await self._connection.execute(_MARK, {"its_turn": its_turn, "its_variant": its_variant})
