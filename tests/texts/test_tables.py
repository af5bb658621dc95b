"""Tables in letters of one width."""

from bot.texts.tables import WIDEST, aligned, width


def test_chinese_letters_take_two_columns() -> None:
    drawn, _ = aligned(["名字", "n"], [["李雷", "1"], ["Ada", "22"]], right={1})
    assert drawn.splitlines() == ["名字   n", "────  ──", "李雷   1", "Ada   22"]


def test_accents_that_are_letters_of_their_own_take_no_column() -> None:
    assert width("e\u0301") == 1


def test_long_words_are_cut_and_numbers_are_not() -> None:
    drawn, whole = aligned(["who", "tokens"], [["a" * 100, "1,234,567"]], right={1})
    *_, row = drawn.splitlines()
    assert (width(row), row.endswith("aaa…  1,234,567"), whole) == (WIDEST, True, True)


def test_chinese_words_are_cut_between_letters() -> None:
    drawn, _ = aligned(["who"], [["李" * 100]])
    assert drawn.splitlines()[-1] == "李" * ((WIDEST - 1) // 2) + "…"


def test_columns_that_have_no_room_go_from_the_right() -> None:
    drawn, whole = aligned([f"column {number}" for number in range(9)], [["x" * 20] * 9])
    assert ("column 0" in drawn, "column 8" in drawn, whole) == (True, False, False)
    assert max(map(width, drawn.splitlines())) <= WIDEST


def test_a_cell_stays_on_its_line() -> None:
    drawn, _ = aligned(["who"], [["a\nb\tc\u202ed"]])
    assert drawn.splitlines()[-1] == "a b c d"
