"""Several quick messages, or a paste that the client cut, are one question: once, in order, even after a crash."""

import pytest
import sqlalchemy as sa

from bot.domain.bursts import Quiet
from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.tables import InboxState, inbox, lane
from tests.conftest import Core, make_core
from tests.databases import on

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY, quiet=0.5)


async def hear(core: Core, *texts: str, user: str = "ada", **more: str) -> None:
    """Said at once; each message is called like what it says."""
    for text in texts:
        await core.hear(user, text, message=text, **more)


def questions(core: Core) -> list[str]:
    return [prompt.messages[-1].text for prompt in core.model.prompts]


async def states(core: Core) -> list[int]:
    async with core.storage.begin() as work:
        return list((await work.history._connection.execute(sa.select(inbox.c.state).order_by(inbox.c.id))).scalars())


async def waiting(core: Core) -> list[int]:
    async with core.storage.begin() as work:
        return list((await work.history._connection.execute(sa.select(lane.c.pending))).scalars())


async def grow_old(core: Core, seconds: float) -> None:
    """Everything was received so much earlier."""
    async with core.storage.begin() as work:
        earlier = inbox.c.received_at - round(seconds * 1000)
        await work.history._connection.execute(sa.update(inbox).values(received_at=earlier))


async def test_quick_messages_are_one_question_in_their_order(core: Core) -> None:
    await hear(core, "one", "two", "three")
    await core.work()
    assert questions(core) == ["one\ntwo\nthree"]
    assert core.platform.sent[-1][1].endswith("🧩 3 messages were read as one.")
    assert await states(core) == [InboxState.DONE] * 3
    assert await waiting(core) == [0]


async def test_what_comes_after_a_pause_is_a_question_of_its_own(core: Core) -> None:
    await hear(core, "one")
    await grow_old(core, 2)
    await hear(core, "two")
    await core.work()
    assert questions(core) == ["one", "two"]


async def test_what_comes_while_it_waits_is_taken_along(core: Core) -> None:
    await hear(core, "one")
    (lease,) = await core.inbox.claim(1)
    await hear(core, "two")
    core.dispatcher.start(lease)
    await core.dispatcher.drain(5)
    assert questions(core) == ["one\ntwo"]


async def test_somebody_elses_message_is_not_taken_along(core: Core) -> None:
    await hear(core, "adas", chat="team")
    await hear(core, "bens", user="ben", chat="team")
    await hear(core, "more", chat="team")
    await core.work()
    assert questions(core) == ["adas", "bens", "more"]


async def test_a_command_ends_it(core: Core) -> None:
    await hear(core, "one", "/new", "two")
    await core.work()
    assert questions(core) == ["one", "two"]


async def test_the_most_messages_of_one_question_are_twenty(core: Core) -> None:
    await hear(core, *(str(number) for number in range(23)))
    await core.work()
    assert [len(question.splitlines()) for question in questions(core)] == [20, 3]


async def test_without_the_setting_each_message_is_a_question(storage: Storage) -> None:
    core = make_core(storage, daily=MANY)
    await hear(core, "one", "two")
    await core.work()
    assert questions(core) == ["one", "two"]


async def test_an_edit_of_one_of_them_changes_its_part(core: Core) -> None:
    await hear(core, "one", "two")
    await core.work()
    await core.say("ada", "zwei", message="two", edited=True)
    assert questions(core)[-1] == "one\nzwei"


@on("sqlite")
@pytest.mark.parametrize("more", [[], ["four"]])
async def test_after_a_crash_the_same_messages_are_one_question_and_each_is_done_once(
    core: Core, storage: Storage, more: list[str]
) -> None:
    await hear(core, "one", "two", "three")
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        await work.bursts.join(lease.claim, [2])
    again = make_core(storage, daily=MANY, quiet=0.5)
    await again.inbox.recover()
    await grow_old(core, 5)
    await hear(again, *more)
    await again.work()
    assert questions(again) == ["one\ntwo", "three", *more]
    assert set(await states(again)) == {InboxState.DONE}
    assert await waiting(again) == [0]


@on("sqlite")
async def test_what_takes_the_process_down_again_and_again_is_put_aside_whole(core: Core, storage: Storage) -> None:
    await hear(core, "one", "two")
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        await work.bursts.join(lease.claim, [2])
    for _ in range(3):
        again = make_core(storage, daily=MANY, quiet=0.5)
        await again.inbox.recover()
        await again.inbox.claim(1)
    last = make_core(storage, daily=MANY, quiet=0.5)
    await last.inbox.recover()
    await last.work()
    assert await states(last) == [InboxState.DEAD, InboxState.DEAD, InboxState.DONE], "the last is what ada was told"
    assert await waiting(last) == [0]


@pytest.mark.parametrize(
    ("text", "age", "left"), [("hi", 0, 0.5), ("hi", 400, 0.1), ("hi", 900, 0), ("x" * 4000, 0, 1.5)]
)
def test_after_a_long_message_the_rest_of_a_paste_is_waited_for_longer(text: str, age: int, left: float) -> None:
    assert Quiet(seconds=0.5).left(text, age) == pytest.approx(left)
