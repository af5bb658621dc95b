"""While the database is away nothing is acknowledged and nothing is lost; afterwards people learn why they waited."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.updates import Arrival
from bot.duties import Duties
from bot.errors import PlatformMisconfigured, StorageDown, StorageError
from bot.floods import Floods
from bot.intake import Intake
from bot.ports import Accept
from bot.tasks import cancel
from tests.conftest import Core


class Flaky:
    """The inbox of a core, with a database that can be away."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._accept = core.inbox.accept
        self.away = True
        self.stored = asyncio.Event()
        core.inbox.accept = self.accept  # type: ignore[method-assign]

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        if self.away:
            raise StorageDown("away")
        await self._accept(arrivals)
        self.stored.set()

    async def comes_back(self, *, after: float) -> None:
        """After so many seconds by the core's clock, which is a fast one."""
        self._core.clock.pass_(seconds=after)
        self.away = False
        async with asyncio.timeout(20):
            await self.stored.wait()


@pytest.fixture
def flaky(core: Core) -> Flaky:
    return Flaky(core)


def intake_of(core: Core) -> Intake:
    floods = Floods(core.storage, [core.platform], core.clock)
    return Intake(core.inbox, [core.platform], Duties(core.storage, core.clock, "me"), core.clock, floods=floods)


async def hear(intake: Intake, core: Core, user: str, text: str, **more: str) -> Arrival:
    """Somebody says something while the database is away: the platform is not told that we have it."""
    arrival = core.platform.arrival(user, text, **more)
    with pytest.raises(StorageDown):
        await intake.accept([arrival])
    return arrival


async def test_what_could_not_be_stored_is_stored_when_it_can_be(core: Core, flaky: Flaky) -> None:
    intake = intake_of(core)
    running = asyncio.create_task(intake.run())
    await hear(intake, core, "ada", "hello")
    await flaky.comes_back(after=5)
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]
    await cancel(running)


async def test_what_the_platform_repeats_is_answered_once(core: Core, flaky: Flaky) -> None:
    intake = intake_of(core)
    running = asyncio.create_task(intake.run())
    arrival = await hear(intake, core, "ada", "hello")
    await flaky.comes_back(after=5)
    await intake.accept([arrival])
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]
    await cancel(running)


async def test_each_conversation_is_told_once_before_its_answers(core: Core, flaky: Flaky) -> None:
    intake = intake_of(core)
    running = asyncio.create_task(intake.run())
    for user, text in (("ada", "one"), ("ben", "two"), ("ada", "three")):
        await hear(intake, core, user, text)
    await hear(intake, core, "cleo", "four", chat="group")
    await flaky.comes_back(after=170)
    await core.work()
    told = "⏳ My database was away for 3 min. I have your messages now."
    assert [text for to, text in core.platform.sent if to == "ada"] == [told, "echo: one", "echo: three"]
    assert [text for to, text in core.platform.sent if to == "ben"] == [told, "echo: two"]
    assert [text for to, text in core.platform.sent if to == "group"] == [told, "echo: four"]
    await cancel(running)


async def test_a_database_that_refuses_is_not_taken_for_one_that_is_away(core: Core) -> None:
    async def refuse(arrivals: Sequence[Arrival]) -> None:
        raise StorageError("no such table")

    core.inbox.accept = refuse  # type: ignore[method-assign]
    intake = intake_of(core)
    with pytest.raises(StorageError):
        await intake.accept([core.platform.arrival("ada", "hello")])
    assert intake._missed == {}


async def test_a_platform_that_does_not_let_us_in_ends_the_intake(core: Core) -> None:
    async def refused(accept: Accept) -> None:
        raise PlatformMisconfigured("wrong", hint="another token")

    core.platform.listen = refused  # type: ignore[method-assign]
    with pytest.raises(PlatformMisconfigured):
        await intake_of(core).run()
