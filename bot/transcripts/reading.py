"""A transcript from a file that anybody may have written: checked whole before any of it is used."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.domain.transcripts import Entry, Fate, Transcript

MOST_BYTES = 5 * 1024 * 1024
_MOST_TURNS = 2_000
_MOST_PROBLEMS = 3

Said = Annotated[str, StringConstraints(min_length=1, max_length=500_000)]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class _Turn(_Piece):
    question: Said
    asked_at: AwareDatetime
    answer: Said | None
    answered_at: AwareDatetime | None
    ending: Annotated[str, StringConstraints(max_length=32)] | None
    state: Fate
    replaced_by: Annotated[int, Field(ge=0, lt=_MOST_TURNS)] | None


class _Record(_Piece):
    format: Literal["parley-conversation"]
    version: Literal[1]
    title: Annotated[str, StringConstraints(max_length=200)]
    written_at: AwareDatetime
    turns: Annotated[list[_Turn], Field(min_length=1, max_length=_MOST_TURNS)]


def from_record(content: bytes) -> Transcript:
    """What `to_record` wrote. Raises ValueError, with what is wrong, for anything else."""
    try:
        record = _Record.model_validate_json(content)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()]
        raise ValueError("; ".join(problems[:_MOST_PROBLEMS])) from None
    entries = [_entry(number, turn, len(record.turns)) for number, turn in enumerate(record.turns)]
    return Transcript(title=record.title, written_at=record.written_at, entries=entries)


def _entry(number: int, turn: _Turn, count: int) -> Entry:
    if turn.state != "failed" and turn.answer is None:
        raise ValueError(f"turns.{number}: it has no answer")
    if turn.replaced_by is not None and not number < turn.replaced_by < count:
        raise ValueError(f"turns.{number}: replaced_by is no later turn")
    if not _plausible(turn.asked_at) or not _plausible(turn.answered_at or turn.asked_at):
        raise ValueError(f"turns.{number}: nobody asked at that time")
    return Entry(
        question=turn.question,
        asked_at=turn.asked_at,
        fate=turn.state,
        answer=turn.answer,
        answered_at=turn.answered_at,
        ending=turn.ending,
        replaced_by=turn.replaced_by,
    )


def _plausible(at: datetime) -> bool:
    return 2000 <= at.year <= 2200
