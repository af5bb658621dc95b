"""Several messages that are one question: how they are joined, and what an edit of one of them does to it."""

from collections.abc import Sequence

JOINT = "\n"
"""Between the messages of a question. A paste that a client cut in two is cut at a line's end, if it has any."""

Message = tuple[str, int]
"""The platform's id of a message, and how many characters of the question are its."""


def joined(texts: Sequence[str]) -> str:
    """Several messages as one question."""
    return JOINT.join(texts)


def edited(question: str, messages: Sequence[Message], number: str, text: str) -> tuple[str, list[Message]]:
    """The question and its messages after the one of that number was changed to `text`."""
    pieces, at = [], 0
    for other, size in messages:
        pieces.append((other, text if other == number else question[at : at + size]))
        at += size + len(JOINT)
    return joined([piece for _, piece in pieces]), [(other, len(piece)) for other, piece in pieces]
