"""Two accounts become one: in every table there is, whoever added it."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Identity, Role, Sender
from bot.domain.quotas import Rule, account_subject
from bot.domain.windows import Window
from bot.errors import QuotaExceeded
from bot.storage import Storage, UnitOfWork
from bot.storage.handover import keys_of
from bot.storage.merging import ownership
from bot.storage.tables import account, admission, charge, identity, memory, metadata, piece, quota, usage
from bot.storage.tables import context as context_table
from tests.books import Books

ADA = Sender(identity=Identity(platform="telegram", user="1"), name="Ada", belonging="full")
BEN = Sender(identity=Identity(platform="slack", user="T1/U1"), name="Ben", belonging="full")

_numbers = itertools.count(1000)


def owners() -> Iterator[sa.Column[Any]]:
    """Every column that says whose a row is."""
    return (column for column, *_ in ownership(1, 2))


async def two(work: UnitOfWork) -> tuple[int, int, AsyncConnection]:
    kept, gone = await work.people.meet(ADA), await work.people.meet(BEN)
    return kept.id, gone.id, work.people._connection


async def fill(
    connection: AsyncConnection, account_id: int, *, same: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One row in every table that belongs to an account, and in those such rows need. Returns them by table.

    With `same` as an earlier result, they have the same keys but for the account.
    """
    rows: dict[str, Any] = {"account": {"id": account_id}}
    for table in metadata.sorted_tables:
        if table in (account, identity):
            continue
        row = {column.name: _value(column, account_id, rows) for column in table.columns}
        if same and any(keys_of(column) for column in owners() if column.table is table):
            mine = {column.name for column in owners() if column.table is table} | {"id"}
            row = {**same[table.name], **{name: row[name] for name in mine & row.keys()}}
        await connection.execute(sa.insert(table).values(row))
        rows[table.name] = row
    return rows


def _value(column: sa.Column[Any], account_id: int, rows: Mapping[str, Any]) -> Any:
    for key in column.foreign_keys:
        return rows[key.column.table.name][key.column.name]
    if column.info.get("names_account"):
        return f"account:{account_id}"
    kinds = {sa.JSON: {}, sa.Boolean: False, sa.LargeBinary: b"", sa.SmallInteger: next(_numbers) % 30_000}
    number, stored = next(_numbers), column.type
    if isinstance(stored, sa.TypeDecorator):
        stored = stored.impl_instance
    if isinstance(stored, sa.String):
        return str(number)[: stored.length]
    return next((value for kind, value in kinds.items() if isinstance(stored, kind)), number)


async def count(connection: AsyncConnection, where: sa.ColumnElement[bool]) -> int:
    return int((await connection.execute(sa.select(sa.func.count()).where(where))).scalar_one())


def test_the_tables_of_today_are_among_those_that_are_merged() -> None:
    found = {column.table.name for column in owners()}
    assert {
        "identity",
        "turn",
        "charge",
        "call",
        "quota",
        "usage",
        "credit",
        "conversation",
        "admission",
        "memory",
    } <= found


async def test_every_row_of_every_table_goes_along(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        await fill(connection, kept)
        await fill(connection, gone)
        await work.merging.merge(kept, gone, None)
        for column, its, _ in ownership(kept, gone):
            unique_alone = any(key == (column.name,) for key in keys_of(column))
            assert await count(connection, its) == (1 if unique_alone else 2), column
        for column, its, _ in ownership(gone, kept):
            assert await count(connection, its) == 0, column
        assert await count(connection, account.c.id == gone) == 0


async def test_rows_of_the_same_key_become_one(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        await fill(connection, gone, same=await fill(connection, kept))
        await work.merging.merge(kept, gone, None)
        for column, its, _ in ownership(gone, kept):
            assert await count(connection, its) == 0, column
        for column, its, _ in ownership(kept, gone):
            if keys_of(column) and column.table is not memory:
                assert await count(connection, its) == 1, column


@pytest.mark.parametrize(
    ("one", "other", "joint"), [(5, 9, 5), (9, 5, 5), (None, 5, 5), (5, None, 5), (None, None, None)]
)
async def test_the_stricter_limit_stays(
    storage: Storage, one: int | None, other: int | None, joint: int | None
) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        for number, limit in ((kept, one), (gone, other)):
            rule = Rule(meter="messages", window=Window(span="day"), limit=limit)
            await work.limits.set(account_subject(number), rule)
        await work.merging.merge(kept, gone, None)
        (row,) = await connection.execute(sa.select(quota.c.subject, quota.c.amount))
    assert tuple(row) == (account_subject(kept), joint)


async def test_what_both_used_counts_against_the_limits_of_the_one_they_are(storage: Storage) -> None:
    books = Books(storage, Rule(meter="messages", window=Window(span="day"), limit=3))
    await books.spend(1, sender=ADA)
    await books.spend(2, sender=BEN, chat="slack:T1/C1")
    async with storage.begin() as work:
        ada, ben = await work.people.meet(ADA), await work.people.meet(BEN)
        await work.merging.merge(ada.id, ben.id, None)
    await books.spend(3, sender=BEN)
    with pytest.raises(QuotaExceeded) as refused:
        await books.spend(4, sender=ADA)
    assert refused.value.standing.used == 3


async def test_use_adds_up_and_nothing_twice(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        for inbox_id, number, tokens in ((1, kept, 10), (2, gone, 20), (3, gone, 5)):
            await connection.execute(
                sa.insert(charge).values(inbox_id=inbox_id, account_id=number, at=1, messages=1, tokens=tokens, state=1)
            )
        await work.merging.merge(kept, gone, None)
        total = sa.select(sa.func.count(), sa.func.sum(charge.c.tokens)).where(charge.c.account_id == kept)
        assert tuple((await connection.execute(total)).one()) == (3, 35)


async def test_a_block_of_either_stays_and_the_earliest_meeting(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, _ = await two(work)
        await work.people.block(gone, blocked=True)
        await work.merging.merge(kept, gone, Role.GUEST)
        (ada, ben) = await work.people.identities(kept)
    assert (ada.blocked, ben.blocked, ada.role) == (True, True, Role.GUEST)


async def test_what_both_said_in_one_conversation_is_indexed_anew(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        await fill(connection, gone, same=await fill(connection, kept))
        await work.merging.merge(kept, gone, None)
        shared = (await connection.execute(sa.select(memory.c.conversation_id))).scalars().all()
        assert len(shared) == len(set(shared))
        assert await count(connection, piece.c.memory_id.not_in(sa.select(memory.c.id))) == 0
        assert await count(connection, context_table.c.indexed > 0) <= 1


async def test_a_split_leaves_use_and_takes_limits_along(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        await fill(connection, kept)
        await work.merging.merge(kept, gone, Role.GUEST)
        fresh = await work.merging.split(kept, BEN.identity)
        limits = await count(connection, quota.c.subject == account_subject(fresh))
        use = await count(connection, charge.c.account_id == fresh)
        waiting = await count(connection, admission.c.account_id == fresh)
        (ben,) = await work.people.identities(fresh)
    assert (limits, use, waiting) == (1, 0, 0)
    assert (ben.identity, ben.role) == (BEN.identity, Role.GUEST)


def test_every_number_of_a_shared_key_says_what_becomes_of_it() -> None:
    """Rows of one key become one row: whoever adds a table decides which values that has."""
    undecided = [
        column
        for owner in owners()
        if keys_of(owner) and owner.table not in (memory, admission)
        for column in owner.table.columns
        if column.name not in {name for key in keys_of(owner) for name in key} | {"id"}
        and isinstance(column.type, sa.Integer | sa.Numeric)
        and "merged" not in column.info
    ]
    assert [str(column) for column in undecided if column.table.name != "link_code"] == []


async def test_a_plan_keeps_its_own_end(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        for number, plan, until in ((kept, "plus", None), (gone, "vip", 5)):
            its = sa.update(account).where(account.c.id == number)
            await connection.execute(its.values(plan=plan, plan_until=until))
        await work.merging.merge(kept, gone, None)
        row = (await connection.execute(sa.select(account.c.plan, account.c.plan_until))).one()
    assert tuple(row) == ("plus", None)


async def test_a_long_history_of_use_is_merged(storage: Storage) -> None:
    async with storage.begin() as work:
        kept, gone, connection = await two(work)
        counts = {"tier": "t", "model": "m", "level": 0, "messages": 1, "input": 1, "output": 1, "tokens": 2, "cost": 3}
        rows = [
            {"subject": f"account:{number}", "starts_at": at, **counts}
            for number, first in ((kept, 0), (gone, 2_000))
            for at in range(first, first + 4_000)
        ]
        await connection.execute(sa.insert(usage), rows)
        await work.merging.merge(kept, gone, None)
        sums = sa.select(sa.func.count(), sa.func.sum(usage.c.cost)).where(usage.c.subject == f"account:{kept}")
        assert tuple((await connection.execute(sums)).one()) == (6_000, 24_000)
