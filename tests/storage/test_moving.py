"""A group goes on under another id: in every table there is, whoever added it."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity, Sender
from bot.domain.quotas import Rule
from bot.domain.windows import Window
from bot.storage import Storage, UnitOfWork
from bot.storage.tables import identity, metadata, place, quota, usage

OLD, NEW = Identity(platform="telegram", user="-12"), Identity(platform="telegram", user="-100345")
OTHER = "telegram:-123"
MESSAGES = Rule(meter="messages", window=Window(span="day"), limit=5)
NAMES = ("{}", "{}#7", "chat:{}", "each:{}", "pool:{}", "member:3@{}")


def columns() -> list[sa.Column[Any]]:
    return [column for table in metadata.sorted_tables for column in table.columns if column.info.get("names_place")]


async def names(connection: AsyncConnection, column: sa.Column[Any]) -> set[str]:
    return set((await connection.execute(sa.select(column))).scalars())


async def _use(work: UnitOfWork, subject: str, messages: int) -> None:
    row = {"subject": subject, "level": 2, "starts_at": 0, "tier": "t", "model": "m", "messages": messages}
    await work.ledger._connection.execute(sa.insert(usage).values(**row, input=0, output=0, tokens=0, cost=0))


def test_the_tables_of_today_are_among_those_that_move() -> None:
    found = {(column.table.name, column.name) for column in columns()}
    assert found >= {
        ("conversation", "place"), ("place", "key"), ("group_setting", "key"), ("charge", "chat"), ("usage", "subject"),
        ("quota", "subject"), ("warning", "subject"),
    }  # fmt: skip


async def test_limits_of_the_group_its_members_and_its_pool_move_and_those_of_others_stay(storage: Storage) -> None:
    async with storage.begin() as work:
        for name in NAMES:
            for key in (str(OLD), OTHER):
                await work.limits.set(name.format(key), MESSAGES)
        await work.moving.move(OLD, NEW)
        found = await names(work.limits._connection, quota.c.subject)
    assert found == {name.format(key) for name in NAMES for key in (str(NEW), OTHER)}


async def test_what_was_used_in_both_adds_up(storage: Storage) -> None:
    async with storage.begin() as work:
        await _use(work, f"chat:{OLD}", 3)
        await _use(work, f"member:9@{OLD}", 2)
        await _use(work, f"chat:{NEW}", 4)
        await work.moving.move(OLD, NEW)
        rows = await work.ledger._connection.execute(sa.select(usage.c.subject, usage.c.messages))
        assert dict(tuple(row) for row in rows) == {f"chat:{NEW}": 7, f"member:9@{NEW}": 2}


async def test_conversations_topics_and_personas_move_and_the_one_that_went_on_goes_on(storage: Storage) -> None:
    async with storage.begin() as work:
        old = await work.conversations.start(str(OLD), title="Before")
        topic = await work.conversations.start(f"{OLD}#7")
        await work.personas.choose("place", str(OLD), "pirate")
        await work.moving.move(OLD, NEW)
        assert await work.conversations.going_on(str(NEW)) == old
        assert await work.conversations.going_on(f"{NEW}#7") == topic
        assert [talk.title for talk in await work.conversations.listed(str(NEW), archived=False, most=9)] == ["Before"]
        assert await work.conversations.going_on(str(OLD)) is None
        chosen = await work.conversations._connection.execute(sa.select(place.c.persona).where(place.c.key == str(NEW)))
        assert chosen.scalar_one() == "pirate"


async def test_a_conversation_that_was_begun_in_the_new_one_goes_on(storage: Storage) -> None:
    async with storage.begin() as work:
        old, new = await work.conversations.start(str(OLD)), await work.conversations.start(str(NEW))
        await work.moving.move(OLD, NEW)
        assert await work.conversations.going_on(str(NEW)) == new
        assert {talk.id for talk in await work.conversations.listed(str(NEW), archived=False, most=9)} == {old, new}


@pytest.mark.parametrize("times", [1, 2])
async def test_the_account_of_anonymous_admins_moves_once(storage: Storage, times: int) -> None:
    async with storage.begin() as work:
        met = await work.people.meet(Sender(identity=OLD, name="Team", belonging="group"))
        for _ in range(times):
            await work.moving.move(OLD, NEW)
        found = await work.people.find(NEW)
        assert found is not None
        assert found.id == met.id
        assert await names(work.people._connection, identity.c.user) == {NEW.user}
