"""Admission, in virtual time."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UpstreamBusy, UpstreamDown
from bot.llm.shaping import BACKGROUND, Ask, Denied, Grant, Limits, MemoryBuckets, Route, Shaper
from tests.virtual import LoopClock, run

ROUTE = Route(endpoint="openai", key="main", model="m")
EVENLY = Limits(rpm=60, burst=0)
Waits = list[tuple[int, float]]


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def plain(*args: Any, **more: Any) -> None:
        run(test(*args, **more))

    return plain


class CheckedBuckets(MemoryBuckets):
    """Counts what is under way."""

    def __init__(self) -> None:
        super().__init__(LoopClock(), 1000)
        self.takes = 0

    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        self.takes += 1
        return await super().take(route, ask)


def shaper(limits: Limits, buckets: MemoryBuckets | None = None, **more: Any) -> Shaper:
    return Shaper(buckets or MemoryBuckets(LoopClock()), LoopClock(), lambda _: limits, **more)


def now() -> float:
    return asyncio.get_running_loop().time()


async def call(shaper: Shaper, *, lasts: float = 0, used: float = 0, tokens: float = 0, **more: Any) -> float:
    """One call; returns when it began."""
    async with shaper.admit(ROUTE, tokens=tokens, **more) as admission:
        began = now()
        await asyncio.sleep(lasts)
        admission.used(used)
    return began


async def settle_down() -> None:
    """Let everything that can happen now happen."""
    for _ in range(20):
        await asyncio.sleep(0)


@in_virtual_time
async def test_a_free_route_admits_at_once() -> None:
    assert await call(shaper(Limits(rpm=60, tpm=1000, concurrent=1)), tokens=10) == 0


@in_virtual_time
async def test_no_limits_admit_everybody() -> None:
    patient = shaper(Limits())
    assert await asyncio.gather(*(call(patient, tokens=10**9, lasts=10) for _ in range(50))) == [0.0] * 50


@in_virtual_time
async def test_turns_are_let_in_exactly_when_there_is_room() -> None:
    patient = shaper(EVENLY)
    began = await asyncio.gather(*(call(patient) for _ in range(4)))
    assert began == pytest.approx([0, 1, 2, 3], abs=0.01)


@in_virtual_time
async def test_waiting_asks_the_buckets_no_more_than_it_must() -> None:
    buckets = CheckedBuckets()
    patient = shaper(EVENLY, buckets, interval=60)
    await asyncio.gather(*(call(patient) for _ in range(10)))
    assert buckets.takes <= 3 * 10  # granted, denied, and asked again when a call ends


@in_virtual_time
async def test_higher_priorities_overtake() -> None:
    patient = shaper(EVENLY)
    order: list[str] = []

    async def turn(name: str, priority: int) -> None:
        await call(patient, priority=priority)
        order.append(name)

    await asyncio.gather(turn("first", 0), turn("low", 0), turn("high", 5), turn("middle", 2), turn("higher", 9))
    assert order == ["higher", "high", "middle", "first", "low"]


@in_virtual_time
async def test_the_background_leaves_half_of_the_slots_to_whoever_comes() -> None:
    patient = shaper(Limits(concurrent=4))
    chores = [asyncio.create_task(call(patient, priority=BACKGROUND, lasts=20)) for _ in range(4)]
    await settle_down()
    people = [call(patient, lasts=1) for _ in range(2)]
    assert await asyncio.gather(*people) == [0, 0]
    assert await asyncio.gather(*chores) == [0, 0, 20, 20]


@in_virtual_time
async def test_the_background_leaves_half_of_a_minute_s_tokens_to_whoever_comes() -> None:
    patient = shaper(Limits(tpm=1000, burst=1))
    chores = [asyncio.create_task(call(patient, priority=BACKGROUND, tokens=250, used=250)) for _ in range(3)]
    await settle_down()
    assert await call(patient, tokens=500, used=500) == 0
    began = await asyncio.gather(*chores)
    assert began[:2] == [0, 0]
    assert began[2] == pytest.approx(45, abs=0.1)


@in_virtual_time
async def test_a_person_who_comes_later_overtakes_the_background() -> None:
    patient = shaper(Limits(concurrent=1))
    order: list[str] = []

    async def turn(name: str, priority: int) -> None:
        await call(patient, priority=priority, lasts=1)
        order.append(name)

    chores = [asyncio.create_task(turn("chore", BACKGROUND)) for _ in range(3)]
    await settle_down()
    await asyncio.gather(turn("ada", 0), turn("ben", 0), *chores)
    assert order == ["chore", "ada", "ben", "chore", "chore"]


@in_virtual_time
async def test_what_a_background_call_hears_of_the_limits_holds_for_everybody() -> None:
    patient = shaper(Limits(rpm=60, burst=1))
    async with patient.admit(ROUTE, tokens=0, priority=BACKGROUND) as admission:
        await admission.heard({"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "1"})
        admission.used(0)
    assert [await call(patient) for _ in range(2)] == pytest.approx([0, 1], abs=0.1)


@in_virtual_time
async def test_one_slot_is_the_background_s_too_when_it_is_free() -> None:
    assert await call(shaper(Limits(concurrent=1)), priority=BACKGROUND) == 0


@in_virtual_time
async def test_a_low_priority_is_served_while_high_ones_keep_coming() -> None:
    patient = shaper(EVENLY, patience=3)
    await call(patient)
    crowd = [asyncio.create_task(call(patient, priority=1)) for _ in range(30)]
    low = asyncio.create_task(call(patient, priority=0))
    assert await low <= 5.1
    await asyncio.gather(*crowd)


@in_virtual_time
async def test_too_long_a_wait_ends_busy_and_costs_nothing() -> None:
    patient = shaper(Limits(concurrent=1, rpm=2, burst=1))
    holder = asyncio.create_task(call(patient, lasts=30))
    await asyncio.sleep(0)
    with pytest.raises(UpstreamBusy) as busy:
        await call(patient, deadline=10)
    assert now() == pytest.approx(10)
    assert busy.value.retry_after is not None
    assert busy.value.retry_after >= 1
    await holder
    assert await call(patient) == pytest.approx(30)


@in_virtual_time
async def test_a_wait_that_cannot_end_in_time_is_refused_at_once() -> None:
    patient = shaper(Limits(rpd=10, burst=0))
    await call(patient)
    with pytest.raises(UpstreamBusy) as busy:
        await call(patient, deadline=60)
    assert now() == 0
    assert busy.value.retry_after == pytest.approx(8640, abs=1)


@in_virtual_time
async def test_unused_tokens_let_the_next_one_in_early() -> None:
    patient = shaper(Limits(tpm=6000, burst=1))
    began = await asyncio.gather(*(call(patient, tokens=6000, used=600, lasts=2) for _ in range(2)))
    assert began == pytest.approx([0, 6], abs=0.01)


@in_virtual_time
async def test_promised_tokens_stay_charged_where_the_server_counts_them() -> None:
    patient = shaper(Limits(tpm=6000, burst=1, counted="promised"))
    began = await asyncio.gather(*(call(patient, tokens=6000, used=600, lasts=2, deadline=99) for _ in range(2)))
    assert began == pytest.approx([0, 60], abs=0.01)


@in_virtual_time
async def test_unsaid_usage_stays_charged_as_estimated() -> None:
    patient = shaper(Limits(tpm=6000, burst=1))
    async with patient.admit(ROUTE, tokens=6000):
        pass
    assert await call(patient, tokens=3000) == pytest.approx(30, abs=0.01)


@in_virtual_time
async def test_an_unused_admission_costs_nothing() -> None:
    patient = shaper(Limits(rpm=1, tpm=1000, burst=1))
    async with patient.admit(ROUTE, tokens=1000) as admission:
        admission.unused()
    assert await call(patient, tokens=1000) == 0


@in_virtual_time
async def test_an_admission_knows_how_long_it_waited() -> None:
    patient = shaper(EVENLY)
    await call(patient)
    async with patient.admit(ROUTE, tokens=0) as admission:
        assert admission.waited == pytest.approx(1, abs=0.01)


@in_virtual_time
async def test_a_refusal_closes_the_route_for_as_long_as_it_says() -> None:
    patient = shaper(Limits(rpm=6000))
    with pytest.raises(UpstreamBusy):
        async with patient.admit(ROUTE, tokens=0):
            raise UpstreamBusy("429", retry_after=7)
    assert await call(patient) == pytest.approx(7, abs=0.01)


@in_virtual_time
async def test_a_refusal_reaches_those_who_wait_already() -> None:
    patient = shaper(Limits(concurrent=2))
    async with patient.admit(ROUTE, tokens=0) as admission:
        holder = asyncio.create_task(call(patient, lasts=1))
        waiting = asyncio.create_task(call(patient))
        await settle_down()
        await admission.refused(20)
    assert await waiting == pytest.approx(20, abs=0.01)
    await holder


@in_virtual_time
async def test_another_error_closes_nothing() -> None:
    patient = shaper(Limits(rpm=6000))
    with pytest.raises(UpstreamDown):
        async with patient.admit(ROUTE, tokens=0):
            raise UpstreamDown("500")
    assert await call(patient) == 0


@in_virtual_time
async def test_headers_hold_back_what_the_server_would_refuse() -> None:
    patient = shaper(Limits(rpm=60))
    async with patient.admit(ROUTE, tokens=0) as admission:
        await admission.heard(
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "1m0s",
            }
        )
    assert await call(patient) == pytest.approx(1, abs=0.01)


@in_virtual_time
async def test_headers_teach_a_limit_that_nobody_configured() -> None:
    patient = shaper(Limits(burst=0))
    async with patient.admit(ROUTE, tokens=0) as admission:
        await admission.heard(
            {
                "x-ratelimit-limit-requests": "6",
                "x-ratelimit-remaining-requests": "5",
                "x-ratelimit-reset-requests": "10s",
            }
        )
    assert await asyncio.gather(call(patient), call(patient)) == pytest.approx([0, 10], abs=0.01)


@in_virtual_time
async def test_headers_without_limits_change_nothing() -> None:
    patient = shaper(EVENLY)
    async with patient.admit(ROUTE, tokens=0) as admission:
        await admission.heard({"content-type": "text/event-stream"})
    assert await call(patient) == pytest.approx(1, abs=0.01)


@in_virtual_time
async def test_people_are_told_their_place_and_about_how_long() -> None:
    patient = shaper(Limits(rpm=12, burst=0))
    told: list[Waits] = [[] for _ in range(4)]
    await call(patient)
    await asyncio.gather(*(call(patient, on_wait=lambda *wait, i=i: told[i].append(wait)) for i in range(4)))
    assert [waits[0][0] for waits in told] == [1, 2, 3, 4]
    assert [waits[0][1] for waits in told] == pytest.approx([5, 10, 15, 20], abs=0.1)


@in_virtual_time
async def test_estimates_are_repeated_when_they_change_and_not_too_often() -> None:
    patient = shaper(Limits(rpm=12, burst=0), interval=3)
    told: list[tuple[float, float]] = []
    await call(patient)
    crowd = [asyncio.create_task(call(patient)) for _ in range(6)]
    await asyncio.sleep(0)
    await call(patient, on_wait=lambda _, seconds: told.append((now(), seconds)))
    moments = [moment for moment, _ in told]
    assert len(told) > 4
    assert min(later - earlier for earlier, later in itertools.pairwise(moments)) >= 3
    assert all(moment + seconds == pytest.approx(35, abs=1) for moment, seconds in told)
    await asyncio.gather(*crowd)


@in_virtual_time
async def test_short_waits_are_not_announced() -> None:
    patient = shaper(Limits(rpm=120, burst=0))
    told: Waits = []
    await call(patient)
    await call(patient, on_wait=lambda *wait: told.append(wait))
    assert told == []


@in_virtual_time
async def test_waiting_for_a_slot_is_estimated_from_earlier_calls() -> None:
    patient = shaper(Limits(concurrent=1))
    for _ in range(50):
        await call(patient, lasts=20)
    told: Waits = []
    holder = asyncio.create_task(call(patient, lasts=20))
    await settle_down()
    await call(patient, on_wait=lambda *wait: told.append(wait))
    position, seconds = told[0]
    assert position == 1
    assert seconds == pytest.approx(20, abs=1)
    await holder


@in_virtual_time
async def test_an_error_while_telling_harms_nobody() -> None:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    patient = shaper(Limits(rpm=12, burst=0))
    await call(patient)
    assert await call(patient, on_wait=lambda *_: 1 / 0) == pytest.approx(5, abs=0.01)
    assert errors


@in_virtual_time
async def test_a_cancelled_waiter_leaves_no_hole() -> None:
    patient = shaper(EVENLY)
    await call(patient)
    leaving, staying = (asyncio.create_task(call(patient)) for _ in range(2))
    await settle_down()
    leaving.cancel()
    assert await staying == pytest.approx(1, abs=0.01)
    with pytest.raises(asyncio.CancelledError):
        await leaving


@in_virtual_time
async def test_a_large_turn_that_leaves_lets_the_small_ones_through() -> None:
    patient = shaper(Limits(tpm=6000, burst=1))
    await call(patient, tokens=3000, used=3000)
    large = asyncio.create_task(call(patient, tokens=6000))
    small = asyncio.create_task(call(patient, tokens=100, used=100))
    await settle_down()
    large.cancel()
    assert await small == 0


@in_virtual_time
async def test_a_cancelled_holder_gives_its_slot_back() -> None:
    patient = shaper(Limits(concurrent=1))
    holder = asyncio.create_task(call(patient, lasts=1000))
    waiting = asyncio.create_task(call(patient))
    await asyncio.sleep(5)
    holder.cancel()
    assert await waiting == pytest.approx(5, abs=0.01)


@in_virtual_time
async def test_whoever_is_cancelled_in_the_moment_of_admission_gives_it_back() -> None:
    patient = shaper(Limits(concurrent=1))
    holder = asyncio.create_task(call(patient, lasts=5))
    leaving = asyncio.create_task(call(patient, lasts=1000))
    staying = asyncio.create_task(call(patient))
    await settle_down()
    line = patient._line(ROUTE)
    waiter = next(waiter for waiter in line._queue if not waiter.grant.done())
    waiter.grant.add_done_callback(lambda _: leaving.cancel())
    assert await staying == pytest.approx(5, abs=0.01)
    await holder


class SlowBuckets(MemoryBuckets):
    """Takes its time, as a network does."""

    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        taken = await super().take(route, ask)
        await asyncio.sleep(0.1)
        return taken


@in_virtual_time
async def test_whoever_leaves_while_the_buckets_are_asked_takes_nothing() -> None:
    patient = shaper(Limits(concurrent=1, rpm=1, burst=1), SlowBuckets(LoopClock()))
    leaving = asyncio.create_task(call(patient))
    await asyncio.sleep(0.05)
    leaving.cancel()
    assert await call(patient) == pytest.approx(0.2)


class BrokenBuckets(MemoryBuckets):
    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        raise ValueError("broken")


@in_virtual_time
async def test_broken_buckets_leave_nobody_waiting() -> None:
    patient = shaper(EVENLY, BrokenBuckets(LoopClock()))
    ends = await asyncio.gather(call(patient), call(patient), return_exceptions=True)
    assert [type(end) for end in ends] == [ValueError, ValueError]


@in_virtual_time
async def test_closing_lets_nobody_in_any_more() -> None:
    async with shaper(EVENLY) as patient:
        await call(patient)
        waiting = asyncio.create_task(call(patient))
        await settle_down()
    with pytest.raises(UpstreamDown):
        await waiting


@in_virtual_time
async def test_routes_wait_for_themselves_only() -> None:
    patient = shaper(EVENLY)
    await call(patient)
    other = Route(endpoint="openai", key="main", model="another")
    async with patient.admit(other, tokens=0) as admission:
        assert admission.waited == 0


def test_a_route_shows_its_keys_name_only() -> None:
    assert str(ROUTE) == "openai/main/m"


people = st.lists(
    st.tuples(
        st.floats(0, 40),  # arrives
        st.integers(0, 2),  # priority
        st.integers(1, 400),  # tokens asked for
        st.floats(0, 1),  # share of them used
        st.floats(0, 8),  # lasts
        st.one_of(st.none(), st.floats(0, 30)),  # cancelled after
    ),
    max_size=30,
)


@given(people=people)
@settings(max_examples=60, deadline=None)
def test_whatever_people_do_the_limits_hold_and_nothing_is_left_behind(people: list[Any]) -> None:
    limits = Limits(rpm=30, tpm=3000, concurrent=3, burst=0.5)
    begun: list[tuple[float, float]] = []
    under_way: list[int] = [0]

    async def person(patient: Shaper, turn: Any) -> None:
        arrives, priority, tokens, share, lasts, patience = turn
        await asyncio.sleep(arrives)
        with suppress(UpstreamBusy, TimeoutError):
            async with asyncio.timeout(patience), patient.admit(ROUTE, tokens=tokens, priority=priority) as admission:
                begun.append((now(), tokens * share))
                admission.used(tokens * share)
                under_way[0] += 1
                assert under_way[0] <= 3
                try:
                    await asyncio.sleep(lasts)
                finally:
                    under_way[0] -= 1

    async def everybody() -> None:
        buckets = MemoryBuckets(LoopClock(), size=1)
        async with shaper(limits, buckets) as patient:
            await asyncio.gather(*(person(patient, turn) for turn in people))
            await asyncio.sleep(200)
            assert all(account.idle(now()) for account in buckets._accounts.values())

    run(everybody())
    for first, (since, _) in enumerate(begun):
        for last in range(first, len(begun)):
            passed = begun[last][0] - since
            assert last - first + 1 <= 15 + passed / 2 + 0.01
            assert sum(size for _, size in begun[first : last + 1]) <= 1500 + 50 * passed + 0.01
