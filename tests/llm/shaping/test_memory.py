import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.llm.shaping import Ask, Denied, Grant, MemoryBuckets, Meter
from tests.fakes import FakeClock

METER = Meter(name="tpm", kind="tokens", limit=60, period=60, burst=20)
FULL = Ask(meters=(METER,), tokens=20)


async def test_more_routes_than_fit_forget_no_active_one() -> None:
    buckets = MemoryBuckets(FakeClock(), size=100)
    for number in range(1200):
        await buckets.take(str(number), FULL)
    denied = [isinstance(await buckets.take(str(number), FULL), Denied) for number in range(1200)]
    assert all(denied)


async def test_routes_with_full_buckets_are_forgotten() -> None:
    clock = FakeClock()
    buckets = MemoryBuckets(clock, size=100)
    for number in range(1000):
        await buckets.take(str(number), FULL)
        clock.pass_(seconds=30)
    assert len(buckets._accounts) <= 101


async def test_a_route_with_a_call_under_way_is_remembered() -> None:
    clock = FakeClock()
    buckets = MemoryBuckets(clock, size=10)
    busy = Ask(meters=(), concurrent=1)
    await buckets.take("busy", busy)
    for number in range(100):
        await buckets.take(str(number), FULL)
        clock.pass_(seconds=30)
    assert isinstance(await buckets.take("busy", busy), Denied)


steps = st.lists(st.tuples(st.floats(0, 30), st.integers(1, 25), st.integers(0, 25)), max_size=60)


@given(steps=steps)
def test_no_stretch_of_time_sees_more_than_its_refill_and_a_burst(steps: list[tuple[float, int, int]]) -> None:
    """Charged is what was used; a call larger than the bucket may overdraw it by what it is larger."""
    clock = FakeClock()
    buckets = MemoryBuckets(clock)
    charged: list[tuple[float, float]] = []

    async def play() -> None:
        for pause, cost, used in steps:
            clock.pass_(seconds=pause)
            grant = await buckets.take("r", Ask(meters=(METER,), tokens=cost))
            if isinstance(grant, Grant):
                await buckets.settle(grant, tokens=min(used, cost))
                charged.append((clock.monotonic(), min(used, cost)))

    asyncio.run(play())
    for first in range(len(charged)):
        for last in range(first, len(charged)):
            passed = charged[last][0] - charged[first][0]
            spent = sum(size for _, size in charged[first : last + 1])
            assert spent <= 25 + passed * METER.limit / METER.period + 0.01


@given(debt=st.integers(0, 20), cost=st.integers(1, 20))
def test_the_announced_wait_is_exact(debt: int, cost: int) -> None:
    clock = FakeClock()
    buckets = MemoryBuckets(clock)

    async def play() -> None:
        await buckets.take("r", Ask(meters=(METER,), tokens=debt))
        taken = await buckets.take("r", Ask(meters=(METER,), tokens=cost))
        if isinstance(taken, Denied):
            clock.pass_(seconds=taken.wait - 0.001)
            assert isinstance(await buckets.take("r", Ask(meters=(METER,), tokens=cost)), Denied)
            clock.pass_(seconds=0.002)
            taken = await buckets.take("r", Ask(meters=(METER,), tokens=cost))
        assert isinstance(taken, Grant)

    asyncio.run(play())
