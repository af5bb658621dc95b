"""Who is next: head starts, fairness between people, caps; and lanes that are given back or wait for a platform."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.domain.caps import Caps
from bot.domain.people import Identity, Sender
from bot.domain.updates import Arrival
from bot.errors import LostLease
from bot.storage import Claim, Storage
from bot.storage.tables import account, lane


def who(user: str) -> Identity:
    return Identity(platform="fake", user=user)


async def say(storage: Storage, user: str, *lanes: str) -> None:
    """Somebody says something in each of these conversations."""
    async with storage.begin() as work:
        for one in lanes:
            number = await work.inbox._connection.scalar(sa.text("SELECT count(*) FROM inbox")) + 1
            arrival = Arrival(
                source="fake:bot",
                event=str(number),
                lane=one,
                order=number,
                payload={},
                sender=who(user) if user else None,
            )
            await work.inbox.put(arrival)


async def claim(storage: Storage, most: int = 100, caps: Caps | None = None) -> list[Claim]:
    async with storage.begin() as work:
        return await work.inbox.claim(most, owner="me", ttl=10_000, caps=caps or Caps())


async def claimed(storage: Storage, most: int = 100, caps: Caps | None = None) -> set[str]:
    return {one.lane for one in await claim(storage, most, caps)}


async def finish(storage: Storage, held: Claim) -> None:
    async with storage.begin() as work:
        await work.inbox.complete(held)


async def test_one_persons_hundred_conversations_do_not_keep_another_waiting(storage: Storage) -> None:
    await say(storage, "ada", *(f"a{number}" for number in range(100)))
    await say(storage, "ben", "b")
    first = await claimed(storage, most=3)
    assert "b" in first


async def test_a_person_alone_is_served_in_the_order_of_asking(storage: Storage) -> None:
    await say(storage, "ada", "one", "two", "three")
    assert [await claimed(storage, most=1) for _ in range(3)] == [{"one"}, {"two"}, {"three"}]


async def test_two_identities_of_one_account_are_one_person(storage: Storage) -> None:
    async with storage.begin() as work:
        ada = await work.people.meet(Sender(identity=who("ada"), name="Ada"))
        await work.people.meet(Sender(identity=who("her-other"), name="Ada"))
        await work.people._connection.execute(sa.text("UPDATE identity SET account_id = :id"), {"id": ada.id})
    await say(storage, "ada", "one")
    await say(storage, "her-other", "two")
    assert await claimed(storage, caps=Caps(each=1)) == {"one"}


async def test_a_head_start_passes_those_who_came_shortly_before(storage: Storage) -> None:
    async with storage.begin() as work:
        for user in ("ada", "vip"):
            await work.people.meet(Sender(identity=who(user), name=user))
        vip = await work.people.find(who("vip"))
        assert vip
        change = sa.update(account).where(account.c.id == vip.id).values(head_start=60_000)
        await work.people._connection.execute(change)
    await say(storage, "ada", "hers")
    await say(storage, "vip", "theirs")
    assert await claimed(storage, most=1) == {"theirs"}


async def test_who_has_waited_longer_than_a_head_start_is_not_passed(storage: Storage) -> None:
    async with storage.begin() as work:
        await work.people.meet(Sender(identity=who("vip"), name="vip"))
        await work.people._connection.execute(sa.update(account).values(head_start=50))
    await say(storage, "ada", "hers")
    await asyncio.sleep(0.1)
    await say(storage, "vip", "theirs")
    assert await claimed(storage, most=1) == {"hers"}


async def test_a_cap_for_each_person_holds_over_several_claims(storage: Storage) -> None:
    caps = Caps(each=2)
    await say(storage, "ada", "a1", "a2", "a3")
    await say(storage, "ben", "b1")
    assert await claimed(storage, most=2, caps=caps) == {"a1", "b1"}
    first = await claim(storage, caps=caps)
    assert [one.lane for one in first] == ["a2"]
    assert await claimed(storage, caps=caps) == set()
    await finish(storage, first[0])
    assert await claimed(storage, caps=caps) == {"a3"}


async def test_a_cap_for_everybody_together_holds(storage: Storage) -> None:
    caps = Caps(together=2)
    for user in "abc":
        await say(storage, user, f"of {user}")
    held = await claim(storage, caps=caps)
    assert len(held) == 2
    assert await claimed(storage, caps=caps) == set()
    await finish(storage, held[0])
    assert len(await claimed(storage, caps=caps)) == 1


async def test_what_one_person_may_not_run_leaves_room_for_others(storage: Storage) -> None:
    await say(storage, "ada", "a1", "a2", "a3")
    await say(storage, "ben", "b1")
    await say(storage, "cleo", "c1")
    assert await claimed(storage, caps=Caps(each=1, together=3)) == {"a1", "b1", "c1"}


async def test_what_overtakes_is_under_no_cap(storage: Storage) -> None:
    caps = Caps(each=1, together=1)
    await say(storage, "ada", "a1")
    assert await claimed(storage, caps=caps) == {"a1"}
    await say(storage, "", "a1!", "notice")
    assert await claimed(storage, caps=caps) == {"a1!", "notice"}


async def test_what_is_given_back_is_claimed_again_and_excused(storage: Storage) -> None:
    await say(storage, "ada", "a")
    (held,) = await claim(storage)
    async with storage.begin() as work:
        await work.inbox.give_back(held)
    (again,) = await claim(storage)
    assert (again.id, again.attempts, again.faults) == (held.id, 2, 1)


async def test_what_was_taken_over_cannot_be_given_back(storage: Storage) -> None:
    await say(storage, "ada", "a")
    (held,) = await claim(storage)
    async with storage.begin() as work:
        await work.inbox.take_back(everything=True)
    with pytest.raises(LostLease):
        async with storage.begin() as work:
            await work.inbox.give_back(held)


async def test_a_parked_lane_waits_for_its_time_with_all_that_is_in_it(storage: Storage) -> None:
    await say(storage, "ada", "a")
    (held,) = await claim(storage)
    async with storage.begin() as work:
        await work.inbox.park(held, pause=60_000)
    await say(storage, "ada", "a")
    async with storage.begin() as work:
        assert await work.inbox.unpark() == []
    assert await claim(storage) == []
    async with storage.begin() as work:
        await work.inbox._connection.execute(sa.update(lane).values(not_before=0))
        assert await work.inbox.unpark() == ["a"]
    (again,) = await claim(storage)
    assert (again.id, again.faults) == (held.id, 1)
    await finish(storage, again)
    assert len(await claim(storage)) == 1


async def test_a_claim_knows_how_long_its_arrival_has_waited(storage: Storage) -> None:
    await say(storage, "ada", "a")
    await asyncio.sleep(0.05)
    (held,) = await claim(storage)
    assert 40 <= held.age < 5_000
