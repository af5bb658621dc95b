"""What buckets promise, whoever keeps them."""

import asyncio
import math
from typing import Any

import pytest

from bot.llm.shaping import Ask, Buckets, Denied, Grant, Meter

HOUR = 3600.0


def requests(limit: float = 10, period: float = HOUR, burst: float | None = None) -> Meter:
    return Meter(name="rpm", kind="requests", limit=limit, period=period, burst=limit if burst is None else burst)


def tokens(limit: float = 1000, period: float = HOUR) -> Meter:
    return Meter(name="tpm", kind="tokens", limit=limit, period=period, burst=limit)


async def granted(buckets: Buckets, *meters: Meter, route: str = "r", **more: Any) -> Grant:
    taken = await buckets.take(route, Ask(meters=meters, **more))
    assert isinstance(taken, Grant)
    return taken


async def denied(buckets: Buckets, *meters: Meter, route: str = "r", **more: Any) -> Denied:
    taken = await buckets.take(route, Ask(meters=meters, **more))
    assert isinstance(taken, Denied)
    return taken


async def test_a_full_bucket_lets_its_burst_through_and_no_more(buckets: Buckets) -> None:
    for _ in range(3):
        await granted(buckets, requests(10, burst=3))
    await denied(buckets, requests(10, burst=3))


async def test_the_wait_is_the_time_until_enough_has_come_back(buckets: Buckets) -> None:
    await granted(buckets, tokens(1000), tokens=900)
    no = await denied(buckets, tokens(1000), tokens=200)
    assert no.meter == "tpm"
    assert no.wait == pytest.approx(0.1 * HOUR, abs=1)


async def test_after_the_wait_it_is_let_in(buckets: Buckets) -> None:
    meter = requests(10, period=1, burst=1)
    await granted(buckets, meter)
    await asyncio.sleep((await denied(buckets, meter)).wait + 0.002)
    await granted(buckets, meter)


async def test_a_meter_that_is_short_leaves_the_others_untouched(buckets: Buckets) -> None:
    await granted(buckets, requests(2), tokens(1000), tokens=900)
    await denied(buckets, requests(2), tokens(1000), tokens=900)
    await granted(buckets, requests(2), tokens(1000), tokens=50)


async def test_the_longest_wait_of_all_meters_counts(buckets: Buckets) -> None:
    hour, day = requests(1), Meter(name="rpd", kind="requests", limit=1, period=24 * HOUR, burst=1)
    await granted(buckets, hour, day)
    no = await denied(buckets, hour, day)
    assert no.meter == "rpd"
    assert no.wait == pytest.approx(24 * HOUR, abs=1)


async def test_a_denial_tells_the_debts(buckets: Buckets) -> None:
    await granted(buckets, requests(2), tokens(1000), tokens=1000)
    no = await denied(buckets, requests(2), tokens(1000), tokens=1)
    assert list(no.debts) == pytest.approx([HOUR / 2, HOUR], abs=1)


async def test_what_was_not_used_is_given_back(buckets: Buckets) -> None:
    grant = await granted(buckets, tokens(1000), tokens=1000)
    await buckets.settle(grant, tokens=400)
    await granted(buckets, tokens(1000), tokens=600)
    await denied(buckets, tokens(1000), tokens=10)


async def test_what_was_used_beyond_the_estimate_is_charged(buckets: Buckets) -> None:
    grant = await granted(buckets, tokens(1000), tokens=100)
    await buckets.settle(grant, tokens=900)
    await denied(buckets, tokens(1000), tokens=110)
    await granted(buckets, tokens(1000), tokens=90)


async def test_a_call_that_was_not_made_costs_nothing(buckets: Buckets) -> None:
    grant = await granted(buckets, requests(1), tokens(1000), tokens=1000)
    await buckets.settle(grant, requests=0, tokens=0)
    await granted(buckets, requests(1), tokens(1000), tokens=1000)


async def test_what_refilled_by_itself_is_not_given_back_again(buckets: Buckets) -> None:
    meter = tokens(1000, period=0.2)
    old = await granted(buckets, meter, tokens=1000)
    await asyncio.sleep(0.22)
    slow = tokens(1000, period=HOUR)
    await granted(buckets, slow, tokens=1000)
    await buckets.settle(old, tokens=0)
    await denied(buckets, slow, tokens=100)


async def test_what_is_larger_than_the_bucket_waits_for_a_full_one(buckets: Buckets) -> None:
    meter = tokens(1000)
    await granted(buckets, meter, tokens=1)
    assert (await denied(buckets, meter, tokens=5000)).wait == pytest.approx(HOUR / 1000, abs=1)
    await granted(buckets, meter, tokens=5000, route="other")


async def test_slots_bound_the_calls_under_way(buckets: Buckets) -> None:
    first = await granted(buckets, concurrent=2)
    await granted(buckets, concurrent=2)
    no = await denied(buckets, concurrent=2)
    assert (no.meter, no.wait) == ("slots", math.inf)
    await buckets.release(first)
    await granted(buckets, concurrent=2)


async def test_settling_frees_the_slot_too(buckets: Buckets) -> None:
    grant = await granted(buckets, tokens(), tokens=10, concurrent=1)
    await buckets.settle(grant, tokens=10)
    await granted(buckets, tokens(), tokens=10, concurrent=1)


async def test_releasing_twice_frees_one_slot(buckets: Buckets) -> None:
    first = await granted(buckets, concurrent=1)
    await buckets.release(first)
    await granted(buckets, concurrent=1)
    await buckets.release(first)
    await denied(buckets, concurrent=1)


async def test_without_a_slot_nothing_is_charged(buckets: Buckets) -> None:
    first = await granted(buckets, requests(2), concurrent=1)
    await denied(buckets, requests(2), concurrent=1)
    await buckets.release(first)
    await granted(buckets, requests(2), concurrent=1)


async def test_a_closed_route_denies_until_it_opens(buckets: Buckets) -> None:
    await buckets.close("r", 0.5)
    no = await denied(buckets, requests())
    assert no.meter == "closed"
    assert no.wait == pytest.approx(0.5, abs=0.3)
    await asyncio.sleep(no.wait + 0.002)
    await granted(buckets, requests())


async def test_closing_again_for_less_changes_nothing(buckets: Buckets) -> None:
    await buckets.close("r", 50)
    await buckets.close("r", 5)
    assert (await denied(buckets, requests())).wait == pytest.approx(50, abs=1)


async def test_the_server_is_believed_when_less_is_left(buckets: Buckets) -> None:
    grant = await granted(buckets, requests(10), tokens(1000), tokens=10)
    await buckets.correct(grant, {"rpm": 1, "tpm": 500})
    await granted(buckets, requests(10), tokens(1000), tokens=490)
    assert (await denied(buckets, requests(10), tokens(1000), tokens=5)).meter == "rpm"


async def test_the_server_is_not_believed_when_more_is_left(buckets: Buckets) -> None:
    grant = await granted(buckets, requests(2))
    await granted(buckets, requests(2))
    await buckets.correct(grant, {"rpm": 2})
    await denied(buckets, requests(2))


async def test_meters_that_the_server_does_not_mention_stay(buckets: Buckets) -> None:
    grant = await granted(buckets, requests(10), tokens(1000), tokens=10)
    await buckets.correct(grant, {"tpm": 0})
    await granted(buckets, requests(10))
    await denied(buckets, tokens(1000), tokens=10)


async def test_what_came_back_since_the_call_began_is_not_taken_away(buckets: Buckets) -> None:
    meter = requests(10, period=1)
    grant = await granted(buckets, meter)
    await asyncio.sleep(0.25)
    await buckets.correct(grant, {"rpm": 0})
    await granted(buckets, meter)
    await granted(buckets, meter)


async def test_routes_do_not_know_each_other(buckets: Buckets) -> None:
    await granted(buckets, requests(1), route="a")
    await granted(buckets, requests(1), route="b")
    await denied(buckets, requests(1), route="a")


async def test_a_crowd_takes_exactly_what_there_is(buckets: Buckets) -> None:
    ask = Ask(meters=(requests(10), tokens(1000)), tokens=30, concurrent=20)
    taken = await asyncio.gather(*(buckets.take("r", ask) for _ in range(40)))
    assert sum(isinstance(one, Grant) for one in taken) == 10


async def test_free_tokens_are_taken_from_an_empty_bucket(buckets: Buckets) -> None:
    await granted(buckets, tokens(1000), tokens=1000)
    await granted(buckets, tokens(1000), tokens=0)
