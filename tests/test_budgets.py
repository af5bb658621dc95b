"""Everybody together never spends more than was allowed: not by racing, not by crashing, not by being counted twice."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from bot.budgets import Budgets
from bot.domain.budgets import Budget, BudgetPlan, Span
from bot.domain.completions import Usage
from bot.domain.models import Catalog, PriceList, Rates
from bot.domain.windows import Period
from bot.errors import BudgetExhausted, UpstreamDown
from bot.storage import Storage
from bot.storage.migrate import upgrade
from tests.conftest import ADMIN, Core, make_core
from tests.fakes import FakeClock

UTC_ZONE = ZoneInfo("UTC")
ALL_DAY = Budget(scope="", span="day", limit=1000)
ALL_MONTH = Budget(scope="", span="month", limit=5000)
SLACK_DAY = Budget(scope="slack", span="day", limit=300)


class Purse:
    """Budgets on a database."""

    def __init__(self, storage: Storage, *budgets: Budget, clock: FakeClock | None = None) -> None:
        self.storage = storage
        self.clock = clock or FakeClock()
        self.budgets = Budgets(BudgetPlan(budgets=budgets), UTC_ZONE, self.clock)

    async def reserve(self, arrival: int, amount: int = 100, *, on: str = "telegram", limited: bool = True) -> None:
        async with self.storage.begin() as work:
            await self.budgets.reserve(work, arrival, on, amount, limited=limited)

    async def settle(self, arrival: int, cost: int | None) -> None:
        async with self.storage.begin() as work:
            await self.budgets.settle(work, arrival, cost)

    async def release(self, arrival: int) -> None:
        async with self.storage.begin() as work:
            await self.budgets.release(work, arrival)

    async def sums(self) -> dict[str, tuple[int, int]]:
        async with self.storage.begin() as work:
            return {one.budget.subject: (one.spent, one.reserved) for one in await self.budgets.standings(work)}


async def test_a_reservation_counts_in_every_budget_until_it_is_settled(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, ALL_MONTH, SLACK_DAY)
    await purse.reserve(1, on="slack")
    assert await purse.sums() == {"all/day": (0, 100), "all/month": (0, 100), "slack/day": (0, 100)}
    await purse.settle(1, 70)
    assert await purse.sums() == {"all/day": (70, 0), "all/month": (70, 0), "slack/day": (70, 0)}


async def test_other_platforms_do_not_touch_a_platforms_budget(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, SLACK_DAY)
    await purse.reserve(1, on="telegram")
    assert await purse.sums() == {"all/day": (0, 100), "slack/day": (0, 0)}


async def test_settling_twice_charges_once(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1)
    await purse.settle(1, 70)
    await purse.settle(1, 70)
    assert await purse.sums() == {"all/day": (70, 0)}


async def test_a_released_reservation_costs_nothing(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1)
    await purse.release(1)
    assert await purse.sums() == {"all/day": (0, 0)}


async def test_a_turn_begun_again_keeps_what_it_reserved(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1)
    await purse.reserve(1)
    assert await purse.sums() == {"all/day": (0, 100)}


async def test_a_refusal_says_which_budget_and_when_it_returns(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, SLACK_DAY)
    with pytest.raises(BudgetExhausted) as refused:
        await purse.reserve(1, 301, on="slack")
    assert (refused.value.scope, refused.value.span) == ("slack", "day")
    assert refused.value.resets_at == datetime(2026, 11, 23, tzinfo=UTC)


async def test_a_refusal_leaves_nothing_reserved_elsewhere(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, SLACK_DAY)
    with pytest.raises(BudgetExhausted):
        await purse.reserve(1, 301, on="slack")
    assert await purse.sums() == {"all/day": (0, 0), "slack/day": (0, 0)}


async def test_admins_are_counted_and_never_refused(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1, 5000, limited=False)
    assert await purse.sums() == {"all/day": (0, 5000)}


async def test_a_new_day_begins_from_zero_and_the_month_goes_on(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, ALL_MONTH)
    await purse.reserve(1)
    await purse.settle(1, 100)
    purse.clock.pass_(hours=12)
    await purse.reserve(2)
    assert await purse.sums() == {"all/day": (0, 100), "all/month": (100, 100)}


async def test_what_was_reserved_before_midnight_is_charged_to_its_own_day(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1)
    purse.clock.pass_(hours=12)
    await purse.reserve(2)
    await purse.settle(1, 90)
    assert await purse.sums() == {"all/day": (0, 100)}


async def test_an_unknown_price_leaves_the_sums_alone(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY)
    await purse.reserve(1, 0)
    await purse.settle(1, None)
    assert await purse.sums() == {"all/day": (0, 0)}


async def test_budgets_that_are_no_longer_set_are_forgotten(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, SLACK_DAY)
    await purse.reserve(1, on="slack")
    async with storage.begin() as work:
        await work.budgets.forget_all_but({("slack", "day")})
    assert await purse.sums() == {"all/day": (0, 0), "slack/day": (0, 100)}


async def test_500_reservations_at_once_stay_within_the_limit(storage: Storage) -> None:
    purse = Purse(storage, ALL_DAY, ALL_MONTH)

    async def attempt(arrival: int) -> bool:
        try:
            await purse.reserve(arrival, 7)
        except BudgetExhausted:
            return False
        return True

    accepted = await asyncio.gather(*(attempt(arrival) for arrival in range(500)))
    assert sum(accepted) == 1000 // 7
    assert await purse.sums() == {"all/day": (0, 1000 // 7 * 7), "all/month": (0, 1000 // 7 * 7)}


@pytest.mark.parametrize(
    ("now", "zone", "starts", "ends"),
    [
        ("2026-03-29T12:00+00:00", "Europe/Berlin", "2026-02-28T23:00+00:00", "2026-03-31T22:00+00:00"),
        ("2026-12-31T23:30+00:00", "Asia/Shanghai", "2026-12-31T16:00+00:00", "2027-01-31T16:00+00:00"),
        ("2028-02-29T12:00+00:00", "UTC", "2028-02-01T00:00+00:00", "2028-03-01T00:00+00:00"),
    ],
)
def test_a_month_is_the_calendars(now: str, zone: str, starts: str, ends: str) -> None:
    month = Period.of("month", datetime.fromisoformat(now), ZoneInfo(zone))
    assert (month.starts_at, month.ends_at) == (datetime.fromisoformat(starts), datetime.fromisoformat(ends))


@given(
    now=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    span=st.sampled_from(["day", "month"]),
)
def test_every_instant_lies_in_its_period(now: datetime, zone: str, span: Span) -> None:
    period = Period.of(span, now, ZoneInfo(zone))
    assert period.starts_at <= now < period.ends_at
    assert Period.of(span, period.ends_at, ZoneInfo(zone)).starts_at == period.ends_at


def priced(output: str | None, *, chain: Mapping[str, str | None] | None = None) -> Catalog:
    """Models by name and their price of a million tokens of output (US$); input costs nothing."""
    single = Catalog.single(base_url="http://fake/v1", key=None, model="fake-1", window=1000)
    cards = []
    for name, price in (chain or {"fake-1": output}).items():
        nothing = Decimal(0)
        rates = price and Rates(input=nothing, output=Decimal(price), cached_input=nothing, cache_write=nothing)
        card = single.default.first
        lists = {"default": PriceList(base=rates)} if isinstance(rates, Rates) else {}
        cards.append(replace(card, name=name, known_as=name, prices=lists))
    chosen = replace(single.default, cards=tuple(cards))
    return replace(single, models={card.ref: card for card in cards}, chains={chosen.name: chosen})


def core_with(storage: Storage, limit: int, catalog: Catalog | None = None, **plan: Any) -> Core:
    """100 tokens of answer, at one micro-US$ each, are the most that a turn can cost."""
    budgets = BudgetPlan(budgets=(Budget(scope="", span="day", limit=limit),), **plan)
    return make_core(storage, catalog=catalog or priced("1"), budgets=budgets)


async def sums(core: Core) -> tuple[int, int]:
    async with core.storage.begin() as work:
        (standing,) = await core.budgets.standings(work)
        return standing.spent, standing.reserved


async def test_a_turn_is_charged_to_the_budget_with_what_it_cost(storage: Storage) -> None:
    core = core_with(storage, 1000)
    core.model.usage = Usage(input=10, output=42)
    await core.say("ada", "hello")
    assert await sums(core) == (42, 0)


async def test_a_turn_that_fails_gives_back_what_it_reserved(storage: Storage) -> None:
    core = core_with(storage, 1000)
    core.model.script = [(UpstreamDown("503"),)]
    await core.say("ada", "hello")
    assert await sums(core) == (0, 0)


async def test_a_turn_that_crashes_gives_back_what_it_reserved(storage: Storage) -> None:
    core = core_with(storage, 1000)
    core.model.script = [(RuntimeError("bug"),)]
    await core.say("ada", "hello")
    assert await sums(core) == (0, 0)


async def test_at_the_hard_limit_people_get_a_notice_and_nothing_is_asked(storage: Storage) -> None:
    core = core_with(storage, 99)
    assert "does not reach for another answer" in await core.say("ada", "hello")
    assert core.model.prompts == []


async def test_at_the_hard_limit_admins_work_on(storage: Storage) -> None:
    core = core_with(storage, 99)
    assert await core.say(ADMIN, "hello") == "echo: hello"
    assert "Budgets:" in await core.say(ADMIN, "/budget")


async def test_the_dearest_model_of_the_chain_is_reserved_for(storage: Storage) -> None:
    core = core_with(storage, 500, priced(None, chain={"cheap": "1", "dear": "10", "unknown": None}))
    assert "does not reach" in await core.say("ada", "hello")


async def test_a_model_of_unknown_price_is_used_and_not_counted(storage: Storage) -> None:
    core = core_with(storage, 99, priced(None))
    assert await core.say("ada", "hello") == "echo: hello"
    assert await sums(core) == (0, 0)
    assert "1 call of unknown price" in await core.say(ADMIN, "/budget")


async def test_a_model_of_unknown_price_may_be_refused(storage: Storage) -> None:
    core = core_with(storage, 99, priced(None), unpriced="refuse")
    assert "price is unknown" in await core.say("ada", "hello")
    assert core.model.prompts == []


async def test_models_of_unknown_price_may_be_left_out_of_a_chain(storage: Storage) -> None:
    core = core_with(storage, 1000, priced(None, chain={"unknown": None, "known": "1"}), unpriced="refuse")
    await core.say("ada", "hello")
    assert [card.name for card in core.model.prompts[-1].chain.cards] == ["known"]


async def test_a_budget_set_at_noon_begins_with_what_was_spent_since_midnight(storage: Storage) -> None:
    await make_core(storage, catalog=priced("1")).say("ada", "hello")
    core = core_with(storage, 1000)
    await core.say("ada", "hello")
    assert await sums(core) == (10, 0)


async def test_a_turn_taken_up_after_a_crash_reserves_once(storage: Storage) -> None:
    core = core_with(storage, 1000)
    await core.hear("ada", "hello")
    core.model.script = [("so far ", asyncio.Event())]
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await core.platform.shown("so far ")
    await core.dispatcher.drain(0)
    assert await sums(core) == (0, 100)
    again = core_with(storage, 1000)
    await again.recover()
    await again.work()
    assert await sums(again) == (5, 0)


async def test_budget_shows_what_is_spent_left_and_when_it_resets(storage: Storage) -> None:
    core = core_with(storage, 2_000_000)
    core.model.usage = Usage(input=10, output=500_000)
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, "/budget")
    assert "• All platforms, today: US$ 0.5 of 2 spent, 0 reserved, 1.5 left until 23 Nov" in answer


async def test_budget_says_so_when_none_is_set(core: Core) -> None:
    assert "No budget is set" in await core.say(ADMIN, "/budget")


async def test_without_a_budget_no_turn_asks_the_database_about_any(storage: Storage) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(storage._engine.sync_engine, "before_cursor_execute", note)
    await make_core(storage).say("ada", "hello")
    assert len(statements) > 5
    assert [one for one in statements if "budget" in one or "hold" in one] == []


DAY_LIMIT, MONTH_LIMIT = 1500, 4000


class PurseMachine(RuleBasedStateMachine):
    """Whatever happens to turns in whatever order: never above a limit, never a leak, sums equal the model's."""

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite+aiosqlite:///{self.folder.name}/a.db"
        upgrade(url)
        day = Budget(scope="", span="day", limit=DAY_LIMIT)
        month = Budget(scope="", span="month", limit=MONTH_LIMIT)
        self.purse = Purse(Storage.open(url), day, month)
        self.today = 0
        self.next = 0
        self.held: dict[int, tuple[int, int]] = {}
        self.spent: list[tuple[int, int]] = []

    @rule(amount=st.integers(0, 600))
    def reserve(self, amount: int) -> None:
        self.next += 1
        day, month = self._sum(self.today), self._sum(None)
        fits = day + amount <= DAY_LIMIT and month + amount <= MONTH_LIMIT
        try:
            self.loop.run_until_complete(self.purse.reserve(self.next, amount))
        except BudgetExhausted:
            assert not fits
            return
        assert fits
        self.held[self.next] = (self.today, amount)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def settle_and_settle_again(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        day, amount = self.held.pop(arrival)
        cost = data.draw(st.integers(0, amount))
        self.loop.run_until_complete(self.purse.settle(arrival, cost))
        self.loop.run_until_complete(self.purse.settle(arrival, cost))
        self.spent.append((day, cost))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        del self.held[arrival]
        self.loop.run_until_complete(self.purse.release(arrival))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def begin_again(self, data: st.DataObject) -> None:
        arrival = data.draw(st.sampled_from(sorted(self.held)))
        self.loop.run_until_complete(self.purse.reserve(arrival, 600))

    @precondition(lambda self: hasattr(self, "today") and self.today < 6)
    @rule()
    def sleep_a_night(self) -> None:
        self.today += 1
        self.purse.clock.pass_(days=1)

    @invariant()
    def the_sums_are_right_and_within_the_limits(self) -> None:
        if not hasattr(self, "purse"):
            return
        found = self.loop.run_until_complete(self.purse.sums())
        assert sum(found["all/day"]) == self._sum(self.today) <= DAY_LIMIT
        assert sum(found["all/month"]) == self._sum(None) <= MONTH_LIMIT

    def teardown(self) -> None:
        if hasattr(self, "purse"):
            self.loop.run_until_complete(self.purse.storage.close())
            self.loop.close()
            self.folder.cleanup()

    def _sum(self, day: int | None) -> int:
        return sum(amount for its_day, amount in (*self.held.values(), *self.spent) if day in (None, its_day))


PurseMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPurse = PurseMachine.TestCase
