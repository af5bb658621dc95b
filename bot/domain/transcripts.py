"""Conversations as files have them: what was said, in order, with the branches that were left; and a person's all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation with its number, and where it was."""

    id: int
    place: str
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A picture that went with a question."""

    conversation: int
    turn: int
    position: int
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Everything of somebody's. `records` are rows by table; times in them are milliseconds since 1970 (UTC)."""

    written_at: datetime
    talks: Sequence[Talk]
    pictures: Sequence[Sight]
    records: Mapping[str, Sequence[Mapping[str, Any]]]
