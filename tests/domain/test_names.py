"""Names that try to be somebody else's."""

import pytest

from bot.domain.names import folded, shown, skeleton


@pytest.mark.parametrize("like", ["@Ada", "ADA", "аdа", "ａｄａ", "a\u200bda", "a\u202eda", "ádà", "𝐚𝐝𝐚", " ada "])
def test_usernames_that_look_alike_have_one_skeleton(like: str) -> None:
    assert skeleton(like) == skeleton("ada")


@pytest.mark.parametrize(
    ("one", "other"), [("paypal", "paypa1"), ("admin", "adrnin"), ("oliver", "0livеr"), ("iii", "lıl")]
)
def test_letters_and_digits_that_look_alike_are_one(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_different_names_stay_different() -> None:
    assert len({skeleton(name) for name in ("ada", "ade", "bda", "adaa", "")}) == 5


def test_a_name_cannot_show_an_id_of_its_own() -> None:
    assert shown("Ada (@ada, telegram:11)") == "Ada [·ada, telegram·11]"


def test_what_is_unseen_or_turns_the_line_around_is_not_shown() -> None:
    assert shown("A\u202ed\u200ba\u2066\u00ad\n\tL\u0000ovelace") == "Ada Lovelace"


def test_a_name_of_nothing_is_shown_as_a_dash() -> None:
    assert shown("\u3164\u200b \ufe0f") == "—"


def test_accents_do_not_pile_up() -> None:
    assert shown("e" + "\u0301" * 50 + "l") in ("é\u0301\u0301l", "é\u0301l")


def test_names_of_other_scripts_are_left_alone() -> None:
    assert [shown(name) for name in ("王小明", "Zoë", "Жанна", "नमस्ते")] == ["王小明", "Zoë", "Жанна", "नमस्ते"]


def test_searching_knows_neither_case_nor_form() -> None:
    assert folded("  ＺＯＥ\u0308 ") == folded("Zoë")
