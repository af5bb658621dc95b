"""Nobody overspends: not by racing, not by crashing, not by being counted twice."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.domain.people import Identity, Sender
from bot.domain.quotas import Amount, Credit, Purse, Rule, Standing, account_subject, in_force
from bot.domain.windows import EPOCH, Stretch, Window, milliseconds
from bot.errors import QuotaExceeded, QuotaFrozen
from bot.plans import base_plans
from bot.quotas import Reserved
from bot.storage import Storage
from bot.storage.ledger import Ledger
from bot.storage.migrate import upgrade
from tests.books import Books
from tests.databases import on

DAY, MONTH, THREE_HOURS = Window(span="day"), Window(span="month"), Window(hours=3)
GROUP = "fake:group"


def messages(limit: int | None, window: Window = DAY, scope: str = "") -> Rule:
    return Rule(meter="messages", window=window, limit=limit, scope=scope)


def tokens(limit: int, window: Window = DAY) -> Rule:
    return Rule(meter="tokens", window=window, limit=limit)


async def test_a_reservation_counts_until_it_is_settled(storage: Storage) -> None:
    ledger = Books(storage, messages(3), tokens(1000))
    await ledger.reserve(1)
    assert await ledger.used() == (1, 200)
    await ledger.settle(1, 130)
    assert await ledger.used() == (1, 130)


async def test_settling_twice_charges_once(storage: Storage) -> None:
    ledger = Books(storage, messages(3))
    await ledger.reserve(1)
    await ledger.settle(1, 130)
    await ledger.settle(1, 999)
    assert await ledger.used() == (1, 130)


async def test_a_released_reservation_costs_nothing(storage: Storage) -> None:
    ledger = Books(storage, messages(3))
    await ledger.reserve(1)
    await ledger.release(1)
    assert await ledger.used() == (0, 0)


async def test_releasing_a_settled_charge_gives_nothing_back(storage: Storage) -> None:
    ledger = Books(storage, messages(3))
    await ledger.spend(1)
    await ledger.release(1)
    assert await ledger.used() == (1, 10)


async def test_reserving_again_after_a_crash_reserves_once(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    assert (await ledger.reserve(1)).room == 100
    assert (await ledger.reserve(1)).room == 100
    assert await ledger.used() == (1, 200)


async def test_reserving_again_after_a_refusal_reserves_anew(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    await ledger.reserve(1)
    await ledger.release(1)
    await ledger.reserve(1)
    assert await ledger.used() == (1, 200)


async def test_a_reservation_that_nobody_ended_ends_by_itself(storage: Storage) -> None:
    ledger = Books(storage, messages(1, Window()))
    await ledger.reserve(1)
    ledger.clock.pass_(minutes=31)
    assert await ledger.used() == (0, 0)
    await ledger.reserve(2)


async def test_a_turn_that_ends_after_its_reservation_is_charged_all_the_same(storage: Storage) -> None:
    ledger = Books(storage, messages(1, Window()))
    await ledger.reserve(1)
    ledger.clock.pass_(minutes=31)
    await ledger.settle(1, 130)
    assert await ledger.used() == (1, 130)


async def test_a_refusal_says_which_limit_and_when_there_is_room(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    await ledger.reserve(1)
    with pytest.raises(QuotaExceeded) as refused:
        await ledger.reserve(2)
    standing = refused.value.standing
    assert (standing.rule, standing.used) == (messages(1), 1)
    assert standing.resets_at == datetime(2026, 11, 23, tzinfo=UTC)


async def test_of_several_limits_the_longest_is_told(storage: Storage) -> None:
    ledger = Books(storage, messages(1), messages(1, MONTH))
    await ledger.spend(1)
    with pytest.raises(QuotaExceeded) as refused:
        await ledger.reserve(2)
    assert refused.value.standing.rule.window == MONTH


async def test_the_answer_is_shorter_when_few_tokens_are_left(storage: Storage) -> None:
    assert (await Books(storage, tokens(300)).reserve(1, prompt=100, room=500)).room == 200


async def test_the_answer_is_shorter_when_little_money_is_left(storage: Storage) -> None:
    dollars = Rule(meter="cost", window=MONTH, limit=250)
    assert (await Books(storage, dollars).reserve(1, prompt=100, room=500)).room == 150


async def test_too_few_tokens_for_an_answer_worth_having_are_refused(storage: Storage) -> None:
    with pytest.raises(QuotaExceeded) as refused:
        await Books(storage, tokens(120)).reserve(1, prompt=100)
    assert refused.value.standing.rule.meter == "tokens"


@pytest.mark.parametrize("window", [DAY, THREE_HOURS])
async def test_a_limit_that_no_wait_makes_large_enough_says_no_time(storage: Storage, window: Window) -> None:
    with pytest.raises(QuotaExceeded) as refused:
        await Books(storage, tokens(120, window)).reserve(1, prompt=100)
    assert refused.value.standing.resets_at is None


async def test_no_limit_is_no_limit(storage: Storage) -> None:
    ledger = Books(storage)
    for arrival in range(1, 20):
        assert (await ledger.reserve(arrival, room=10**6)).room == 10**6


async def test_a_new_day_starts_from_zero(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    await ledger.spend(1)
    ledger.clock.pass_(hours=12)
    await ledger.reserve(2)
    (standing,) = await ledger.standings()
    assert standing.used == 1


async def test_the_day_is_that_of_the_accounts_own_time_zone(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    account = await ledger.account()
    async with storage.begin() as work:
        await work.people.move(account.id, "Asia/Shanghai")
    await ledger.spend(1)  # 20:00 there
    ledger.clock.pass_(hours=4)
    await ledger.reserve(2)
    assert [one.used for one in await ledger.standings()] == [1]


async def test_a_rolling_window_gives_back_what_has_left_it(storage: Storage) -> None:
    ledger = Books(storage, messages(2, THREE_HOURS))
    await ledger.spend(1)
    ledger.clock.pass_(hours=1)
    await ledger.spend(2)
    with pytest.raises(QuotaExceeded) as refused:
        await ledger.reserve(3)
    assert refused.value.standing.resets_at == datetime(2026, 11, 22, 15, 5, tzinfo=UTC)
    ledger.clock.pass_(hours=2, minutes=5)
    await ledger.reserve(3)


async def test_a_window_of_days_counts_whole_days_and_the_rest_of_the_first(storage: Storage) -> None:
    ledger = Books(storage, messages(100, Window(hours=48)))
    for arrival, hours in enumerate((0, 10, 20, 17), start=1):
        ledger.clock.pass_(hours=hours)
        await ledger.spend(arrival)
    ledger.clock.pass_(hours=2)  # 49 hours after the first, 39 after the second
    (standing,) = await ledger.standings()
    assert standing.used == 3


async def test_a_limit_counts_only_what_its_model_answered(storage: Storage) -> None:
    ledger = Books(storage, messages(1, scope="strong"), messages(1, scope="fake/light-1"))
    await ledger.spend(1, tier="strong")
    await ledger.spend(2, tier="light")
    assert [one.used for one in await ledger.standings()] == [0, 1]


async def test_the_model_that_answered_is_the_one_that_counts(storage: Storage) -> None:
    ledger = Books(storage, messages(5, scope="fake/strong-1"), messages(5, scope="fake/strong-2"))
    await ledger.reserve(1, tier="strong")
    await ledger.settle(1, 10, model="fake/strong-2")
    assert {one.rule.scope: one.used for one in await ledger.standings()} == {"fake/strong-1": 0, "fake/strong-2": 1}


async def test_a_limit_set_today_counts_what_was_used_before(storage: Storage) -> None:
    ledger = Books(storage)
    await ledger.spend(1)
    account = await ledger.account()
    await ledger.decide(f"account:{account.id}", messages(1, Window(hours=24)))
    with pytest.raises(QuotaExceeded):
        await ledger.reserve(2)


async def test_an_account_may_have_another_limit_than_its_plan(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    account = await ledger.account()
    await ledger.decide(f"account:{account.id}", messages(2))
    await ledger.spend(1)
    await ledger.spend(2)
    assert [(one.used, one.limit) for one in await ledger.standings()] == [(2, 2)]


async def test_a_limit_may_be_lifted_until_some_time(storage: Storage) -> None:
    ledger = Books(storage, messages(1))
    account = await ledger.account()
    await ledger.decide(f"account:{account.id}", messages(None), until=ledger.clock.now() + timedelta(hours=1))
    for arrival in range(1, 4):
        await ledger.spend(arrival)
    ledger.clock.pass_(hours=1)
    with pytest.raises(QuotaExceeded):
        await ledger.reserve(9)


async def test_a_frozen_account_uses_nothing(storage: Storage) -> None:
    ledger = Books(storage)
    account = await ledger.account()
    async with storage.begin() as work:
        await work.people.freeze(account.id, frozen=True)
    with pytest.raises(QuotaFrozen):
        await ledger.reserve(1)


async def test_a_reset_forgives_what_was_used_a_moment_ago_and_counts_what_follows(storage: Storage) -> None:
    ledger = Books(storage, messages(1, THREE_HOURS), messages(1, MONTH), messages(1, Window()))
    await ledger.spend(1)
    account = await ledger.account()
    async with storage.begin() as work:
        await work.people.count_from(account.id, milliseconds(ledger.clock.now()) + 1)
    ledger.clock.pass_(seconds=1)
    assert [one.used for one in await ledger.standings()] == [0, 0, 0]
    await ledger.spend(2)
    assert [one.used for one in await ledger.standings()] == [1, 1, 1]


class TestCredits:
    """What somebody may use beside their limits."""

    async def test_a_credit_steps_in_where_the_limit_does_not_reach(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        await ledger.give(messages(2), days=30)
        for arrival in range(1, 4):
            await ledger.spend(arrival)
        with pytest.raises(QuotaExceeded):
            await ledger.reserve(4)

    async def test_it_carries_over_to_the_next_day(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        await ledger.give(messages(2), days=30)
        await ledger.spend(1)
        ledger.clock.pass_(hours=24)
        for arrival in range(2, 5):
            await ledger.spend(arrival)
        assert [one.used for one in await ledger.standings()] == [1]

    async def test_it_ends_on_its_day(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        await ledger.give(messages(2), hours=1)
        await ledger.spend(1)
        ledger.clock.pass_(hours=1)
        with pytest.raises(QuotaExceeded):
            await ledger.reserve(2)

    async def test_what_a_turn_did_not_need_of_it_comes_back(self, storage: Storage) -> None:
        ledger = Books(storage, tokens(150))
        await ledger.give(tokens(100), days=1)
        await ledger.reserve(1, prompt=100, room=100)  # 50 of the credit
        await ledger.settle(1, 160)  # 10 of it
        account = await ledger.account()
        async with storage.begin() as work:
            (credit,) = await work.limits.credits(account.id, now=milliseconds(ledger.clock.now()))
        assert credit.left == 90

    async def test_a_released_turn_gives_all_of_it_back(self, storage: Storage) -> None:
        ledger = Books(storage, messages(0))
        await ledger.give(messages(1), days=1)
        await ledger.reserve(1)
        await ledger.release(1)
        await ledger.reserve(2)
        assert (await ledger.used())[0] == 0

    async def test_what_it_paid_for_does_not_count_against_the_limit(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1), messages(2, MONTH))
        await ledger.give(messages(5), days=1)
        for arrival in range(1, 4):
            await ledger.spend(arrival)
        assert [one.used for one in await ledger.standings()] == [1, 1]

    async def test_it_is_good_only_for_the_model_it_was_given_for(self, storage: Storage) -> None:
        ledger = Books(storage, messages(0))
        await ledger.give(messages(1, scope="strong"), days=1)
        with pytest.raises(QuotaExceeded):
            await ledger.reserve(1, tier="light")
        await ledger.reserve(2, tier="strong")

    @given(
        limit=st.integers(0, 20),
        used=st.integers(0, 20),
        lefts=st.lists(st.integers(1, 9), max_size=4),
        wanted=st.integers(1, 30),
    )
    def test_credits_pay_exactly_what_is_missing(self, limit: int, used: int, lefts: list[int], wanted: int) -> None:
        now = datetime(2026, 11, 22, tzinfo=UTC)
        held = [
            Credit(id=number, meter="tokens", scope="", left=left, until=now + timedelta(days=number))
            for number, left in enumerate(lefts)
        ]
        purse = Purse(standings=[Standing(rule=tokens(limit), used=used)], credits=held)
        amount = Amount(tokens=wanted)
        missing = max(0, wanted - max(0, limit - used))
        if purse.refusal(amount) is None:
            assert sum(purse.drawn(amount).values()) == missing
        else:
            assert missing > sum(lefts)
        assert all(drawn <= lefts[number] for number, drawn in purse.drawn(amount).items())


class TestGroups:
    """Who pays in a group: the member first, then the pool; the group's own limits hold for both."""

    async def test_the_member_pays_first(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        await ledger.decide(f"pool:{GROUP}", messages(5))
        assert not (await ledger.reserve(1, chat=GROUP)).pooled
        assert (await ledger.reserve(2, chat=GROUP)).pooled
        assert (await ledger.used())[0] == 1

    async def test_without_a_pool_nobody_else_pays(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        await ledger.spend(1, chat=GROUP)
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(2, chat=GROUP)
        assert refused.value.standing.whose == "own"

    async def test_an_empty_pool_is_told(self, storage: Storage) -> None:
        ledger = Books(storage, messages(0))
        await ledger.decide(f"pool:{GROUP}", messages(1))
        await ledger.spend(1, chat=GROUP)
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(2, chat=GROUP)
        assert refused.value.standing.whose == "pool"

    async def test_the_groups_limit_holds_for_all_together(self, storage: Storage) -> None:
        ledger = Books(storage)
        await ledger.decide(f"chat:{GROUP}", messages(2))
        for number, name in enumerate(("ada", "ben"), start=1):
            sender = Sender(identity=Identity(platform="fake", user=name), name=name)
            await ledger.reserve(number, chat=GROUP, sender=sender)
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(3, chat=GROUP)
        assert refused.value.standing.whose == "chat"
        await ledger.reserve(4)  # in private it is none of the group's business

    async def test_each_members_limit_holds_for_each(self, storage: Storage) -> None:
        ledger = Books(storage)
        await ledger.decide(f"each:{GROUP}", messages(1))
        await ledger.spend(1, chat=GROUP)
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(2, chat=GROUP)
        assert refused.value.standing.whose == "member"
        ben = Sender(identity=Identity(platform="fake", user="ben"), name="Ben")
        await ledger.reserve(3, chat=GROUP, sender=ben)

    async def test_a_pool_for_one_chain_pays_for_no_other(self, storage: Storage) -> None:
        ledger = Books(storage, messages(0))
        await ledger.decide(f"pool:{GROUP}", messages(5, scope="light"))
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(1, chat=GROUP, tier="strong")
        assert refused.value.standing.whose == "own"
        assert (await ledger.reserve(2, chat=GROUP, tier="light")).pooled

    @pytest.mark.parametrize("whose", ["chat", "each"])
    async def test_what_credits_pay_counts_against_the_groups_limit(self, storage: Storage, whose: str) -> None:
        ledger = Books(storage, messages(0))
        await ledger.decide(f"{whose}:{GROUP}", messages(2))
        await ledger.give(messages(5), days=1)
        await ledger.spend(1, chat=GROUP)
        await ledger.reserve(2, chat=GROUP)
        with pytest.raises(QuotaExceeded) as refused:
            await ledger.reserve(3, chat=GROUP)
        assert refused.value.standing.whose == {"chat": "chat", "each": "member"}[whose]

    async def test_tokens_from_several_credits_count_against_the_groups_limit(self, storage: Storage) -> None:
        ledger = Books(storage, tokens(0))
        await ledger.decide(f"chat:{GROUP}", tokens(600))
        for _ in range(2):
            await ledger.give(tokens(100), days=1)
        await ledger.give(tokens(800), days=2)
        await ledger.reserve(1, chat=GROUP, prompt=150, room=150)
        await ledger.reserve(2, chat=GROUP, prompt=100, room=100)
        assert (await ledger.reserve(3, chat=GROUP, prompt=30, room=100)).room == 70

    async def test_credits_do_not_help_against_the_groups_limit(self, storage: Storage) -> None:
        ledger = Books(storage)
        await ledger.decide(f"chat:{GROUP}", messages(0))
        await ledger.give(messages(5), days=1)
        with pytest.raises(QuotaExceeded):
            await ledger.reserve(1, chat=GROUP)


class TestPlans:
    """Which limits hold."""

    def test_a_change_wins_over_the_plan_and_lifting_removes(self) -> None:
        plan = [messages(5), tokens(1000)]
        assert in_force(plan, [messages(7)]) == (messages(7), tokens(1000))
        assert in_force(plan, [messages(7)], [messages(None)]) == (tokens(1000),)

    def test_unlimited_settings_make_plans_without_limits(self) -> None:
        assert [plan.rules for plan in base_plans({"messages": None, "tokens": None})] == [(), (), ()]

    async def test_a_plan_is_over_when_its_time_is(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1))
        account = await ledger.account()
        await ledger.decide("plan:gold", messages(9))
        async with storage.begin() as work:
            await work.people.assign(account.id, "gold", until=milliseconds(ledger.clock.now() + timedelta(hours=1)))
        assert [one.limit for one in await ledger.standings()] == [9]
        ledger.clock.pass_(hours=1)
        assert [one.limit for one in await ledger.standings()] == [1]

    async def test_a_default_plan_that_is_not_there_is_no_plan_without_limits(self, storage: Storage) -> None:
        ledger = Books(storage, messages(1), default="fre")
        assert [one.limit for one in await ledger.standings()] == [1]

    async def test_the_plan_decides_who_waits_less(self, storage: Storage) -> None:
        ledger = Books(storage)
        account = await ledger.account()
        async with storage.begin() as work:
            await work.limits.put_plan("gold", 7)
            await work.people.assign(account.id, "gold")
        assert (await ledger.reserve(1)).priority == 7
        assert (await ledger.account()).head_start == 7 * 30_000


async def test_a_warning_is_given_once_in_each_window(storage: Storage) -> None:
    ledger = Books(storage, messages(5, THREE_HOURS))

    async def warned(arrival: int) -> Sequence[int]:
        account, reserved = await ledger.account(), await ledger.reserve(arrival)
        async with storage.begin() as work:
            await ledger.quotas.settle(work, arrival, model="fake/default-1", used=Amount(messages=1))
            told = await ledger.quotas.warnings(work, account, reserved, Amount(messages=1))
            return [one.used for one in told]

    assert [await warned(arrival) for arrival in range(1, 6)] == [[], [], [], [4], []]
    ledger.clock.pass_(hours=4)
    assert [await warned(arrival) for arrival in range(6, 11)] == [[], [], [], [4], []]


async def test_after_a_reset_the_warning_is_given_again(storage: Storage) -> None:
    ledger = Books(storage, messages(1))

    async def warned(arrival: int) -> int:
        account, reserved = await ledger.account(), await ledger.reserve(arrival)
        await ledger.settle(arrival, 10)
        async with storage.begin() as work:
            return len(await ledger.quotas.warnings(work, account, reserved, Amount(messages=1)))

    assert await warned(1) == 1
    ledger.clock.pass_(minutes=1)
    account = await ledger.account()
    async with storage.begin() as work:
        await work.people.count_from(account.id, milliseconds(ledger.clock.now()))
    assert await warned(2) == 1


@pytest.mark.parametrize("read", ["sums", "open"])
@on("postgresql")
async def test_a_turn_that_is_settled_while_another_one_counts_is_counted(
    storage: Storage, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Books(storage, messages(1))
    await ledger.reserve(1)
    reading = getattr(Ledger, read)

    async def settled_then(self: Ledger, *arguments: object, **more: object) -> object:
        found = await reading(self, *arguments, **more)
        await ledger.settle(1, 10)
        return found

    monkeypatch.setattr(Ledger, read, settled_then)
    with pytest.raises(QuotaExceeded):
        await ledger.reserve(2)


async def test_500_reservations_at_once_stay_within_the_limit(storage: Storage) -> None:
    ledger = Books(storage, messages(100))

    async def attempt(arrival: int) -> bool:
        try:
            await ledger.reserve(arrival)
        except QuotaExceeded:
            return False
        return True

    accepted = await asyncio.gather(*(attempt(arrival) for arrival in range(500)))
    assert sum(accepted) == 100
    assert (await ledger.used())[0] == 100


async def test_three_processes_that_reserve_at_once_stay_within_the_limit(database_url: str, storage: Storage) -> None:
    """Each makes a third of 500 attempts on one account of which 100 may succeed, settles half and releases some."""
    ledger = Books(storage, messages(100))
    account = await ledger.account()
    racers = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.racer", database_url, str(first), "167"),
            cwd=Path(__file__).parents[1],
            stdout=asyncio.subprocess.PIPE,
        )
        for first in (1, 1001, 2001)
    ]
    outputs = [(await one.communicate())[0].split() for one in racers]
    assert [one.returncode for one in racers] == [0, 0, 0]
    reserved, settled, released = (sum(int(output[at]) for output in outputs) for at in range(3))
    assert reserved - released <= 100
    assert reserved >= 100
    assert (await ledger.used())[0] == reserved - released
    async with storage.begin() as work:
        (sums,) = await work.ledger.sums([(account_subject(account.id), Stretch(level="ever", since=EPOCH))])
    assert sum(one.amount.messages for one in sums) == settled


MESSAGES, TOKENS, CREDIT = 6, 1500, 300


class LedgerMachine(RuleBasedStateMachine):
    """Whatever happens to turns in whatever order: never above the limit, never a leak, sums equal the ledger."""

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite+aiosqlite:///{self.folder.name}/a.db"
        upgrade(url)
        self.ledger = Books(Storage.open(url), messages(MESSAGES, THREE_HOURS), tokens(TOKENS, THREE_HOURS))
        self.next = 0
        self.held: dict[int, int] = {}
        self.spent: dict[int, int] = {}
        self.credit = 0

    def run(self, doing: Callable[..., object], *arguments: int) -> object:
        return self.loop.run_until_complete(doing(*arguments))  # type: ignore[arg-type]

    @rule(prompt=st.integers(1, 400), room=st.integers(64, 400))
    def reserve(self, prompt: int, room: int) -> None:
        self.next += 1
        try:
            got = self.run(self.ledger.reserve, self.next, prompt, room)
        except QuotaExceeded:
            fits = len(self.held) + len(self.spent) < MESSAGES
            assert not (fits and self._tokens() + prompt + min(64, room) <= TOKENS + self.credit)
            return
        assert isinstance(got, Reserved)
        self.held[self.next] = prompt + got.room

    @precondition(lambda self: self.credit == 0)
    @rule()
    def give_credit(self) -> None:
        self.loop.run_until_complete(self.ledger.give(tokens(CREDIT), days=1))
        self.credit = CREDIT

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        used = data.draw(st.integers(0, self.held.pop(arrival)))
        self.run(self.ledger.settle, arrival, used)
        self.spent[arrival] = used

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        self.held.pop(arrival)
        self.run(self.ledger.release, arrival)

    @precondition(lambda self: self.spent)
    @rule(data=st.data(), used=st.integers(0, 10_000))
    def settle_or_release_again(self, data: st.DataObject, used: int) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.spent)))
        self.run(self.ledger.settle, arrival, used)
        self.run(self.ledger.release, arrival)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def reserve_again(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        self.run(self.ledger.reserve, arrival, 1, 64)

    @invariant()
    def the_sums_are_right_and_within_the_limit(self) -> None:
        if not hasattr(self, "ledger"):
            return
        counted, used = self.loop.run_until_complete(self.ledger.used())
        drawn = self._tokens() - used
        assert counted == len(self.held) + len(self.spent) <= MESSAGES
        assert 0 <= drawn <= self.credit
        assert used <= TOKENS
        assert [one.used for one in self.loop.run_until_complete(self.ledger.standings())] == [counted, used]

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
