"""Accounts and the platform identities that belong to them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.names import folded, shown, skeleton
from bot.domain.people import Belonging, Busy, Identity, Role, Sender
from bot.storage.dialect import dialect_of, insert_for
from bot.storage.engine import now_ms
from bot.storage.tables import account, identity

_MOST_ALIKE = 5
"""People of one name that anybody wants to choose from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person, under one of their identities."""

    id: int
    identity: Identity
    name: str
    username: str | None
    language: str | None
    chosen_language: str | None
    quiet: bool
    blocked: bool
    role: Role | None
    belonging: Belonging | None
    pinned_model: str | None
    plan: str | None
    plan_until: int | None
    counted_from: int
    head_start: int
    frozen: bool
    zone: str | None
    busy: Busy

    @property
    def label(self) -> str:
        """How admins see the person: `Ada (@ada, telegram:11)`. Names can look like other people's, ids cannot."""
        handle = f"@{shown(self.username)}, " if self.username else ""
        return f"{shown(self.name)} ({handle}{self.identity})"

    @property
    def reads(self) -> str | None:
        """The language in which to speak to the person: the chosen one, else the platform's, if it told any."""
        return self.chosen_language or self.language

    @property
    def called(self) -> str:
        """What names the person in a command, whatever they are called on platforms: `#17`."""
        return f"#{self.id}"


SELECT_ACCOUNT = sa.select(
    identity.c.platform,
    identity.c.user,
    identity.c.account_id,
    identity.c.name,
    identity.c.username,
    identity.c.language,
    identity.c.belonging,
    account.c.language.label("chosen_language"),
    account.c.quiet,
    account.c.blocked_at,
    account.c.role,
    account.c.pinned_model,
    account.c.plan,
    account.c.plan_until,
    account.c.counted_from,
    account.c.head_start,
    account.c.frozen_at,
    account.c.zone,
    account.c.busy,
).join_from(identity, account)
_BY_IDENTITY = SELECT_ACCOUNT.where(
    identity.c.platform == sa.bindparam("its_platform"), identity.c.user == sa.bindparam("its_user")
)
_BY_HANDLE = SELECT_ACCOUNT.where(identity.c.handle == sa.bindparam("its_handle")).order_by(
    identity.c.platform, identity.c.user
)
_BY_NUMBER = SELECT_ACCOUNT.where(account.c.id == sa.bindparam("its_id")).order_by(identity.c.platform, identity.c.user)
_WITH_ROLE = SELECT_ACCOUNT.where(account.c.role == sa.bindparam("its_role")).order_by(
    identity.c.platform.desc(), identity.c.user.desc()
)
_OPEN_ACCOUNT = sa.insert(account).values(created_at=now_ms()).returning(account.c.id)
_BLOCK = (
    sa.update(account)
    .where(account.c.id == sa.bindparam("its_id"))
    .values(blocked_at=sa.case((sa.bindparam("blocked", type_=sa.Boolean), now_ms()), else_=None))
)
_SET_ROLE = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(role=sa.bindparam("its_role"))
_HUSH = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(quiet=sa.bindparam("quiet"))
_PIN = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(pinned_model=sa.bindparam("its_model"))
_ASSIGN = (
    sa.update(account)
    .where(account.c.id == sa.bindparam("its_id"))
    .values(plan=sa.bindparam("its_plan"), plan_until=sa.bindparam("its_end", type_=sa.BigInteger))
)
_ADVANCE = (
    sa.update(account)
    .where(account.c.id == sa.bindparam("its_id"))
    .values(head_start=sa.bindparam("ahead", type_=sa.BigInteger))
)
_COUNT_FROM = (
    sa.update(account)
    .where(account.c.id == sa.bindparam("its_id"))
    .values(counted_from=sa.bindparam("since", type_=sa.BigInteger))
)
_FREEZE = (
    sa.update(account)
    .where(account.c.id == sa.bindparam("its_id"))
    .values(frozen_at=sa.case((sa.bindparam("frozen", type_=sa.Boolean), now_ms()), else_=None))
)
_MOVE = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(zone=sa.bindparam("its_zone"))
_SPEAK = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(language=sa.bindparam("its_language"))
_BUSY = sa.update(account).where(account.c.id == sa.bindparam("its_id")).values(busy=sa.bindparam("its_wish"))
_CONTACT = (
    sa.update(identity)
    .where(identity.c.platform == sa.bindparam("its_platform"), identity.c.user == sa.bindparam("its_user"))
    .values(gone_at=sa.case((sa.bindparam("open", type_=sa.Boolean), None), else_=now_ms()))
)


@cache
def _add_identity(dialect: str) -> sa.Executable:
    insert = insert_for(dialect)(identity)
    return insert.on_conflict_do_update(
        index_elements=["platform", "user"],
        set_={
            "name": insert.excluded.name,
            "username": insert.excluded.username,
            "handle": insert.excluded.handle,
            "folded": insert.excluded.folded,
            "language": sa.func.coalesce(insert.excluded.language, identity.c.language),
            "belonging": sa.func.coalesce(insert.excluded.belonging, identity.c.belonging),
        },
    )


class People:
    """Accounts and identities, inside one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._dialect = dialect_of(connection)

    async def meet(self, sender: Sender) -> Account:
        """The sender's account, opened at the first meeting; name, username and language as they are now."""
        known = await self.find(sender.identity)
        if known is not None and _unchanged(known, sender):
            return known
        await self._save(sender, known.id if known else await self._open())
        met = await self.find(sender.identity)
        assert met is not None  # noqa: S101 - written in this very transaction
        return met

    async def find(self, who: Identity) -> Account | None:
        row = (
            await self._connection.execute(_BY_IDENTITY, {"its_platform": who.platform, "its_user": who.user})
        ).first()
        return None if row is None else account_of(row)

    async def contact(self, who: Identity, *, open_: bool) -> None:
        """Whether somebody may be written to, as they told their platform; whoever was never met has no say in it."""
        values = {"its_platform": who.platform, "its_user": who.user, "open": open_}
        await self._connection.execute(_CONTACT, values)

    async def identities(self, account_id: int) -> list[Account]:
        """The account under each of its identities; nothing if there is no such account."""
        return [account_of(row) for row in await self._connection.execute(_BY_NUMBER, {"its_id": account_id})]

    async def named(self, platform: str | None, username: str) -> list[Account]:
        """Everybody on a platform, or on all of them, whose username is this one or looks like it; some of them."""
        query = _BY_HANDLE if platform is None else _BY_HANDLE.where(identity.c.platform == platform)
        rows = await self._connection.execute(query.limit(_MOST_ALIKE), {"its_handle": skeleton(username)[:64]})
        return [account_of(row) for row in rows]

    async def block(self, account_id: int, *, blocked: bool) -> None:
        await self._connection.execute(_BLOCK, {"its_id": account_id, "blocked": blocked})

    async def with_role(self, role: Role) -> list[Account]:
        """Everybody who was given that role, under each of their identities."""
        rows = await self._connection.execute(_WITH_ROLE, {"its_role": role.name.lower()})
        return [account_of(row) for row in rows]

    async def set_role(self, account_id: int, role: Role | None) -> None:
        """Decide what a person is; None leaves it to the policy again."""
        await self._connection.execute(_SET_ROLE, {"its_id": account_id, "its_role": role and role.name.lower()})

    async def hush(self, account_id: int, *, quiet: bool) -> None:
        """Whether the person wants to hear nothing from admins."""
        await self._connection.execute(_HUSH, {"its_id": account_id, "quiet": quiet})

    async def pin(self, account_id: int, model: str | None) -> None:
        """Remember the model a person chose; None forgets it."""
        await self._connection.execute(_PIN, {"its_id": account_id, "its_model": model})

    async def assign(self, account_id: int, plan: str | None, *, until: int | None = None) -> None:
        """Put an account on a plan, until an instant (milliseconds); None is the default plan."""
        await self._connection.execute(_ASSIGN, {"its_id": account_id, "its_plan": plan, "its_end": until})

    async def count_from(self, account_id: int, since: int) -> None:
        """Let only count what an account uses from an instant (milliseconds) on."""
        await self._connection.execute(_COUNT_FROM, {"its_id": account_id, "since": since})

    async def advance(self, account_id: int, head_start: int) -> None:
        """Let what a person asks from now on wait as if it had come so many milliseconds earlier."""
        await self._connection.execute(_ADVANCE, {"its_id": account_id, "ahead": head_start})

    async def freeze(self, account_id: int, *, frozen: bool) -> None:
        """Let an account use nothing for now, whatever its limits."""
        await self._connection.execute(_FREEZE, {"its_id": account_id, "frozen": frozen})

    async def move(self, account_id: int, zone: str | None) -> None:
        """Remember where a person's midnight is (IANA name); None: where the operator's is."""
        await self._connection.execute(_MOVE, {"its_id": account_id, "its_zone": zone})

    async def speak(self, account_id: int, language: str | None) -> None:
        """Remember in which language a person wants to be spoken to; None: the one their platform tells."""
        await self._connection.execute(_SPEAK, {"its_id": account_id, "its_language": language})

    async def busy(self, account_id: int, wish: Busy) -> None:
        """Remember what becomes of a person's messages while an answer is written."""
        await self._connection.execute(_BUSY, {"its_id": account_id, "its_wish": wish})

    async def _open(self) -> int:
        return int((await self._connection.execute(_OPEN_ACCOUNT)).scalar_one())

    async def _save(self, sender: Sender, account_id: int) -> None:
        await self._connection.execute(
            _add_identity(self._dialect),
            {
                "platform": sender.identity.platform,
                "user": sender.identity.user,
                "account_id": account_id,
                "name": sender.name[:256],
                "username": _username(sender),
                "handle": sender.username and skeleton(sender.username)[:64],
                "folded": folded(sender.name)[:256],
                "language": sender.language and sender.language[:16],
                "belonging": sender.belonging,
            },
        )


def _unchanged(known: Account, sender: Sender) -> bool:
    return (
        known.name == sender.name[:256]
        and known.username == _username(sender)
        and (sender.language is None or known.language == sender.language)
        and (sender.belonging is None or known.belonging == sender.belonging)
    )


def _username(sender: Sender) -> str | None:
    return sender.username.lower()[:64] if sender.username else None


def account_of(row: sa.Row[*tuple[Any, ...]]) -> Account:
    """A row of `SELECT_ACCOUNT`."""
    return Account(
        id=row.account_id,
        identity=Identity(platform=row.platform, user=row.user),
        name=row.name,
        username=row.username,
        language=row.language,
        chosen_language=row.chosen_language,
        quiet=row.quiet,
        blocked=row.blocked_at is not None,
        role=Role[row.role.upper()] if row.role else None,
        belonging=row.belonging,
        pinned_model=row.pinned_model,
        plan=row.plan,
        plan_until=row.plan_until,
        counted_from=row.counted_from,
        head_start=row.head_start,
        frozen=row.frozen_at is not None,
        zone=row.zone,
        busy=row.busy or "queue",
    )
