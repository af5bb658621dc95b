"""What runs from left to right keeps its shape in a language that runs from right to left."""

from zoneinfo import ZoneInfo

import pytest

from bot.domain.quotas import Rule, Standing
from bot.domain.windows import Window
from bot.texts import Typed, code, code_block, text, words
from bot.texts.catalogues import Catalogue
from bot.texts.directions import END, FROM_THE_RIGHT, ISOLATE, MARKS
from bot.texts.limits import bar
from bot.texts.tables import aligned

ARABIC = Catalogue("ar", ZoneInfo("UTC"))


def marked(said: str) -> str:
    return f"{ISOLATE}{said}{END}"


def plain(said: str) -> str:
    return "".join(letter for letter in said if letter not in MARKS)


def test_a_command_keeps_its_slash_before_it() -> None:
    assert ARABIC.render(text("{name}", name=Typed("usage week"))) == marked("/usage week")


def test_a_name_stands_between_marks_whatever_is_in_it() -> None:
    assert ARABIC.render(text("{name}", name=code("ada-1"))) == marked("`ada-1`")


@pytest.mark.parametrize("said", ["أحمد", "▰▰▱", "12", ""])
def test_what_runs_with_the_sentence_has_no_marks(said: str) -> None:
    assert ARABIC.render(words(said)) == said


def test_numbers_have_no_marks() -> None:
    assert ARABIC.render(text("{limit}", limit=1234)) == "1,234"


def test_code_is_copied_without_marks() -> None:
    sentence = text(
        "I cannot read that. Usage: `{usage}`\nFor example: `{example}`", usage=Typed("persona"), example=Typed("new")
    )
    said = ARABIC.render(sentence)
    assert marked("`/persona`") in said
    assert marked("`/new`") in said


def test_a_block_of_code_begins_its_line() -> None:
    assert ARABIC.render(words(code_block("a b"))) == "```\na b\n```"


def test_other_languages_have_no_marks() -> None:
    assert Catalogue("de", ZoneInfo("UTC")).render(text("{name}", name=Typed("new"))) == "/new"


def test_a_bar_fills_from_the_side_where_lines_begin() -> None:
    said = ARABIC.render(bar(Standing(rule=Rule(meter="messages", window=Window.parse("day"), limit=10), used=3)))
    assert said.startswith("▰▰▰▱▱▱▱▱▱▱ الرسائل اليوم")
    assert not MARKS & set(said)


def test_money_keeps_its_sign_at_its_end() -> None:
    said = ARABIC.render(text("Cost: US$ {dollars}.", dollars=5))
    assert "US$\u200e" in said


def test_every_line_of_a_table_runs_the_same_way_and_its_cells_their_own() -> None:
    drawn, _ = aligned(["الاسم", "العدد"], [["gpt-x", "3"], ["أحمد", "12"]], right={1}, right_to_left=True)
    head, rule, model, name = drawn.splitlines()
    assert all(line.startswith(FROM_THE_RIGHT) for line in (head, rule, model, name))
    assert marked("gpt-x") in model
    assert [line.split()[-1] for line in (model, name)] == ["3", "12"]
    assert model.index("3") == name.index("12") + 2  # below each other, and two marks


def test_marks_that_came_with_a_cell_do_not_break_the_table() -> None:
    drawn, _ = aligned(["a"], [[marked("b")]])
    assert drawn.splitlines()[-1] == "b"


def test_marks_add_nothing_that_is_read() -> None:
    assert plain(ARABIC.render(text("{plan} until {until}", plan=code("vip"), until="x"))) == "`vip` حتى x"
