"""What charts show."""

from dataclasses import replace
from datetime import date

from bot.charts.values import (
    RankChart,
    Slice,
    UsageChart,
    WindowChart,
    context_chart,
    usage_chart,
    waits_chart,
)
from bot.domain.usage import DayUse
from bot.texts import Text, text

TODAY = date(2026, 11, 26)


def use(day: int, model: str, tokens: int) -> DayUse:
    return DayUse(day=date(2026, 11, day), group=model, tokens=tokens, cost=0)


def test_days_without_use_are_there_too() -> None:
    chart = usage_chart([use(24, "a", 5), use(26, "a", 7)], until=TODAY, days=3, limit=10)
    assert chart == UsageChart(first=date(2026, 11, 24), days=3, used={"a": [5, 0, 7]}, limit=10)


def test_the_model_that_was_used_most_stands_at_the_bottom() -> None:
    assert list(usage_chart([use(26, "a", 1), use(26, "b", 2)], until=TODAY).used) == ["b", "a"]


def test_models_that_were_hardly_used_stand_together() -> None:
    uses = [use(26, f"m{number}", 100 - number) for number in range(9)]
    chart = usage_chart(uses, until=TODAY, days=1)
    assert list(chart.used) == ["m0", "m1", "m2", "m3", "m4", "…"]
    assert chart.used["…"] == [95 + 94 + 93 + 92]


def test_what_was_used_before_the_first_day_is_left_out() -> None:
    assert usage_chart([use(1, "a", 5)], until=TODAY, days=2).used == {"a": [0, 0]}


def test_names_go_along_in_english_for_machines_without_the_reader_s_letters() -> None:
    def words(said: Text) -> str:
        return {"History": "历史"}[said.message]

    chart = WindowChart(slices=[Slice(name=text("History"), tokens=7)], window=10)
    assert chart.to_json(words)["slices"] == [{"name": "历史", "english": "History", "tokens": 7}]


def test_money_and_calls_are_charts_too() -> None:
    uses = [replace(use(26, "a", 7), cost=9, calls=2)]
    assert usage_chart(uses, until=TODAY, days=1, unit="cost").used == {"a": [9]}
    assert usage_chart(uses, until=TODAY, days=1, unit="calls").used == {"a": [2]}


def test_waits_stand_from_short_to_long_whatever_there_was() -> None:
    chart = waits_chart([replace(use(26, "30", 0), calls=3)], until=TODAY, days=1)
    assert chart.used == {"none": [0], "1": [0], "5": [0], "30": [3], "more": [0]}
    assert chart.to_json(lambda said: said.message)["series"][3]["name"] == "up to 30 s"


def test_a_prompt_is_what_the_vendor_had_and_what_it_read() -> None:
    uses = [replace(use(26, "a", 10), read=8, cached=3), replace(use(26, "b", 10), read=2, cached=0)]
    assert context_chart(uses, until=TODAY, days=1).used == {"cached": [3], "fresh": [7]}


def test_ranks_keep_their_order() -> None:
    ranks = RankChart(ranks=[("b", 5), ("a", 3)]).to_json(lambda said: said.message)["ranks"]
    assert [(one["name"], one["number"]) for one in ranks] == [("b", 5), ("a", 3)]
