"""Whoever sends more in a minute than they may is told so once; the rest of it costs nothing."""

import asyncio
from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from bot.domain.updates import Arrival
from bot.duties import Duties
from bot.errors import StorageDown
from bot.floods import Floods
from bot.intake import Intake
from bot.retention import Retention
from bot.storage import Storage
from bot.storage.tables import inbox, pace
from tests.books import used
from tests.conftest import Core, make_core
from tests.databases import on
from tests.storage.test_statements import ACCEPTED, Counted

TOLD = (
    "⏳ More than 3 messages within a minute are too many for me: I do not read the rest. Please send it again in 60 s."
)


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily={"messages": None, "tokens": None})


def intake_of(core: Core, most: int | None = 3) -> Intake:
    floods = Floods(core.storage, [core.platform], core.clock, most=most)
    return Intake(core.inbox, [core.platform], Duties(core.storage, core.clock, "me"), core.clock, floods=floods)


def says(core: Core, *texts: str, user: str = "ada", **more: str) -> list[Arrival]:
    return [core.platform.arrival(user, one, **more) for one in texts]


async def stored(core: Core) -> int:
    async with core.storage.begin() as work:
        count = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.source == core.platform.source)
        return int((await work.inbox._connection.execute(count)).scalar_one())


async def test_what_is_beyond_the_limit_is_not_read_and_its_author_is_told_once(core: Core) -> None:
    intake = intake_of(core)
    for number in range(10):
        await intake.accept(says(core, f"question {number}"))
    await core.work()
    said = sorted(text for _, text in core.platform.sent)
    assert said == ["echo: question 0", "echo: question 1", "echo: question 2", TOLD]
    assert (await used(core, "ada"))[0] == 3
    assert await stored(core) == 3


async def test_a_batch_is_cut_where_the_limit_is(core: Core) -> None:
    await intake_of(core).accept([*says(core, *"abcdefgh"), *says(core, "hello", user="ben")])
    await core.work()
    assert sorted(core.platform.sent) == [
        *(("ada", f"echo: {one}") for one in "abc"),
        ("ada", TOLD),
        ("ben", "echo: hello"),
    ]


async def test_the_notice_does_not_wait_for_the_answers_before_it(core: Core) -> None:
    await intake_of(core).accept(says(core, *"abcd"))
    (told,) = [one for one in await core.inbox.claim(10) if one.claim.lane.endswith("!")]
    assert told.claim.source == "fake:notice"


async def test_a_flood_of_commands_is_one_too_but_stopping_is_still_possible(core: Core) -> None:
    intake = intake_of(core)
    await intake.accept(says(core, *["/help"] * 5))
    assert await stored(core) == 3
    await intake.accept(says(core, *"abcde"))
    await intake.accept(says(core, *["/new"] * 5))
    assert await stored(core) == 6
    await intake_of(core).accept(says(core, *"abcde", user="ben"))
    await intake.accept(says(core, "/stop", user="ben"))
    assert await stored(core) == 10


@on("sqlite")  # the other one has a clock of its own
async def test_a_minute_later_one_may_speak_again(core: Core) -> None:
    intake = intake_of(core)
    await intake.accept(says(core, *"abcd"))
    core.clock.pass_(seconds=59)
    await intake.accept(says(core, "too early"))
    core.clock.pass_(seconds=1)
    await intake.accept(says(core, "hello"))
    await core.work()
    assert core.platform.sent[-1] == ("ada", "echo: hello")
    assert ("ada", "echo: too early") not in core.platform.sent


@on("sqlite")
async def test_a_flood_is_on_record_each_minute_and_told_anew_after_a_quiet_one(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    floods = Floods(core.storage, [core.platform], core.clock, most=3)
    assert len(await floods.passing(says(core, *"abcdefgh"))) == 4
    floods.tell()
    core.clock.pass_(seconds=60)
    assert len(await floods.passing(says(core, *"abcdefgh"))) == 3
    floods.tell()
    assert [line for line in caplog.messages if "flood_dropped" in line and "'messages': 5" in line] == caplog.messages[
        1:
    ]
    for _ in range(2):
        core.clock.pass_(seconds=60)
        floods.tell()
    assert len(await floods.passing(says(core, *"abcdefgh"))) == 4


async def test_what_comes_again_because_it_was_not_stored_is_counted_once(core: Core) -> None:
    intake, accept = intake_of(core), core.inbox.accept

    async def away(arrivals: Sequence[Arrival]) -> None:
        raise StorageDown("away")

    arrivals = says(core, *"abc")
    core.inbox.accept = away  # type: ignore[method-assign]
    for _ in range(5):
        with pytest.raises(StorageDown):
            await intake.accept(arrivals)
    core.inbox.accept = accept  # type: ignore[method-assign]
    await intake.accept(arrivals)
    await core.work()
    assert core.platform.sent == [("ada", f"echo: {one}") for one in "abc"]


async def test_without_a_limit_nothing_is_dropped(core: Core) -> None:
    await intake_of(core, most=None).accept(says(core, *"abcdefgh"))
    assert await stored(core) == 8


@on("postgresql")
async def test_processes_on_one_database_count_together(core: Core) -> None:
    three = [intake_of(core, most=20) for _ in range(3)]
    for number in range(40):
        await asyncio.gather(*(one.accept(says(core, f"question {number}")) for one in three))
    assert 20 <= await stored(core) <= 20 + 2 * 2
    async with core.storage.begin() as work:
        notices = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.source == "fake:notice")
        assert (await work.inbox._connection.execute(notices)).scalar_one() == 1


@on("postgresql")
async def test_what_most_people_send_costs_no_further_statement(core: Core) -> None:
    intake, counted = intake_of(core, most=60), Counted(core.storage)
    for number in range(6):
        await intake.accept(says(core, f"question {number}"))
    assert (len(counted.statements), counted.transactions) == (6 * ACCEPTED["postgresql"] - 5, 6)


@on("sqlite")
async def test_a_flood_costs_no_statement(core: Core) -> None:
    intake, counted = intake_of(core), Counted(core.storage)
    await intake.accept(says(core, *"abcd"))
    counted.clear()
    for _ in range(100):
        await intake.accept(says(core, "more"))
    assert (len(counted.statements), counted.transactions) == (0, 0)


def test_the_people_heard_last_are_remembered(core: Core) -> None:
    floods = Floods(core.storage, [core.platform], core.clock, most=3)
    for number in range(10_050):
        floods._minute(str(number))
    assert len(floods._minutes) == 10_000
    assert "10049" in floods._minutes


async def test_the_database_begins_to_count_anew_when_a_minute_is_over(core: Core) -> None:
    async with core.storage.begin() as work:
        (one,) = await work.paces.add({"fake:ada": 4}, span=60)
        assert (one.sent, 59 < one.left <= 60) == (4, True)
        (one,) = await work.paces.add({"fake:ada": 2}, span=60)
        assert (one.sent, 59 < one.left <= 60) == (6, True)
        await work.inbox._connection.execute(sa.update(pace).values(since=pace.c.since - 60_000))
        (one,) = await work.paces.add({"fake:ada": 1}, span=60)
        assert (one.sent, 59 < one.left <= 60) == (1, True)


async def test_counts_of_the_day_before_are_deleted(core: Core) -> None:
    async with core.storage.begin() as work:
        await work.paces.add({"fake:ada": 1}, span=60)
        await work.inbox._connection.execute(sa.update(pace).values(since=pace.c.since - 2 * 86_400_000))
        await work.paces.add({"fake:ben": 1}, span=60)
    await Retention(core.storage, core.clock, days=30, default_plan="free").prune()
    async with core.storage.begin() as work:
        assert list(await work.inbox._connection.scalars(sa.select(pace.c.person))) == ["fake:ben"]
