"""What is wrong with a file that somebody sent."""

from typing import Literal

from bot.errors.base import ParleyError

Flaw = Literal[
    "away",
    "bomb",
    "count",
    "damaged",
    "deaf",
    "blind",
    "empty",
    "kind",
    "large",
    "locked",
    "long",
    "room",
    "silent",
    "slow",
    "unheard",
]


class FileRefused(ParleyError):
    """A file cannot be used. `why` is told in a note, beside what became of the other files."""

    def __init__(self, why: Flaw) -> None:
        super().__init__(why)
        self.why = why
