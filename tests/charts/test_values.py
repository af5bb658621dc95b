"""What charts show."""

from datetime import date

from bot.charts.values import Slice, UsageChart, WindowChart, usage_chart
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
