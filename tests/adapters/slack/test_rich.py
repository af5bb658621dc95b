"""Our own sentences as rich text; whatever people call things stays what it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.rich import LONGEST, rich


def texts(markdown: str) -> list[list[tuple[str, str]]]:
    """Each block's pieces: what is read, and in which style."""
    return [[_piece(one) for one in part["elements"]] for block in rich(markdown) for part in block["elements"]]


def _piece(one: dict[str, Any]) -> tuple[str, str]:
    return one["text"], next(iter(one.get("style", {})), "")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("plain", [[("plain", "")]]),
        ("a `b` c", [[("a ", ""), ("b", "code"), (" c", "")]]),
        ("**b** & <@U1>", [[("b", "bold"), (" & <@U1>", "")]]),
        ("one\n\ntwo\n", [[("one\n\ntwo", "")]]),
        ("a\n```\nx  y\n1  2\n```\nb", [[("a", "")], [("x  y\n1  2", "")], [("b", "")]]),
        ("`*_~` and a*b", [[("*_~", "code"), (" and a*b", "")]]),
        ("", []),
        (" \n ", []),
    ],
)
def test_what_a_sentence_becomes(markdown: str, shown: list[list[tuple[str, str]]]) -> None:
    assert texts(markdown) == shown


def test_long_texts_are_cut_at_the_ends_of_lines() -> None:
    lines = "\n".join("word " * 20 for _ in range(100))
    pieces = [piece for block in texts(lines) for piece, _ in block]
    assert all(len(piece) <= LONGEST for piece in pieces)
    assert "\n".join(pieces) == lines


@given(st.text(alphabet=st.sampled_from("ab`*\n _<>@!x "), max_size=80))
def test_whatever_is_said_is_accepted_and_read(markdown: str) -> None:
    blocks = rich(markdown)
    check_blocks(blocks, view=True)
    read = "".join(piece for block in texts(markdown) for piece, _ in block)
    marks = str.maketrans("", "", "`* \n")
    assert read.translate(marks) == markdown.translate(marks)
