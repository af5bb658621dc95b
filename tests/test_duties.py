"""Duties: one process at a time, another one when it ends, dies or stands still."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.clock import SystemClock
from bot.duties import Duties
from bot.storage import Storage
from bot.tasks import cancel
from tests.databases import on

LEASE = 0.6


class Doer:
    """One process; `doing` while it has the duty."""

    def __init__(self, storage: Storage, name: str) -> None:
        self.duties = Duties(storage, SystemClock(), name, lease=LEASE)
        self.doing = asyncio.Event()
        self.task = asyncio.create_task(self.duties.perform("poll", self._do))

    async def _do(self) -> None:
        self.doing.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.doing.clear()

    async def does(self, within: float = 3 * LEASE) -> None:
        async with asyncio.timeout(within):
            await self.doing.wait()


@pytest.fixture
async def two(storage: Storage) -> AsyncIterator[tuple[Doer, Doer]]:
    one = Doer(storage, "one")
    await one.does()
    other = Doer(storage, "other")
    yield one, other
    await cancel(one.task, other.task)


@on("postgresql")
async def test_one_of_two_does_it(two: tuple[Doer, Doer]) -> None:
    await asyncio.sleep(2 * LEASE)
    assert [doer.doing.is_set() for doer in two] == [True, False]


@on("postgresql")
async def test_the_other_goes_on_at_once_when_one_ends(two: tuple[Doer, Doer]) -> None:
    one, other = two
    await cancel(one.task)
    await other.does(LEASE)
    assert not one.doing.is_set()


@on("postgresql")
async def test_the_other_goes_on_when_the_lease_of_the_dead_has_run_out(storage: Storage) -> None:
    async with storage.begin() as work:
        assert await work.leaders.take("poll", owner="dead", ttl=int(LEASE * 1000))
    other = Doer(storage, "other")
    await asyncio.sleep(LEASE / 2)
    assert not other.doing.is_set()
    await other.does()
    await cancel(other.task)


@on("postgresql")
async def test_whoever_lost_it_stops_doing_it(storage: Storage, two: tuple[Doer, Doer]) -> None:
    one, other = two
    async with storage.begin() as work:
        await work.leaders.resign("poll", owner="one")
        assert await work.leaders.take("poll", owner="third", ttl=60_000)
    await asyncio.sleep(LEASE)
    assert [one.doing.is_set(), other.doing.is_set()] == [False, False]


@on("sqlite")
async def test_an_only_process_has_every_duty(storage: Storage) -> None:
    one = Doer(storage, "one")
    await one.does()
    async with storage.begin() as work:
        assert await work.leaders.take("poll", owner="nobody asked", ttl=1)
    await cancel(one.task)
