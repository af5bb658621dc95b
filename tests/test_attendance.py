import asyncio

import pytest

from bot.attendance import attended
from bot.commands import all_commands
from bot.domain.updates import Update
from tests.fakes import FakePlatform


def asked(platform: FakePlatform) -> Update:
    update = platform.parse(platform.arrival("ada", "hello").payload)
    assert update is not None
    return update


async def soon(value: str) -> str:
    return value


async def test_what_is_done_at_once_is_shown_to_nobody() -> None:
    platform = FakePlatform(all_commands())
    assert await attended(platform, asked(platform), soon("done")) == "done"
    assert platform.replies == []


async def test_what_takes_longer_is_shown_until_it_is_done() -> None:
    platform = FakePlatform(all_commands())

    async def until_seen() -> str:
        await platform.shown("")
        return "done"

    assert await attended(platform, asked(platform), until_seen()) == "done"
    (reply,) = platform.replies
    assert reply.closed


async def test_an_error_is_raised_and_nothing_stays_on_the_screen() -> None:
    platform = FakePlatform(all_commands())

    async def fail() -> None:
        await platform.shown("")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await attended(platform, asked(platform), fail())
    (reply,) = platform.replies
    assert reply.closed
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
