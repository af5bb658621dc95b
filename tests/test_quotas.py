"""Nobody overspends: not by racing, not by crashing, not by being counted twice."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.people import Identity, Sender
from bot.domain.quotas import Day, Plan
from bot.errors import QuotaExceeded
from bot.quotas import Quotas
from bot.storage import Storage
from bot.storage.migrate import upgrade
from tests.fakes import FakeClock

ADA = Sender(identity=Identity(platform="fake", user="ada"), name="Ada")
UTC_ZONE = ZoneInfo("UTC")


class Books:
    """Quotas on a database, for one account."""

    def __init__(self, storage: Storage, plan: Plan, clock: FakeClock | None = None) -> None:
        self.storage = storage
        self.clock = clock or FakeClock()
        self.quotas = Quotas(plan, UTC_ZONE, self.clock)

    async def account(self) -> int:
        async with self.storage.begin() as work:
            return (await work.people.meet(ADA)).id

    async def reserve(self, arrival: int, prompt: int = 100, room: int = 100) -> int:
        account = await self.account()
        async with self.storage.begin() as work:
            return await self.quotas.reserve(work, arrival, account, prompt=prompt, answer_room=room)

    async def settle(self, arrival: int, tokens: int) -> None:
        async with self.storage.begin() as work:
            await self.quotas.settle(work, arrival, tokens=tokens)

    async def release(self, arrival: int) -> None:
        async with self.storage.begin() as work:
            await self.quotas.release(work, arrival)

    async def used(self) -> tuple[int, int]:
        account = await self.account()
        async with self.storage.begin() as work:
            quota = await self.quotas.quota(work, account)
            return quota.messages.used, quota.tokens.used


def books(storage: Storage, messages: int | None = 3, tokens: int | None = 1000) -> Books:
    return Books(storage, {"messages": messages, "tokens": tokens})


async def test_a_reservation_counts_until_it_is_settled(storage: Storage) -> None:
    ledger = books(storage)
    await ledger.reserve(1)
    assert await ledger.used() == (1, 200)
    await ledger.settle(1, 130)
    assert await ledger.used() == (1, 130)


async def test_settling_twice_charges_once(storage: Storage) -> None:
    ledger = books(storage)
    await ledger.reserve(1)
    await ledger.settle(1, 130)
    await ledger.settle(1, 999)
    assert await ledger.used() == (1, 130)


async def test_a_released_reservation_costs_nothing(storage: Storage) -> None:
    ledger = books(storage)
    await ledger.reserve(1)
    await ledger.release(1)
    assert await ledger.used() == (0, 0)


async def test_releasing_a_settled_charge_gives_nothing_back(storage: Storage) -> None:
    ledger = books(storage)
    await ledger.reserve(1)
    await ledger.settle(1, 130)
    await ledger.release(1)
    assert await ledger.used() == (1, 130)


async def test_reserving_again_after_a_crash_reserves_once(storage: Storage) -> None:
    ledger = books(storage)
    assert await ledger.reserve(1) == 100
    assert await ledger.reserve(1) == 100
    assert await ledger.used() == (1, 200)


async def test_a_refusal_says_which_meter_and_when_it_returns(storage: Storage) -> None:
    ledger = books(storage, messages=1)
    await ledger.reserve(1)
    with pytest.raises(QuotaExceeded) as refused:
        await ledger.reserve(2)
    assert (refused.value.meter, refused.value.limit, refused.value.used) == ("messages", 1, 1)
    assert refused.value.resets_at == datetime(2026, 11, 23, tzinfo=UTC)


async def test_the_answer_is_shorter_when_few_tokens_are_left(storage: Storage) -> None:
    ledger = books(storage, tokens=300)
    assert await ledger.reserve(1, prompt=100, room=500) == 200


async def test_too_few_tokens_for_an_answer_worth_having_are_refused(storage: Storage) -> None:
    ledger = books(storage, tokens=120)
    with pytest.raises(QuotaExceeded) as refused:
        await ledger.reserve(1, prompt=100)
    assert refused.value.meter == "tokens"


async def test_no_limit_is_no_limit(storage: Storage) -> None:
    ledger = books(storage, messages=None, tokens=None)
    for arrival in range(20):
        assert await ledger.reserve(arrival, room=10**6) == 10**6


async def test_a_new_day_starts_from_zero(storage: Storage) -> None:
    ledger = books(storage, messages=1)
    await ledger.reserve(1)
    ledger.clock.pass_(hours=12)
    await ledger.reserve(2)
    assert await ledger.used() == (1, 200)


async def test_500_reservations_at_once_stay_within_the_limit(storage: Storage) -> None:
    ledger = books(storage, messages=100, tokens=None)

    async def attempt(arrival: int) -> bool:
        try:
            await ledger.reserve(arrival)
        except QuotaExceeded:
            return False
        return True

    accepted = await asyncio.gather(*(attempt(arrival) for arrival in range(500)))
    assert sum(accepted) == 100
    assert (await ledger.used())[0] == 100


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        ("2026-03-29T12:00+00:00", "Europe/Berlin", 23),
        ("2026-10-25T12:00+00:00", "Europe/Berlin", 25),
        ("2028-02-29T12:00+00:00", "UTC", 24),
        ("2026-12-31T23:30+00:00", "Asia/Shanghai", 24),
    ],
)
def test_a_day_is_as_long_as_the_time_zone_has_it(now: str, zone: str, hours: int) -> None:
    day = Day.of(datetime.fromisoformat(now), ZoneInfo(zone))
    assert (day.ends_at - day.starts_at).total_seconds() == hours * 3600
    assert day.starts_at <= datetime.fromisoformat(now) < day.ends_at


@given(now=st.datetimes(timezones=st.just(UTC)), zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_every_instant_lies_in_its_day(now: datetime, zone: str) -> None:
    if not 1 < now.year < 9998:
        return
    day = Day.of(now, ZoneInfo(zone))
    assert day.starts_at <= now < day.ends_at


MESSAGES, TOKENS = 6, 1500


class LedgerMachine(RuleBasedStateMachine):
    """Whatever happens to turns in whatever order: never above the limit, never a leak, sums equal the ledger."""

    @initialize()
    def open(self) -> None:
        import tempfile

        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite+aiosqlite:///{self.folder.name}/a.db"
        upgrade(url)
        self.ledger = Books(Storage.open(url), {"messages": MESSAGES, "tokens": TOKENS})
        self.next = 0
        self.held: dict[int, int] = {}
        self.spent: dict[int, int] = {}

    @rule(prompt=st.integers(1, 400), room=st.integers(64, 400))
    def reserve(self, prompt: int, room: int) -> None:
        self.next += 1
        try:
            got = self.loop.run_until_complete(self.ledger.reserve(self.next, prompt, room))
        except QuotaExceeded:
            fits = len(self.held) + len(self.spent) < MESSAGES
            assert not (fits and self._tokens() + prompt + min(64, room) <= TOKENS)
            return
        self.held[self.next] = prompt + got

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        used = data.draw(st.integers(0, self.held.pop(arrival)))
        self.loop.run_until_complete(self.ledger.settle(arrival, used))
        self.spent[arrival] = used

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        self.held.pop(arrival)
        self.loop.run_until_complete(self.ledger.release(arrival))

    @precondition(lambda self: self.spent)
    @rule(data=st.data(), used=st.integers(0, 10_000))
    def settle_or_release_again(self, data: st.DataObject, used: int) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.spent)))
        self.loop.run_until_complete(self.ledger.settle(arrival, used))
        self.loop.run_until_complete(self.ledger.release(arrival))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def reserve_again(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        self.loop.run_until_complete(self.ledger.reserve(arrival, 1, 64))

    @invariant()
    def the_sums_are_right_and_within_the_limit(self) -> None:
        if not hasattr(self, "ledger"):
            return
        messages, tokens = self.loop.run_until_complete(self.ledger.used())
        assert (messages, tokens) == (len(self.held) + len(self.spent), self._tokens())
        assert messages <= MESSAGES
        assert tokens <= TOKENS

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.loop.run_until_complete(self.ledger.storage.close())
            self.loop.close()
            self.folder.cleanup()

    def _tokens(self) -> int:
        return sum(self.held.values()) + sum(self.spent.values())


LedgerMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedger = LedgerMachine.TestCase
