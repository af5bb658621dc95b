"""A conversation as a file has it: what was said, in order, with the branches that were left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Fate = Literal["answered", "replaced", "failed"]
"""What became of a turn: it is part of the conversation, it was left for another branch, or nothing came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One turn. `replaced_by` is the number in the transcript, from 0, of the turn that took its place."""

    question: str
    asked_at: datetime
    fate: Fate
    answer: str | None = None
    answered_at: datetime | None = None
    ending: str | None = None
    replaced_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A conversation. `title` is "" if it has none; times are aware."""

    title: str
    written_at: datetime
    entries: Sequence[Entry]
