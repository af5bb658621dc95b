import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formulas import as_code, settled

PIECES = [r"\(", r"\)", r"\[", r"\]", "$$", "$", "\\", "`", "```\n", "\n", "\n\n", "x^2", "word ", "é"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.mark.parametrize("latex", [r"\(a_1 * b_2\)", "\\[\nx\\,y\n\\]", r"$$\int_0^1 x\,dx$$"])
def test_a_formula_is_code(latex: str) -> None:
    assert as_code(f"so {latex} holds") == f"so `{latex}` holds"


@pytest.mark.parametrize(
    "text",
    ["from $$ to $$$", r"open \( x", r"`\(code\)`", "```\n\\(code\\)\n```", "\\[a\n\nb\\]", r"\\(x\\)", "$5 or $6"],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert as_code(text) == text


def test_a_formula_that_grows_is_waited_for() -> None:
    assert settled(r"so \(x") == 3
    assert settled("so $$x") == 3
    assert settled("so \\") == 3
    assert settled("so $$x$$") == 8
    assert settled(r"so \(x\) holds") == len(r"so \(x\) holds")
    assert settled("\\(" + "x" * 1000) == 1002
    assert settled("`\\(`") == 4
    assert settled("") == 0


@given(TEXTS)
def test_only_backticks_are_added(text: str) -> None:
    assert as_code(text).replace("`", "") == text.replace("`", "")


@given(TEXTS)
def test_what_is_settled_is_part_of_the_text(text: str) -> None:
    assert 0 <= settled(text) <= len(text)
