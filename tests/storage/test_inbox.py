"""Lanes and leases: one at a time, in order, and never by two workers."""

import pytest

from bot.domain.updates import Arrival
from bot.errors import LostLease
from bot.storage import Claim, Stopping, Storage

ME, OTHER = "me", "other"


def arrival(event: str, lane: str = "a", order: int = 0, *, poison: bool = False) -> Arrival:
    return Arrival(
        source="fake:bot", event=event, lane=lane, order=order or int(event), payload={"n": event}, poison=poison
    )


async def put(storage: Storage, *arrivals: Arrival) -> list[bool]:
    async with storage.begin() as work:
        return [await work.inbox.put(one) for one in arrivals]


async def claim(storage: Storage, most: int = 10, owner: str = ME, ttl: int = 10_000) -> list[Claim]:
    async with storage.begin() as work:
        return await work.inbox.claim(most, owner=owner, ttl=ttl)


async def complete(storage: Storage, held: Claim) -> bool:
    async with storage.begin() as work:
        return await work.inbox.complete(held)


async def test_a_stored_arrival_is_claimed_with_its_payload(storage: Storage) -> None:
    await put(storage, arrival("1"))
    (held,) = await claim(storage)
    assert (held.payload, held.lane, held.attempts) == ({"n": "1"}, "a", 1)


async def test_the_same_event_is_stored_once(storage: Storage) -> None:
    assert await put(storage, arrival("1"), arrival("1")) == [True, False]
    (held,) = await claim(storage)
    assert await complete(storage, held) is False
    assert await claim(storage) == []


async def test_a_lane_gives_one_arrival_at_a_time(storage: Storage) -> None:
    await put(storage, arrival("1"), arrival("2"))
    (first,) = await claim(storage)
    assert await claim(storage) == []
    assert await complete(storage, first) is True
    (second,) = await claim(storage)
    assert second.payload == {"n": "2"}


async def test_lanes_are_claimed_side_by_side(storage: Storage) -> None:
    await put(storage, arrival("1", "a"), arrival("2", "b"), arrival("3", "c"))
    assert len(await claim(storage, most=2)) == 2
    assert len(await claim(storage, most=2)) == 1


async def test_a_lane_keeps_the_platforms_order_not_the_order_of_storing(storage: Storage) -> None:
    await put(storage, arrival("9", order=20), arrival("8", order=10))
    (held,) = await claim(storage)
    assert held.payload == {"n": "8"}


async def test_an_arrival_during_a_turn_is_found_when_it_ends(storage: Storage) -> None:
    await put(storage, arrival("1"))
    (held,) = await claim(storage)
    await put(storage, arrival("2"))
    assert await complete(storage, held) is True


async def test_a_lane_that_ran_goes_behind_those_that_wait(storage: Storage) -> None:
    await put(storage, arrival("1", "a"), arrival("2", "a"), arrival("3", "b"))
    (first,) = await claim(storage, most=1)
    await complete(storage, first)
    (following,) = await claim(storage, most=1)
    assert following.lane == "b"


async def test_poison_is_kept_and_never_claimed(storage: Storage) -> None:
    assert await put(storage, arrival("1", poison=True)) == [False]
    assert await claim(storage) == []


async def test_an_expired_lease_is_taken_over_and_the_old_holder_is_fenced_off(storage: Storage) -> None:
    await put(storage, arrival("1"))
    (dead,) = await claim(storage, ttl=-1)
    async with storage.begin() as work:
        assert await work.inbox.take_back(everything=False) == ["a"]
    (taken,) = await claim(storage, owner=OTHER)
    assert taken.attempts == 2
    with pytest.raises(LostLease):
        async with storage.begin() as work:
            await work.inbox.fence(dead, ttl=10_000)
    with pytest.raises(LostLease):
        await complete(storage, dead)
    assert await complete(storage, taken) is False


async def test_a_lease_in_force_is_not_taken_over(storage: Storage) -> None:
    await put(storage, arrival("1"))
    await claim(storage)
    async with storage.begin() as work:
        assert await work.inbox.take_back(everything=False) == []


async def test_at_an_embedded_start_everything_is_taken_back_at_once(storage: Storage) -> None:
    await put(storage, arrival("1"))
    await claim(storage)
    async with storage.begin() as work:
        assert await work.inbox.take_back(everything=True) == ["a"]
    (again,) = await claim(storage)
    assert again.payload == {"n": "1"}


async def test_what_stands_on_the_platform_survives_the_worker(storage: Storage) -> None:
    await put(storage, arrival("1"))
    (held,) = await claim(storage)
    async with storage.begin() as work:
        await work.inbox.remember(held, {"message": 7})
        await work.inbox.take_back(everything=True)
    (again,) = await claim(storage)
    assert again.ref == {"message": 7}


async def test_stop_reaches_the_holder_with_its_next_renewal(storage: Storage) -> None:
    await put(storage, arrival("1"))
    (held,) = await claim(storage)
    async with storage.begin() as work:
        assert await work.inbox.stop("a") == Stopping(lane="a", epoch=held.epoch, owner=ME)
        assert await work.inbox.renew(["a"], owner=ME, ttl=10_000) == {("a", held.epoch): True}


async def test_stop_finds_nothing_in_an_idle_lane(storage: Storage) -> None:
    async with storage.begin() as work:
        assert await work.inbox.stop("a") is None


async def test_dropping_spares_what_runs_and_what_came_later(storage: Storage) -> None:
    await put(storage, arrival("1"), arrival("2"))
    (held,) = await claim(storage)
    await put(storage, arrival("3", "express"), arrival("4"))
    async with storage.begin() as work:
        assert await work.inbox.drop("a", before=held.id + 2) == 1
    assert await complete(storage, held) is True
    left = [one.payload["n"] for one in await claim(storage)]
    assert sorted(left) == ["3", "4"]


async def test_dropping_everything_that_waits_leaves_the_lane_idle(storage: Storage) -> None:
    await put(storage, arrival("1"))
    async with storage.begin() as work:
        assert await work.inbox.drop("a", before=100) == 1
    assert await claim(storage) == []
    await put(storage, arrival("2"))
    (held,) = await claim(storage)
    assert held.payload == {"n": "2"}


async def test_only_the_lanes_that_are_named_are_renewed(storage: Storage) -> None:
    await put(storage, arrival("1", "a"), arrival("2", "b"))
    await claim(storage, ttl=-1)
    async with storage.begin() as work:
        assert [lane for lane, _ in await work.inbox.renew(["a"], owner=ME, ttl=10_000)] == ["a"]
        assert await work.inbox.take_back(everything=False) == ["b"]
