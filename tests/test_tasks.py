"""Tasks end when they are told to."""

import asyncio

import pytest

from bot.tasks import cancel, obey


async def test_a_cancellation_that_a_library_lost_is_obeyed_all_the_same() -> None:
    begun = asyncio.Event()

    async def lose() -> None:
        """As `wait_for` on Python 3.11 does in an unhappy instant."""
        try:
            begun.set()
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return

    async def work() -> None:
        await lose()
        obey()
        pytest.fail("it went on")

    task = asyncio.create_task(work())
    await begun.wait()
    await cancel(task)
    assert task.cancelled()


async def test_who_was_told_nothing_goes_on() -> None:
    async def work() -> str:
        obey()
        return "done"

    assert await asyncio.create_task(work()) == "done"
