"""Answers arrive whole, in order and once, as far as a platform without idempotency keys allows."""

import asyncio
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from bot.delivery import Courier
from bot.domain.updates import Arrival, File
from bot.errors import LostLease, MessageRejected, PlatformBusy, PlatformDown, PlatformMisconfigured, RecipientGone
from bot.storage import Storage
from bot.storage.tables import LaneState, lane, outbox
from bot.turns import Asked
from tests.conftest import LEASE, Core, make_core
from tests.fakes import place

DOUBT = "I cannot see whether you have my last message"


async def crash_before_delivery(core: Core, text: str = "hello") -> None:
    """Answer up to the second transaction and then die."""
    await core.hear("ada", text)
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        await work.outbox.add(lease.claim.id, "fake", core.platform.parts(place("ada"), "stored answer"))


async def kept(core: Core) -> list[dict[str, Any]]:
    """The parts in the outbox, in order."""
    async with core.storage.begin() as work:
        rows = await work.outbox._connection.execute(sa.select(outbox.c.part).order_by(outbox.c.id))
        return [row.part for row in rows]


async def test_a_file_survives_a_crash_and_is_dropped_once_it_was_sent(core: Core, storage: Storage) -> None:
    file = File(name="table.csv", content=b"a,b", media_type="text/csv")
    await core.hear("ada", "hello")
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        await work.outbox.add(lease.claim.id, "fake", core.platform.parts(place("ada"), "Rows:", files=[file]))
    after = make_core(storage)
    await after.recover()
    await after.work()
    assert after.platform.files == [[file]]
    assert await kept(after) == [
        after.platform.parts(place("ada"), "Rows:")[0],
        {"file": "table.csv", "media_type": "text/csv"},
    ]


async def test_a_busy_platform_is_obeyed_and_gets_the_answer_later(core: Core) -> None:
    core.platform.failures = [PlatformBusy(retry_after=28), PlatformBusy(retry_after=3)]
    assert await core.say("ada", "hello") == "echo: hello"
    assert core.clock.slept[-2:] == [28, 3]


async def test_a_long_answer_is_sent_in_parts_and_in_order(core: Core) -> None:
    core.platform.part_size = 4
    await core.say("ada", "hello")
    assert [text for _, text in core.platform.sent] == ["echo", ": he", "llo"]


async def test_an_unknown_outcome_is_repeated_once_and_no_more(core: Core) -> None:
    core.platform.failures = [PlatformDown("timeout"), PlatformDown("timeout")]
    await core.say("ada", "hello")
    ((chat, said),) = core.platform.sent
    assert (chat, DOUBT in said) == ("ada", True)
    assert core.platform.failures == []


async def test_a_doubt_that_may_not_have_arrived_either_is_followed_by_no_other(core: Core) -> None:
    core.platform.failures = [PlatformDown("timeout") for _ in range(4)]
    await core.say("ada", "hello")
    assert core.platform.sent == []
    assert await core.say("ada", "again") == "echo: again"


async def test_an_unknown_outcome_is_repeated_only_when_the_platform_answers_again(core: Core) -> None:
    core.platform.failures = [PlatformDown("timeout")]
    core.platform.away = [PlatformDown("timeout"), PlatformDown("refused", outcome_unknown=False)]
    assert await core.say("ada", "hello") == "echo: hello"
    assert core.clock.slept[-3:] == [1, 2, 4]


async def test_what_does_no_harm_is_repeated_until_it_is_taken(core: Core) -> None:
    core.platform.repeatable = lambda part: True  # type: ignore[method-assign]
    core.platform.failures = [PlatformDown("timeout") for _ in range(5)]
    assert await core.say("ada", "hello") == "echo: hello"


async def test_a_short_outage_is_waited_out_beside_the_answer(core: Core) -> None:
    core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(6)]
    assert await core.say("ada", "hello") == "echo: hello"
    assert core.clock.slept[-6:] == [1, 2, 4, 8, 16, 32]


async def test_a_long_outage_is_waited_out_in_order(core: Core) -> None:
    core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(20)]
    await core.say("ada", "one")
    await core.say("ada", "two")
    assert core.platform.sent == []
    assert len(core.model.prompts) == 1
    while core.platform.failures:
        await core.later()
    assert [text for _, text in core.platform.sent] == ["echo: one", "echo: two"]


async def test_one_platform_s_outage_does_not_occupy_workers(core: Core) -> None:
    core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(20)]
    await core.say("ada", "one")
    assert await work_left(core) == {LaneState.PARKED: 1}


async def test_a_wrong_token_is_waited_out_too(core: Core) -> None:
    core.platform.failures = [PlatformMisconfigured("revoked", hint="a new one")]
    assert await core.say("ada", "hello") == "echo: hello"


async def test_what_nobody_could_deliver_for_a_day_is_given_up(core: Core) -> None:
    core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(20)]
    await core.say("ada", "one")
    async with core.storage.begin() as work:
        await work.outbox._connection.execute(sa.update(outbox).values(created_at=outbox.c.created_at - 86_400_000))
    await core.later()
    core.platform.failures.clear()
    assert await core.say("ada", "two") == "echo: two"
    assert await failures(core) == ["TooOld", None]


async def test_an_outage_longer_than_two_crashes_loses_no_answer(storage: Storage) -> None:
    for attempt in range(4):
        core = make_core(storage)
        await core.recover()
        core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(3)]
        if not attempt:
            await core.hear("ada", "hello")
        (lease,) = await core.inbox.claim(1)
        asleep = asyncio.Event()
        core.clock.sleep = partial(forever, asleep)  # type: ignore[method-assign]
        core.dispatcher.start(lease)
        async with asyncio.timeout(20):
            await asleep.wait()
        await core.dispatcher.drain(0)
    core = make_core(storage)
    await core.recover()
    await core.work()
    assert core.platform.sent == [("ada", "echo: hello")]


async def forever(asleep: asyncio.Event, seconds: float) -> None:
    asleep.set()
    await asyncio.Event().wait()


async def work_left(core: Core) -> dict[int, int]:
    """How many lanes are in which state."""
    async with core.storage.begin() as work:
        query = sa.select(lane.c.state, sa.func.count().label("its_count")).group_by(lane.c.state)
        return {row.state: row.its_count for row in await work.inbox._connection.execute(query)}


async def failures(core: Core) -> list[str | None]:
    """Why parts were not delivered, in order."""
    async with core.storage.begin() as work:
        return list(await work.outbox._connection.scalars(sa.select(outbox.c.failure).order_by(outbox.c.id)))


async def test_why_somebody_got_nothing_is_on_record(core: Core) -> None:
    core.platform.failures = [RecipientGone("blocked")]
    await core.say("ada", "hello")
    assert await failures(core) == ["RecipientGone"]


async def test_someone_who_left_does_not_hold_up_the_lane(core: Core) -> None:
    core.platform.failures = [RecipientGone("blocked")]
    await core.hear("ada", "one")
    await core.hear("ada", "two")
    await core.work()
    assert core.platform.sent == [("ada", "echo: two")]


async def test_a_rejected_message_ends_its_answer_only(core: Core) -> None:
    core.platform.failures = [MessageRejected("bad")]
    await core.say("ada", "one")
    assert await core.say("ada", "two") == "echo: two"


async def test_an_answer_stored_before_a_crash_is_sent_after_it_and_not_written_again(storage: Storage) -> None:
    await crash_before_delivery(make_core(storage))
    reborn = make_core(storage)
    await reborn.recover()
    await reborn.work()
    assert reborn.platform.sent == [("ada", "stored answer")]
    assert reborn.model.prompts == []


async def test_an_answer_attempted_in_two_crashes_is_not_sent_a_third_time(storage: Storage) -> None:
    await crash_before_delivery(make_core(storage))
    second = make_core(storage)
    await second.recover()
    (lease,) = await second.inbox.claim(1)
    async with lease.begin() as work:
        (out,) = await work.outbox.unsent(lease.claim.id)
        await work.outbox.attempt(out.id)
    third = make_core(storage)
    await third.recover()
    await third.work()
    assert [DOUBT in said for _, said in third.platform.sent] == [True]
    assert await third.say("ada", "next") == "echo: next"


async def test_a_turn_cut_off_by_a_crash_is_begun_again_and_charged_once(storage: Storage) -> None:
    first = make_core(storage)
    await first.hear("ada", "hello")
    (lease,) = await first.inbox.claim(1)
    update = first.platform.parse(lease.claim.payload)
    assert update
    asked = Asked(lease=lease, platform=first.platform, update=update, reply=first.platform.reply(update))
    await first.dispatcher._questions._chat._opening.begin(asked)
    reborn = make_core(storage)
    await reborn.recover()
    await reborn.work()
    assert reborn.platform.sent == [("ada", "echo: hello")]
    assert "Messages today: 1 of 5" in await reborn.say("ada", "/usage")


async def test_an_arrival_that_kills_the_process_every_time_is_put_aside(storage: Storage) -> None:
    for _ in range(3):
        core = make_core(storage)
        if _ == 0:
            await core.hear("ada", "deadly")
        await core.recover()
        await core.inbox.claim(1)
    survivor = make_core(storage)
    await survivor.recover()
    await survivor.work()
    assert "Something went wrong" in survivor.platform.sent[-1][1]
    assert await survivor.say("ada", "hello") == "echo: hello"


async def test_one_that_is_put_aside_is_told_to_its_person_whatever_the_platform_does_then(storage: Storage) -> None:
    core = make_core(storage)
    await core.hear("ada", "deadly")
    for _ in range(3):
        await core.recover()
        await core.inbox.claim(1)
    core.platform.failures = [PlatformDown("refused", outcome_unknown=False) for _ in range(3)]
    await core.recover()
    await core.work()
    assert "Something went wrong" in core.platform.sent[-1][1]


async def die_with(storage: Storage, times: int, *, company: int) -> Core:
    """Ada's message is at work in a process that dies, so many times, beside so many messages of others."""
    core = make_core(storage)
    await core.hear("ada", "hello")
    for number in range(company):
        await core.hear(f"other {number}", "hello")
    for _ in range(times):
        await core.recover()
        assert len(await core.inbox.claim(100)) == 1 + company
    await core.recover()
    return core


async def test_nobody_is_blamed_for_a_few_deaths_in_company(storage: Storage) -> None:
    core = await die_with(storage, 8, company=2)
    await core.work()
    assert sorted(core.platform.sent) == [(who, "echo: hello") for who in ("ada", "other 0", "other 1")]


async def test_who_is_there_at_every_death_is_blamed_in_the_end(storage: Storage) -> None:
    core = await die_with(storage, 10, company=1)
    await core.work()
    assert ["Something went wrong" in said for _, said in core.platform.sent] == [True, True]


async def test_what_stands_on_the_screen_is_handed_to_whoever_takes_over(storage: Storage) -> None:
    first = make_core(storage)
    await first.hear("ada", "hello")
    (lease,) = await first.inbox.claim(1)
    async with lease.begin() as work:
        await work.inbox.remember(lease.claim, {"message": 7})
    reborn = make_core(storage)
    await reborn.recover()
    await reborn.work()
    assert reborn.platform.replies[0].ref == {"message": 7}


async def test_a_paused_worker_whose_lease_was_taken_says_nothing(storage: Storage) -> None:
    paused, other = make_core(storage), make_core(storage)
    await paused.hear("ada", "hello")
    (lease,) = await paused.inbox.claim(1)
    await other.recover()
    (taken,) = await other.inbox.claim(1)
    paused.dispatcher.start(lease)
    await paused.dispatcher.drain(5)
    assert paused.platform.sent == []
    other.dispatcher.start(taken)
    await other.dispatcher.drain(5)
    assert other.platform.sent == [("ada", "echo: hello")]


async def test_a_message_that_slow_workers_lose_is_not_taken_for_a_deadly_one(storage: Storage) -> None:
    first = make_core(storage)
    await first.hear("ada", "hello")
    for _ in range(5):
        slow, other = make_core(storage), make_core(storage)
        (lease,) = await slow.inbox.claim(1)
        await other.recover()
        slow.dispatcher.start(lease)
        await slow.dispatcher.drain(5)
    await first.work()
    assert first.platform.sent == [("ada", "echo: hello")]


async def test_an_ignored_update_is_done_without_a_word(core: Core) -> None:
    arrival: Arrival = core.platform.arrival("ada", "noise", ignored="yes")
    await core.inbox.accept([arrival])
    await core.work()
    assert core.platform.sent == []


async def test_a_lease_past_its_deadline_must_not_act(core: Core) -> None:
    await core.hear("ada", "hello")
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        outgoing = await work.outbox.add(lease.claim.id, "fake", core.platform.parts(place("ada"), "late"))
    core.clock.pass_(seconds=LEASE + 1)
    with pytest.raises(LostLease):
        await Courier(core.clock).deliver(lease, core.platform, outgoing)
    assert core.platform.sent == []


async def test_a_lane_nobody_renews_is_taken_up_again_without_a_restart(storage: Storage) -> None:
    core = make_core(storage, lease=-1)
    await core.hear("ada", "hello")
    (lease,) = await core.inbox.claim(1)
    core.inbox.let_go(lease)
    await core.inbox.wait(0)
    beat = asyncio.create_task(core.inbox.keep())
    reborn = make_core(storage)
    async with asyncio.timeout(20):
        while not reborn.platform.sent:  # the first ring may be for the message, and come late
            await core.inbox.wait(5)
            await reborn.work()
    beat.cancel()
    await asyncio.gather(beat, return_exceptions=True)
    assert reborn.platform.sent == [("ada", "echo: hello")]
