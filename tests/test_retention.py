"""What has served its purpose goes after its time; what waits, what was said and what is owed stays."""

import pytest
import sqlalchemy as sa

from bot.retention import Retention
from bot.storage.tables import inbox, lane, outbox, turn
from tests.conftest import Core

DAYS = 30


async def aged(core: Core, days: int) -> None:
    """Time passes."""
    async with core.storage.begin() as work:
        past = days * 86_400_000
        await work.inbox._connection.execute(sa.update(inbox).values(received_at=inbox.c.received_at - past))
        await work.inbox._connection.execute(sa.update(lane).values(rank=lane.c.rank - past))


async def kept(core: Core, table: sa.Table) -> int:
    async with core.storage.begin() as work:
        return await work.inbox._connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def prune(core: Core) -> int:
    return await Retention(core.storage, core.clock, days=DAYS).prune()


async def test_old_events_go_and_what_was_said_stays(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 31)
    assert await prune(core) == 1
    assert [await kept(core, table) for table in (inbox, outbox, lane, turn)] == [0, 0, 0, 1]
    await core.say("ada", "and now?")
    assert [message.text for message in core.model.prompts[-1].messages][-3:] == ["hello", "echo: hello", "and now?"]


async def test_what_is_not_old_enough_stays(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 29)
    assert await prune(core) == 0
    assert [await kept(core, table) for table in (inbox, outbox, lane)] == [1, 1, 1]


async def test_what_waits_stays_however_old_it_is(core: Core) -> None:
    await core.hear("ada", "hello")
    await aged(core, 365)
    assert await prune(core) == 0
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]


async def test_a_conversation_at_work_keeps_its_lane(core: Core) -> None:
    await core.say("ada", "hello")
    await aged(core, 31)
    await core.hear("ada", "again")
    (lease,) = await core.inbox.claim(1)
    await prune(core)
    async with lease.begin() as work:
        await lease.complete(work)
    assert await kept(core, lane) == 1


@pytest.mark.parametrize("events", [499, 500, 1100])
async def test_any_number_goes_in_batches(core: Core, events: int) -> None:
    await core.inbox.accept([core.platform.arrival("ada", "noise", ignored="yes") for _ in range(events)])
    async with core.storage.begin() as work:
        await work.inbox._connection.execute(sa.update(inbox).values(state=1))
    await aged(core, 31)
    assert await prune(core) == events
    assert await kept(core, inbox) == 0
