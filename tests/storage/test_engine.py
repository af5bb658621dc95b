"""Engines: whole transactions, no harm from cancellation; on SQLite one writer."""

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from bot.domain.people import Identity, Sender
from bot.errors import Conflict, StorageError
from bot.storage import Storage
from tests.databases import on


def person(number: int) -> Sender:
    return Sender(identity=Identity(platform="fake", user=str(number)), name=f"Person {number}")


async def known(storage: Storage, number: int) -> bool:
    async with storage.begin() as work:
        return await work.people.find(person(number).identity) is not None


async def test_an_exception_undoes_the_transaction(storage: Storage) -> None:
    async def fail() -> None:
        async with storage.begin() as work:
            await work.people.meet(person(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert not await known(storage, 1)


async def test_what_the_database_refuses_is_our_error(storage: Storage) -> None:
    with pytest.raises((Conflict, StorageError)):
        async with storage.begin() as work:
            await work.history.begin(1, conversation_id=99, account_id=99, question="", tokens=0)


@on("sqlite")  # one writer; on PostgreSQL, who reads in order to write locks the row
async def test_transactions_that_begin_at_once_lose_no_update(storage: Storage) -> None:
    async def add() -> None:
        async with storage.begin() as work:
            before = await work.people.find(person(0).identity)
            number = int(before.name.split()[1]) + 1 if before else 1
            await asyncio.sleep(0)
            await work.people.meet(Sender(identity=person(0).identity, name=f"Person {number}"))

    await asyncio.gather(*(add() for _ in range(50)))
    async with storage.begin() as work:
        after = await work.people.find(person(0).identity)
    assert after
    assert after.name == "Person 50"


async def test_cancellation_at_any_point_leaves_whole_transactions_and_a_healthy_connection(storage: Storage) -> None:
    chance = random.Random(7)

    async def pair(number: int) -> None:
        async with storage.begin() as work:
            await work.people.meet(person(2 * number))
            await work.people.meet(person(2 * number + 1))

    for number in range(60):
        task = asyncio.create_task(pair(number))
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() * 0.003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for number in range(60):
        assert await known(storage, 2 * number) == await known(storage, 2 * number + 1)


@on("sqlite")
async def test_another_processes_lock_is_waited_for_without_holding_up_the_loop(
    storage: Storage, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    assert not await known(storage, 1)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(known(storage, 1))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    other.execute("ROLLBACK")
    other.close()
    assert await waiting is False


async def test_a_text_with_nul_is_stored(storage: Storage) -> None:
    async with storage.begin() as work:
        await work.people.meet(Sender(identity=person(0).identity, name="a\0b"))
    assert await known(storage, 0)


@on("postgresql")
async def test_nul_becomes_a_replacement_character_where_a_text_cannot_hold_it(storage: Storage) -> None:
    async with storage.begin() as work:
        assert (
            await work.people.meet(Sender(identity=person(0).identity, name="a\0b"))
        ).name == "a\N{REPLACEMENT CHARACTER}b"


async def test_whoever_writes_waits_for_nobody_who_looks(storage: Storage) -> None:
    async with storage.look() as looking:
        assert await looking.people.find(person(1).identity) is None
        async with asyncio.timeout(20), storage.begin() as work:
            await work.people.meet(person(1))
    async with storage.look() as looking:
        assert await looking.people.find(person(1).identity) is not None


@on("sqlite")
async def test_a_look_changes_nothing(storage: Storage) -> None:
    with pytest.raises(StorageError):
        async with storage.look() as looking:
            await looking.people.meet(person(1))


@on("sqlite")
async def test_nobody_else_has_a_turn_while_the_only_connection_is_used(storage: Storage) -> None:
    async with storage.begin(kept=False) as work:
        await work.people.meet(person(1))  # connects
    turns: list[str] = []
    asyncio.get_running_loop().call_soon(turns.append, "another")
    async with storage.begin(kept=False) as work:
        await work.people.meet(person(1))
    async with storage.begin(kept=False) as work:
        await work.people.meet(person(1))
    assert turns == []


async def test_who_is_cancelled_gives_the_connection_back(storage: Storage) -> None:
    async def begin() -> None:
        async with storage.begin() as work:
            await work.people.meet(person(1))
            await asyncio.sleep(60)

    for _ in range(20):  # more than there are connections
        task = asyncio.create_task(begin())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
    async with storage.begin() as work:
        assert await work.people.find(person(1).identity) is None
