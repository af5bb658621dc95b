from bot.allowances import SharedAllowance
from bot.llm.shaping import MemoryBuckets
from bot.llm.shaping.shared import RedisBuckets
from tests.fakes import FakeClock

PACE = {"burst": 3, "per_second": 0.5}


async def test_processes_share_what_may_be_called(shared: RedisBuckets) -> None:
    one, two = SharedAllowance(shared), SharedAllowance(shared)
    assert [await each.take("append", **PACE) for each in (one, two, one)] == [0, 0, 0]
    assert 0 < await two.take("append", **PACE) <= 2
    assert await two.take("start", **PACE) == 0


async def test_what_must_not_touch_the_reserve_leaves_it(shared: RedisBuckets) -> None:
    allowance = SharedAllowance(shared)
    assert [await allowance.take("stop", **PACE, spare=2) > 0 for _ in range(2)] == [False, True]
    assert [await allowance.take("stop", **PACE) for _ in range(2)] == [0, 0]
    assert await allowance.take("stop", **PACE) > 0


async def test_a_refusal_of_one_process_is_heeded_by_all(shared: RedisBuckets) -> None:
    await SharedAllowance(shared).close("append", 30)
    assert 29 < await SharedAllowance(shared).take("append", **PACE) <= 30


async def test_what_was_taken_comes_back_with_time() -> None:
    clock = FakeClock()
    allowance = SharedAllowance(MemoryBuckets(clock))
    for _ in range(3):
        await allowance.take("append", **PACE)
    assert await allowance.take("append", **PACE) == 2
    clock.pass_(seconds=2)
    assert await allowance.take("append", **PACE) == 0
