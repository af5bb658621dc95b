"""Many short waits, one timer, and cancellations that stay what they are."""

import asyncio

import pytest

from bot.llm.watchdog import Watchdog


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_wait_within_its_limit_gives_its_result() -> None:
    assert await Watchdog().guard(asyncio.sleep(0.001, "done"), soon(1)) == "done"


async def test_a_wait_past_its_limit_times_out_and_leaves_no_cancellation_behind() -> None:
    watchdog = Watchdog()
    with pytest.raises(TimeoutError):
        await watchdog.guard(asyncio.sleep(5), soon(0.01))
    task = asyncio.current_task()
    assert task
    assert task.cancelling() == 0


async def test_each_wait_has_its_own_limit() -> None:
    watchdog = Watchdog()
    for _ in range(5):
        await watchdog.guard(asyncio.sleep(0.01), soon(0.2))
    with pytest.raises(TimeoutError):
        await watchdog.guard(asyncio.sleep(5), soon(0.01))


async def test_a_shorter_limit_than_the_last_one_holds() -> None:
    watchdog = Watchdog()
    await watchdog.guard(asyncio.sleep(0), soon(60))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(20):
            await watchdog.guard(asyncio.sleep(5), soon(0.01))


async def test_between_waits_nobody_is_disturbed() -> None:
    watchdog = Watchdog()
    await watchdog.guard(asyncio.sleep(0), soon(0.01))
    await asyncio.sleep(0.03)
    assert await watchdog.guard(asyncio.sleep(0.001, "done"), soon(1)) == "done"


async def test_somebody_elses_cancellation_is_no_timeout() -> None:
    watchdog = Watchdog()
    task = asyncio.create_task(watchdog.guard(asyncio.sleep(5), soon(60)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    watchdog.close()
