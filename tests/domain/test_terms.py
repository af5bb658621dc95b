"""What texts are found by, in the languages people mix."""

from datetime import date

import pytest

from bot.domain.terms import date_terms, dates_in, key, terms


def test_words_lose_their_endings_and_little_words_are_left_out() -> None:
    assert terms("The cats were running!") == ["cat", "run"]


def test_chinese_is_found_by_pairs_and_single_characters() -> None:
    assert terms("我喜欢吃苹果") == ["我喜", "喜欢", "欢吃", "吃苹", "苹果", "喜", "欢", "吃", "苹", "果"]


def test_pairs_of_little_characters_are_left_out() -> None:
    assert terms("这是什么") == []


def test_one_text_may_hold_both() -> None:
    assert terms("用Python写爬虫") == ["用", "python", "写爬", "爬虫", "写", "爬", "虫"]


@pytest.mark.parametrize("text", ["", " \n", "👩‍👩‍👧‍👦", "\0\ud800", "!!!"])
def test_what_has_no_words_has_no_terms(text: str) -> None:
    assert terms(text) == []


def test_a_word_without_end_is_cut() -> None:
    assert [len(term) for term in terms("x" * 100_000)] == [64]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What did we do on May 8?", ["@m5", "@d5-8"]),
        ("the 3rd of June", ["@m6", "@d6-3"]),
        ("in may 2026", ["@m5", "@y2026"]),
        ("2026-11-05", ["@m11", "@d11-5", "@y2026"]),
        ("5月3号我们聊了什么", ["@m5", "@d5-3"]),
        ("2026年的事", ["@y2026"]),
        ("may I ask?", []),
        ("room 2087a", []),
    ],
)
def test_dates_are_understood(text: str, found: list[str]) -> None:
    assert dates_in(text) == found


def test_a_named_day_finds_what_was_said_on_it() -> None:
    assert set(dates_in("8 May 2026")) == set(date_terms(date(2026, 5, 8)))


def test_keys_are_the_same_for_ever_and_fit_the_database() -> None:
    assert key("cat") == 3686158003148265519
    assert all(-(2**63) <= key(str(number)) < 2**63 for number in range(1000))
