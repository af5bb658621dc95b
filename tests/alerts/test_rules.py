"""Each rule: what sets it off, and what does not quite."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from bot.alerts import rules
from bot.alerts.rules import Alarm, Thresholds
from bot.domain.budgets import Budget, BudgetStanding
from bot.domain.windows import Period
from bot.errors import UpstreamDown, UpstreamMisconfigured
from bot.llm.ways import Trouble
from bot.storage.activity import LargeCall, Sums
from bot.texts.catalogues import Catalogues

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = Thresholds()
DOLLAR = 1_000_000


def said(alarm: Alarm) -> str:
    return Catalogues("en", ZoneInfo("UTC")).of("en").render(alarm.said)


def standing(spent: int, reserved: int = 0) -> BudgetStanding:
    day = Period.of("day", NOW, ZoneInfo("UTC"))
    budget = Budget(scope="slack", span="day", limit=10 * DOLLAR)
    return BudgetStanding(budget=budget, period=day, spent=spent, reserved=reserved)


def never(_: BudgetStanding) -> bool:
    return False


def always(_: BudgetStanding) -> bool:
    return True


def steady(calls: int, cost: int, hours: int = 168) -> dict[int, Sums]:
    return {ago: Sums(calls=calls, cost=cost) for ago in range(1, hours + 1)}


@pytest.mark.parametrize(
    ("spent", "refused", "kinds"),
    [
        (7_999_999, never, []),
        (8_000_000, never, ["budget_soft"]),
        (10_000_000, never, ["budget_soft", "budget_hard"]),
        (9_990_000, always, ["budget_soft", "budget_hard"]),
        (0, always, ["budget_hard"]),
    ],
)
def test_a_budget_is_told_at_its_soft_share_and_at_its_end(
    spent: int, refused: Callable[[BudgetStanding], bool], kinds: list[str]
) -> None:
    found = rules.budgets([standing(spent)], 0.8, refused)
    assert [alarm.kind for alarm in found] == kinds
    assert {alarm.subject for alarm in found} <= {"slack/day"}


def test_what_is_only_reserved_is_not_spent() -> None:
    assert rules.budgets([standing(0, reserved=10 * DOLLAR)], 0.8, never) == []


def test_a_budget_says_how_much_is_spent_and_until_when_it_lasts() -> None:
    (alarm,) = rules.budgets([standing(8_500_000)], 0.8, never)
    assert said(alarm).startswith("⚠️ Budget `slack/day`: US$ 8.5 of 10 are spent. It resets on 23 Nov")


@pytest.mark.parametrize(
    ("calls", "failed", "alarms"), [(19, 19, 0), (20, 1, 0), (20, 2, 1), (100, 5, 0), (100, 6, 1), (0, 0, 0)]
)
def test_errors_are_told_over_five_percent_of_twenty_calls(calls: int, failed: int, alarms: int) -> None:
    assert len(rules.errors(Sums(calls=calls, failed=failed), LIMITS)) == alarms


@pytest.mark.parametrize(("cost", "alarms"), [(3 * DOLLAR, 0), (3 * DOLLAR + 1, 1)])
def test_an_hours_spend_is_told_over_three_times_its_mean(cost: int, alarms: int) -> None:
    found = rules.spend(Sums(calls=10, cost=cost), steady(10, DOLLAR), LIMITS)
    assert [alarm.kind for alarm in found] == ["spend"] * alarms


def test_cents_are_no_alarm_however_unusual() -> None:
    assert rules.spend(Sums(calls=1, cost=DOLLAR), steady(1, 10), LIMITS) == []


def test_a_bot_of_less_than_a_day_has_no_usual_spending() -> None:
    assert rules.spend(Sums(calls=1, cost=9 * DOLLAR), steady(1, 10, hours=23), LIMITS) == []
    assert len(rules.spend(Sums(calls=1, cost=9 * DOLLAR), steady(1, 10, hours=24), LIMITS)) == 1


def test_the_time_before_the_first_call_is_no_part_of_the_mean() -> None:
    past = {ago: Sums() for ago in range(1, 169)} | steady(1, 4 * DOLLAR, hours=24)
    assert rules.spend(Sums(calls=1, cost=12 * DOLLAR), past, LIMITS) == []


@pytest.mark.parametrize(("calls", "alarms"), [(150, 0), (151, 1)])
def test_requests_are_told_half_above_the_same_hour_of_other_days(calls: int, alarms: int) -> None:
    found = rules.requests(Sums(calls=calls), steady(100, 0), LIMITS)
    assert [alarm.kind for alarm in found] == ["requests"] * alarms


def test_a_morning_is_compared_with_mornings() -> None:
    mornings = {ago: Sums(calls=100) for day in range(1, 7) for ago in (24 * day, 24 * day + 1)}
    past = steady(1, 0) | mornings
    assert rules.requests(Sums(calls=140), past, LIMITS) == []


def test_few_requests_are_no_alarm() -> None:
    assert rules.requests(Sums(calls=59), steady(1, 0), LIMITS) == []


@pytest.mark.parametrize(("hours", "alarms"), [(72, 0), (73, 1)])
def test_three_days_make_a_habit(hours: int, alarms: int) -> None:
    assert len(rules.requests(Sums(calls=1000), steady(100, 0, hours=hours), LIMITS)) == alarms


def test_a_breaker_that_is_open_is_told() -> None:
    (alarm,) = rules.troubles([Trouble(subject="main/gpt", reason=UpstreamDown("503"))])
    assert (alarm.kind, alarm.subject) == ("resting", "main/gpt")
    assert "left alone" in said(alarm)


@pytest.mark.parametrize(
    ("cause", "words"), [("credit", "credit"), ("key", "refuses the key"), ("model", "model"), ("address", "address")]
)
def test_what_only_an_admin_can_mend_is_told_without_the_endpoints_words(
    cause: Literal["credit", "key", "model", "address"], words: str
) -> None:
    error = UpstreamMisconfigured("bad key sk-secret", hint="sk-secret", cause=cause)
    (alarm,) = rules.troubles([Trouble(subject="main OPENAI_API_KEY", reason=error)])
    assert alarm.kind == "upstream"
    assert words in said(alarm)
    assert "secret" not in said(alarm)


def test_a_large_call_is_told_with_its_person_and_model() -> None:
    (alarm,) = rules.large_calls([LargeCall(person="slack:T1/U2", model="main/gpt", tokens=123_456)])
    assert said(alarm) == "⚠️ One call of `main/gpt` for `slack:T1/U2` took 123,456 tokens."
