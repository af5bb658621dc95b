"""An answer before it is sent: pieces of text, and the ways a vendor may dress them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

#: A token-ish piece: a word with the space before it (as the real tokenizers cut), long words in parts,
#: Chinese and its neighbours by two characters, and white space at the end.
PIECE = re.compile(
    r"\s*[^\s\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]{1,16}"
    r"|\s*[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]{1,2}"
    r"|\s+"
)

#: Which delta field carries the text. Refusals come in their own field, thinking in `reasoning_content`.
Field = Literal["content", "refusal", "reasoning_content"]
#: How usage is told: after the answer (OpenAI), never (llama-cpp-python), growing on every chunk (Gemini),
#: or with nulls where numbers belong.
Told = Literal["last", "never", "every chunk", "nulls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one chunk carries."""

    text: str
    tokens: int
    field: Field = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The answer as it is about to be sent."""

    pieces: tuple[Piece, ...]
    finish: str = "stop"
    usage: Told = "last"
    #: Start with a chunk of `choices: []`, as Azure does.
    empty_first: bool = False
    #: Put `: comment` lines between chunks, as OpenRouter does while it waits.
    comments: bool = False


def cut(text: str, count: Callable[[str], int]) -> tuple[Piece, ...]:
    """The pieces of a text. Joined they are the text; the sum of their counts is what is billed."""
    return tuple(Piece(text=piece, tokens=count(piece)) for piece in PIECE.findall(text))


def draft(text: str, count: Callable[[str], int], limit: int) -> Draft:
    """An answer of at most `limit` tokens; a longer one ends with `finish_reason` `length`."""
    pieces = cut(text, count)
    spent = 0
    for index, piece in enumerate(pieces):
        spent += piece.tokens
        if spent > limit:
            return Draft(pieces=pieces[:index], finish="length")
    return Draft(pieces=pieces)
