"""Several messages that are one question: how they are joined, and what an edit of one of them does to it."""

from collections.abc import Sequence
from dataclasses import dataclass

JOINT = "\n"
"""Between the messages of a question. A paste that a client cut in two is cut at a line's end, if it has any."""

Message = tuple[str, int]
"""The platform's id of a message, and how many characters of the question are its. What no message said (the text of
attachments) has no id.
"""


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


_SPLIT = 3_500
"""Characters from which a message may be a paste that the client cut: Telegram and Slack cut near 4,000."""

_LONGER = 3
"""A client sends the rest of a paste more slowly than it cut it: so many times the usual pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """How long it must be quiet before a question is taken to be complete; 0: each message is one."""

    seconds: float = 0.0
    most: int = 20

    def pause(self, text: str) -> int:
        """Milliseconds within which something belongs to what was said just before."""
        return round(self.seconds * 1000) * (_LONGER if len(text) >= _SPLIT else 1)

    def left(self, text: str, age: int) -> float:
        """Seconds of quiet that are missing after something that was said `age` milliseconds ago."""
        return max(0, self.pause(text) - age) / 1000
