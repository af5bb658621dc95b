"""Processes on one database wake and stop each other at once, and lose nothing when the connection breaks."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from bot.clock import SystemClock
from bot.domain.updates import Arrival
from bot.inbox import Inbox
from bot.storage import Storage
from bot.tasks import cancel
from tests.databases import on, plain

pytestmark = on("postgresql")


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Inbox]:
    """Another process on the same database, which listens."""
    storage = Storage.open(database_url)
    inbox = Inbox(storage, SystemClock())
    keeping = asyncio.create_task(inbox.keep())
    await inbox.wait(5)  # it wakes itself when it begins to listen
    yield inbox
    await cancel(keeping)
    await storage.close()


def arrival(number: int, lane: str = "a") -> Arrival:
    return Arrival(source="fake:bot", event=str(number), lane=lane, order=number, payload={})


async def rung(inbox: Inbox, within: float = 20) -> bool:
    """Whether it was woken."""
    began = time.monotonic()
    await inbox.wait(within)
    return time.monotonic() - began < within


async def test_what_one_process_stores_wakes_another(storage: Storage, other: Inbox) -> None:
    await Inbox(storage, SystemClock()).accept([arrival(1)])
    assert await rung(other)
    (lease,) = await other.claim(1)
    assert lease.claim.lane == "a"


async def test_a_busy_lane_wakes_nobody(storage: Storage, other: Inbox) -> None:
    mine = Inbox(storage, SystemClock())
    await mine.accept([arrival(1)])
    await mine.claim(1)
    assert await rung(other)
    await mine.accept([arrival(2)])
    assert not await rung(other, within=0.5)


async def test_what_is_rolled_back_wakes_nobody(storage: Storage, other: Inbox) -> None:
    async def fail() -> None:
        async with storage.begin() as work:
            await work.inbox.put(arrival(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert not await rung(other, within=0.5)


async def test_a_stop_reaches_the_process_where_the_turn_runs(storage: Storage, other: Inbox) -> None:
    await Inbox(storage, SystemClock()).accept([arrival(1, "conversation with: colons")])
    (lease,) = await other.claim(1)
    async with storage.begin() as work:
        await work.inbox.stop(lease.claim.lane)
    async with asyncio.timeout(20):
        await lease.stopped.wait()


async def test_a_bell_whose_connection_broke_is_heard_again(storage: Storage, other: Inbox, database_url: str) -> None:
    with psycopg.connect(plain(database_url), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
    assert await rung(other)  # it wakes itself when it listens again
    await Inbox(storage, SystemClock()).accept([arrival(1)])
    assert await rung(other)


async def test_a_connection_that_died_between_transactions_costs_no_turn(storage: Storage, database_url: str) -> None:
    inbox = Inbox(storage, SystemClock())
    await inbox.accept([arrival(1)])
    (lease,) = await inbox.claim(1)
    with psycopg.connect(plain(database_url), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    async with lease.begin() as work:
        await lease.complete(work)
    assert lease.done
