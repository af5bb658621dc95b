"""Codes: whatever way they are written, and never twice the same."""

import secrets

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.codes import ALPHABET, digest, is_code, new_code


def test_a_code_has_five_bits_a_letter_and_is_easy_to_read() -> None:
    code = new_code(10, secrets.choice)
    assert len(code.replace("-", "")) == 10
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_codes_differ() -> None:
    assert len({new_code(10, secrets.choice) for _ in range(1000)}) == 1000


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert is_code("o1il-7k2m", digest("0111-7K2M"))


@given(st.text())
def test_nothing_else_is_a_code(words: str) -> None:
    code = "7K2M-9XQ4-TT"
    assert is_code(words, digest(code)) is (digest(words) == digest(code))
