import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.clock import SystemClock
from bot.llm.shaping import Ask, Denied, Grant, Limits, MemoryBuckets, Meter, Route, Shaper
from bot.llm.shaping.shared import RedisBuckets
from bot.llm.shaping.steady import SteadyBuckets

METER = Meter(name="rpm", kind="requests", limit=4, period=60, burst=4)
ASK = Ask(meters=(METER,))
ROUTE = Route(endpoint="e", key="k", model="m")


class Gate:
    """Stands before Redis and can be shut: a real connection that really breaks."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._open:
            writer.close()
        await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._open |= {writer, back}
        await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                writer.write(data)
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
async def gate(redis: Redis) -> AsyncIterator[Gate]:
    place = redis.connection_pool.connection_kwargs
    gate = Gate(place.get("host", "localhost"), place.get("port", 6379))
    await gate.open()
    yield gate
    await gate.shut()


@pytest.fixture
async def behind(gate: Gate, prefix: str) -> AsyncIterator[RedisBuckets]:
    buckets = RedisBuckets.connect(f"redis://127.0.0.1:{gate.port}/0", prefix=prefix)
    yield buckets
    await buckets.aclose()


def steady(behind: RedisBuckets, pause: float = 0.1) -> SteadyBuckets:
    return SteadyBuckets(behind, MemoryBuckets(SystemClock()), SystemClock(), pause=pause)


async def home(buckets: SteadyBuckets) -> str:
    taken = await buckets.take("r", ASK)
    assert isinstance(taken, Grant)
    return taken.home


async def test_two_workers_share_one_truth(redis: Redis, prefix: str) -> None:
    workers = [RedisBuckets(redis, prefix=prefix) for _ in range(2)]
    taken = await asyncio.gather(*(worker.take("r", ASK) for worker in workers * 4))
    assert sum(isinstance(one, Grant) for one in taken) == 4


async def test_a_dead_workers_call_is_given_up_after_its_lease(redis: Redis, prefix: str) -> None:
    buckets, busy = RedisBuckets(redis, prefix=prefix, lease=0.1), Ask(meters=(), concurrent=1)
    await buckets.take("r", busy)
    assert isinstance(await buckets.take("r", busy), Denied)
    await asyncio.sleep(0.12)
    assert isinstance(await buckets.take("r", busy), Grant)


async def test_every_key_expires(shared: RedisBuckets, redis: Redis, prefix: str) -> None:
    grant = await shared.take("r", Ask(meters=(METER,), concurrent=5))
    assert isinstance(grant, Grant)
    await shared.correct(grant, {"rpm": 0})
    await shared.close("r", 5)
    lives = [await redis.pttl(key) async for key in redis.scan_iter(f"{prefix}:*")]
    assert len(lives) == 3
    assert min(lives) > 0


async def test_other_workers_hear_of_what_is_given_back(shared: RedisBuckets, redis: Redis, prefix: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    watch = asyncio.create_task(RedisBuckets(redis, prefix=prefix).watch(heard.put_nowait))
    await asyncio.sleep(0.05)
    grant = await shared.take("r", ASK)
    assert isinstance(grant, Grant)
    await shared.release(grant)
    assert await asyncio.wait_for(heard.get(), 20) == "r"
    watch.cancel()


async def test_a_watch_outlives_silence(behind: RedisBuckets) -> None:
    """Redis being quiet for longer than an answer may take is no failure."""
    watch = asyncio.create_task(behind.watch(lambda _: None))
    await asyncio.sleep(1.3)
    assert not watch.done()
    watch.cancel()


async def test_a_slot_freed_by_another_worker_is_taken_at_once(redis: Redis, prefix: str) -> None:
    limits = Limits(concurrent=1)
    one, two = (
        Shaper(RedisBuckets(redis, prefix=prefix), SystemClock(), lambda _: limits, interval=60) for _ in range(2)
    )
    async with one, two:
        await asyncio.sleep(0.05)
        async with one.admit(ROUTE, tokens=1):
            waiting = asyncio.create_task(two.admit(ROUTE, tokens=1).__aenter__())
            await asyncio.sleep(0.05)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 20)


async def test_without_redis_memory_counts_and_one_warning_says_so(
    behind: RedisBuckets, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    buckets = steady(behind, pause=0.0)
    assert await home(buckets) == "redis"
    await gate.shut()
    assert [await home(buckets) for _ in range(3)] == ["memory"] * 3
    assert [record.levelno for record in caplog.records if "shared_limits_lost" in record.message] == [logging.WARNING]


async def test_the_limits_hold_without_redis(behind: RedisBuckets, gate: Gate) -> None:
    await gate.shut()
    buckets = steady(behind)
    taken = [await buckets.take("r", ASK) for _ in range(6)]
    assert sum(isinstance(one, Grant) for one in taken) == 4


async def test_redis_counts_again_when_it_is_back(behind: RedisBuckets, gate: Gate) -> None:
    buckets = steady(behind)
    await gate.shut()
    assert await home(buckets) == "memory"
    await gate.open()
    await asyncio.sleep(0.12)
    assert await home(buckets) == "redis"


async def test_a_grant_of_redis_can_end_without_it(behind: RedisBuckets, gate: Gate) -> None:
    buckets = steady(behind)
    grant = await buckets.take("r", ASK)
    assert isinstance(grant, Grant)
    await gate.shut()
    await buckets.settle(grant, tokens=5)
    await buckets.correct(grant, {"rpm": 0})
    await buckets.release(grant)
    assert await home(buckets) == "memory"


async def test_a_grant_of_memory_ends_in_memory(behind: RedisBuckets, gate: Gate) -> None:
    buckets, busy = steady(behind), Ask(meters=(), concurrent=1)
    await gate.shut()
    grant = await buckets.take("r", busy)
    assert isinstance(grant, Grant)
    await gate.open()
    await asyncio.sleep(0.12)
    await buckets.release(grant)
    await gate.shut()
    await asyncio.sleep(0.12)
    assert isinstance(await buckets.take("r", busy), Grant)


async def test_a_closed_route_stays_closed_when_redis_goes(behind: RedisBuckets, gate: Gate) -> None:
    buckets = steady(behind)
    await buckets.close("r", 30)
    await gate.shut()
    assert isinstance(await buckets.take("r", ASK), Denied)


async def test_no_password_reaches_the_log(gate: Gate, prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    buckets = RedisBuckets.connect(f"redis://:hunter2@127.0.0.1:{gate.port}/0", prefix=prefix)
    await gate.shut()
    await steady(buckets).take("r", ASK)
    await buckets.aclose()
    assert "shared_limits_lost" in caplog.text
    assert "hunter2" not in caplog.text
