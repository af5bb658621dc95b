"""A stop reaches the process where the turn runs: over PostgreSQL alone, over Redis alone, and whatever is away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bot.clock import SystemClock
from bot.domain.updates import Arrival
from bot.inbox import Inbox, Lease
from bot.stops import RedisStops
from bot.storage import Stopping, Storage
from bot.tasks import cancel
from tests.databases import on
from tests.scenarios.servers import RedisServer

LANE = "conversation with: colons"
NEVER = 3600.0
"""A lease that nobody renews while a test runs: the stop can have come by its own way only."""


@asynccontextmanager
async def process(database_url: str, redis_url: str | None = None, *, deaf: bool = False) -> AsyncIterator[Inbox]:
    """Another process on the database; `deaf` to PostgreSQL's bell, as behind a pooler that keeps no session."""
    storage = Storage.open(database_url)
    inbox = Inbox(storage, SystemClock(), lease=NEVER, redis_url=redis_url)
    stops = inbox._stops
    keeping = asyncio.create_task(stops.run(inbox.stopped) if deaf and stops else inbox.keep())
    try:
        yield inbox
    finally:
        await cancel(keeping)
        await storage.close()


@asynccontextmanager
async def two(database_url: str, redis_url: str | None, *, deaf: bool = False) -> AsyncIterator[tuple[Inbox, Inbox]]:
    async with process(database_url, redis_url, deaf=deaf) as one, process(database_url, redis_url, deaf=deaf) as other:
        yield one, other


async def running(inbox: Inbox, number: int = 1, lane: str = LANE) -> Lease:
    """A turn that this process has begun."""
    await inbox.accept([Arrival(source="fake:bot", event=str(number), lane=lane, order=number, payload={})])
    (lease,) = await inbox.claim(1)
    return lease


async def stop(inbox: Inbox) -> Stopping:
    async with inbox._storage.begin() as work:
        stopping = await work.inbox.stop(LANE)
    assert stopping
    inbox.stop(stopping)
    return stopping


async def stopped(lease: Lease, asking: Inbox) -> None:
    """Ask until it has heard: whoever has only just begun to listen may have missed the first time."""
    async with asyncio.timeout(30):
        while not lease.stopped.is_set():
            await stop(asking)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await lease.stopped.wait()


@on("postgresql")
@pytest.mark.parametrize("way", ["postgresql", "redis", "both"])
async def test_a_stop_reaches_the_process_where_the_turn_runs(database_url: str, way: str) -> None:
    async with RedisServer() as server:
        url = None if way == "postgresql" else server.url
        async with two(database_url, url, deaf=way == "redis") as (one, other):
            lease = await running(one)
            await stopped(lease, other)
            assert lease.stopped.is_set()


@on("postgresql")
async def test_only_the_turn_that_was_meant_is_stopped(database_url: str) -> None:
    async with RedisServer() as server, two(database_url, server.url, deaf=True) as (one, other):
        lease = await running(one)
        await stopped(lease, other)
        meant = await stop(other)
        async with lease.begin() as work:
            await lease.complete(work)
        one.let_go(lease)
        again, elsewhere = await running(one, 2), await running(one, 3, "elsewhere")
        other.stop(meant)
        other.stop(Stopping(lane="elsewhere", epoch=elsewhere.claim.epoch, owner=one.owner))
        async with asyncio.timeout(30):
            await elsewhere.stopped.wait()  # told after the one that is over
        assert not again.stopped.is_set()


@on("postgresql")
async def test_redis_that_goes_away_takes_no_stop_with_it(database_url: str) -> None:
    async with RedisServer() as server, two(database_url, server.url) as (one, other):
        lease = await running(one)
        await server.stop()
        await stopped(lease, other)
        assert lease.stopped.is_set()


async def logged(event: str, caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(30):
        while event not in caplog.text:  # noqa: ASYNC110 - a log tells nobody
            await asyncio.sleep(0.05)


@on("postgresql")
async def test_redis_that_comes_back_is_heard_again(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.stops")
    async with RedisServer() as server, two(database_url, server.url, deaf=True) as (one, other):
        lease = await running(one)
        await stopped(lease, other)
        lease.stopped.clear()
        await server.stop()
        await logged("shared_stops_lost", caplog)
        await server.start()
        await stopped(lease, other)
        await logged("shared_stops_back", caplog)
        assert "127.0.0.1" not in caplog.text


def test_what_cannot_be_told_is_not_kept_for_ever() -> None:
    stops = RedisStops.connect("redis://127.0.0.1:9/0", "me", SystemClock())
    for number in range(5_000):
        stops.tell(Stopping(lane=LANE, epoch=number, owner="somebody"))
    assert stops._waiting.full()
