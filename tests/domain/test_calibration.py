"""Estimates come nearer to what models really count, call by call, and never run away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calibration import Lesson


def test_estimates_come_nearer_to_what_the_server_counts() -> None:
    lesson = Lesson()
    for _ in range(30):
        lesson = lesson.counted(estimate=1000, reported=1400)
    assert lesson.ratio == pytest.approx(1.4, abs=0.01)


def test_one_strange_call_changes_little() -> None:
    assert Lesson().counted(estimate=1000, reported=1_000_000).ratio == pytest.approx(1.2)


def test_small_prompts_and_missing_counts_teach_nothing() -> None:
    assert Lesson().counted(estimate=20, reported=200) == Lesson()
    assert Lesson().counted(estimate=2000, reported=0) == Lesson()


def test_a_window_only_ever_shrinks() -> None:
    assert Lesson().overflowed(window=4000).overflowed(window=9000).window == 4000


def test_small_changes_are_not_worth_writing_down() -> None:
    assert not Lesson(ratio=1.01).differs(Lesson())
    assert Lesson(ratio=1.03).differs(Lesson())
    assert Lesson(window=4000).differs(Lesson())


@given(calls=st.lists(st.tuples(st.integers(0, 10**6), st.integers(-5, 10**7))))
def test_whatever_servers_report_the_ratio_stays_within_its_bounds(calls: list[tuple[int, int]]) -> None:
    lesson = Lesson()
    for estimate, reported in calls:
        lesson = lesson.counted(estimate=estimate, reported=reported)
    assert 0.7 <= lesson.ratio <= 2.0
