"""Tables of people as spreadsheets write them, and as strangers might."""

import pytest

from bot.admin.sheet import MOST_CHANGES, Sheet, read_sheet


def read(text: str) -> Sheet:
    return read_sheet(text.encode(), ["telegram", "slack"])


def commands(text: str) -> list[str]:
    sheet = read(text)
    assert list(sheet.problems) == []
    return [" ".join(words) for line in sheet.lines for words in line.commands]


def problems(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.what) for one in read(text).problems]


def test_each_cell_is_a_command() -> None:
    assert commands("id,plan,role,messages,tokens per week on strong\ntelegram:11,team,support,50,unlimited\n") == [
        "plan assign telegram:11 team",
        "role telegram:11 support",
        "quota set telegram:11 messages 50",
        "quota set telegram:11 tokens unlimited per week on strong",
    ]


def test_an_empty_cell_changes_nothing() -> None:
    assert commands("id,plan,messages\ntelegram:11,,5\n\n,,\nslack:T1/U2,team,\n") == [
        "quota set telegram:11 messages 5",
        "plan assign slack:T1/U2 team",
    ]


def test_notes_are_for_whoever_keeps_the_table() -> None:
    assert commands("id,Name,note,messages\ntelegram:11,=cmd(),\x1b[31m,5\n") == ["quota set telegram:11 messages 5"]


@pytest.mark.parametrize("text", ["\ufeffid;messages\r\ntelegram:11;5\r\n", "messages\tid\n5\ttelegram:11"])
def test_spreadsheets_write_csv_in_many_ways(text: str) -> None:
    assert commands(text) == ["quota set telegram:11 messages 5"]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("11", "id '11' is not like telegram:123"),
        ("irc:1", "id 'irc:1' is not like telegram:123"),
        ("", "id '' is not like telegram:123"),
        ("telegram:1 role", "id 'telegram:1 role' is not like telegram:123"),
        ("telegram:" + "1" * 100, f"id 'telegram:{'1' * 31}' is not like telegram:123"),
    ],
)
def test_ids_are_checked(cell: str, told: str) -> None:
    assert problems(f"id,messages\n{cell},5\n") == [(2, told)]


@pytest.mark.parametrize("cell", ["5; drop", "=1+1", "5\u202e0", "a" * 5 + " b" * 9])
def test_cells_hold_words_and_numbers(cell: str) -> None:
    ((line, what),) = problems(f"id,messages\ntelegram:11,{cell}\n")
    assert (line, what.endswith("cannot be read")) == (2, True)


def test_every_bad_line_is_named_and_the_good_ones_are_kept() -> None:
    sheet = read('id,messages\n11,5\ntelegram:11,"5\n6"\ntelegram:12,5\ntelegram:12,6\ntelegram:13\n')
    assert [one.line for one in sheet.problems] == [2, 4, 6, 7]
    assert [line.who for line in sheet.lines] == ["telegram:12"]


@pytest.mark.parametrize("text", ["", "name,messages\nAda,5\n", "telegram:11,5\n"])
def test_columns_have_names(text: str) -> None:
    ((line, what),) = problems(text)
    assert (line, "names no column id" in what) == (1, True)


def test_what_is_no_csv_is_told() -> None:
    ((line, what),) = problems('id,messages\n"telegram:11"x,5\n')
    assert (line, "is no CSV" in what) == (2, True)


def test_what_is_no_utf_8_is_told_with_its_line() -> None:
    sheet = read_sheet("id,name\ntelegram:11,Jürgen\n".encode("latin-1"), ["telegram"])
    assert [(one.line, "is not UTF-8" in one.what) for one in sheet.problems] == [(2, True)]


def test_a_running_bot_waits_for_so_many_changes_and_no_more() -> None:
    rows = "".join(f"telegram:{number},5\n" for number in range(MOST_CHANGES + 1))
    ((_, what),) = problems(f"id,messages\n{rows}")
    assert "split the file" in what
