import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.emulator.values import LINK, PING
from adapters.slack.markup import escape, joint, open_fence, plain, settled, split

CONTROL = [
    "<!channel>",
    "<@U1>",
    "<#C1|x>",
    "<https://a.b|c>",
    "<",
    ">",
    "!",
    "@",
    "&lt;",
    "&",
    "mailto:",
    "http:",
    "//",
    "https://a.b>",
]
MARKS = ["```", "```python\n", "\n```\n", "`", "~~~", " ", "\n", "\n\n", "é", "文", "a", "word ", "<b>"]
PIECES = st.sampled_from([*CONTROL, *MARKS])
TEXTS = st.lists(PIECES, max_size=80).map("".join)
LONG = st.lists(st.sampled_from(["word ", "longer-word", "\n", "\n\n", "文字", "&lt;", "x" * 300]), max_size=200).map(
    "".join
)


def bare(text: str) -> str:
    return "".join(text.split())


@given(TEXTS)
def test_no_ping_and_no_disguised_link_survives(text: str) -> None:
    assert not PING.search(escape(text))
    assert not any(label for _, label in LINK.findall(escape(text)))


@given(TEXTS)
def test_escaping_changes_nothing_but_the_bracket(text: str) -> None:
    assert escape(text).replace("&lt;", "<") == text.replace("&lt;", "<")


@pytest.mark.parametrize(
    "text",
    ["a < b", "List<String>", "#include <stdio.h>", "x <- 3", "a & b", "https://a.b/?c=1&d=2", "<https://a.b/_c_>"],
)
def test_innocent_brackets_and_ampersands_stay(text: str) -> None:
    assert escape(text) == text


@given(TEXTS, st.integers(0, 200))
def test_what_is_settled_never_changes_as_the_text_grows(text: str, size: int) -> None:
    early = escape(text[: settled(text[:size])])
    assert escape(text).startswith(early)


@given(TEXTS)
def test_a_joint_is_before_a_character_that_is_not_blank(text: str) -> None:
    assert not text.strip() or not text[joint(text)].isspace()


@given(LONG)
def test_prose_is_cut_without_loss(text: str) -> None:
    pieces = split(text, 200)
    assert all(0 < len(piece) <= 200 for piece in pieces)
    assert bare("".join(pieces)) == bare(text)


@given(TEXTS.map(lambda text: re.sub("(```|~~~)", r"\n\1\n", text) * 12))
def test_pieces_fit_whatever_the_text(text: str) -> None:
    pieces = split(text, 200)
    assert all(0 < len(piece) <= 200 for piece in pieces)
    # Closing and reopening adds marks, nothing else.
    added = re.compile(r"[\s`~]")
    assert added.sub("", "".join(pieces)) == added.sub("", text)


@given(st.integers(1, 60), st.integers(0, 30))
def test_a_cut_code_block_is_closed_and_opened_again(lines: int, before: int) -> None:
    code = [f"line_{number} = {number}" for number in range(lines)]
    text = "word " * before + "\n```python\n" + "\n".join(code) + "\n```\nafter"
    pieces = split(text, 200)
    assert all(open_fence(piece) is None for piece in pieces)
    inside = [line for piece in pieces for line in piece.split("\n") if line.startswith("line_")]
    assert inside == code


def test_paragraphs_are_preferred_to_lines_and_lines_to_blanks() -> None:
    assert split("a" * 120 + "\n\n" + "b " * 60, 200) == ["a" * 120, "b " * 60]
    assert split("a" * 120 + "\n" + "b " * 60, 200) == ["a" * 120, "b " * 60]
    assert split("a" * 120 + " " + "b" * 120, 200) == ["a" * 120, "b" * 120]


def test_an_entity_is_not_cut() -> None:
    pieces = split("x" * 174 + "&lt;" + "y" * 100, 200)
    assert pieces[1].startswith("&lt;")


def test_the_first_piece_may_have_less_room_and_be_empty() -> None:
    assert split("word " * 10, 200, first=0) == ["", "word " * 10]


def test_a_notification_is_one_short_line() -> None:
    assert plain("# **Hello**\n\nworld") == "Hello world"
    assert len(plain("word " * 100)) <= 150
