"""Work that turns leave behind: done once, in order, and in nobody's way."""

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa

from bot.chores import Chore
from bot.errors import UpstreamDown
from bot.inbox import Lease
from bot.storage import Storage
from bot.storage.tables import InboxState, inbox
from tests.conftest import Core, make_core


class Doer:
    """Does chores as its script says, and remembers which."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.failures: list[BaseException] = []
        self.gate: asyncio.Event | None = None
        self.together = 0
        self.most_together = 0

    async def __call__(self, lease: Lease, chore: Chore) -> None:
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
            if self.failures:
                raise self.failures.pop(0)
            self.done.append(chore.facts["number"])
        finally:
            self.together -= 1


def chore(number: int, *, about: str = "cats") -> Chore:
    return Chore(kind="counting", about=about, facts={"number": number})


async def leave(core: Core, *chores: Chore) -> None:
    async with core.storage.begin() as work:
        for one in chores:
            number = one.facts["number"]
            await work.inbox.put(one.arrival(f"counting {number}", at=number))


async def states(core: Core) -> Sequence[int]:
    async with core.storage._engine.begin() as connection:
        rows = await connection.execute(sa.select(inbox.c.state).where(inbox.c.source == "chore:counting"))
        return list(rows.scalars())


def core_with(storage: Storage, doer: Doer) -> Core:
    return make_core(storage, doers={"counting": doer})


async def test_a_chore_is_done_once_however_often_it_is_left(storage: Storage) -> None:
    doer = Doer()
    core = core_with(storage, doer)
    for _ in range(3):
        await leave(core, chore(1))
        await core.work()
    assert doer.done == [1]


async def test_chores_about_the_same_thing_are_done_in_order(storage: Storage) -> None:
    doer = Doer()
    core = core_with(storage, doer)
    await leave(core, *(chore(number) for number in (3, 1, 2)))
    await core.work()
    assert doer.done == [1, 2, 3]
    assert doer.most_together == 1


async def test_a_thousand_chores_occupy_a_few_workers_and_nobody_waits_for_them(storage: Storage) -> None:
    doer = Doer()
    doer.gate = asyncio.Event()
    core = core_with(storage, doer)
    await leave(core, *(chore(number, about=str(number)) for number in range(1000)))
    for lease in await core.inbox.claim(100):
        core.dispatcher.start(lease)
    await core.hear("ada", "hello")
    for lease in await core.inbox.claim(100):
        core.dispatcher.start(lease)
    running = core.dispatcher._running.items()
    await asyncio.wait([task for task, lease in running if not Chore.is_one(lease.claim.source)])
    assert core.platform.sent == [("ada", "echo: hello")]
    assert (doer.most_together, doer.done) == (8, [])
    await core.dispatcher.drain(0)


async def test_a_chore_whose_model_is_away_is_given_up_and_nobody_hears_of_it(storage: Storage) -> None:
    doer = Doer()
    doer.failures.append(UpstreamDown("503"))
    core = core_with(storage, doer)
    await leave(core, chore(1), chore(2))
    await core.work()
    assert (doer.done, core.platform.sent) == ([2], [])
    assert await states(core) == [InboxState.DEAD, InboxState.DONE]


async def test_a_chore_that_crashes_is_put_aside_and_nobody_hears_of_it(storage: Storage) -> None:
    doer = Doer()
    doer.failures.append(RuntimeError("a bug"))
    core = core_with(storage, doer)
    await leave(core, chore(1), chore(2))
    await core.work()
    assert (doer.done, core.platform.sent) == ([2], [])
    assert await states(core) == [InboxState.DEAD, InboxState.DONE]


async def test_a_chore_nobody_can_do_any_more_is_dropped(core: Core) -> None:
    await leave(core, chore(1))
    await core.work()
    assert await states(core) == [InboxState.DROPPED]


async def test_a_shutdown_does_not_wait_for_chores_and_the_next_start_does_them(storage: Storage) -> None:
    doer = Doer()
    doer.gate = asyncio.Event()
    core = core_with(storage, doer)
    await leave(core, chore(1))
    for lease in await core.inbox.claim(100):
        core.dispatcher.start(lease)
    await asyncio.sleep(0.05)
    await asyncio.wait_for(core.dispatcher.drain(60), timeout=30)
    assert doer.done == []
    doer.gate.set()
    successor = core_with(storage, doer)
    await successor.recover()
    await successor.work()
    assert doer.done == [1]
