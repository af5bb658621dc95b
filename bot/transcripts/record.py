"""A transcript as JSON: complete, and what can be imported again."""

import json
from datetime import datetime

from bot.domain.transcripts import Transcript

FORMAT = "parley-conversation"
VERSION = 1


def to_record(transcript: Transcript) -> str:
    """Whole, with every branch. Letters stay letters, so that people can read it."""
    turns = [
        {
            "question": entry.question,
            "asked_at": entry.asked_at.isoformat(),
            "answer": entry.answer,
            "answered_at": _moment(entry.answered_at),
            "ending": entry.ending,
            "state": entry.fate,
            "replaced_by": entry.replaced_by,
        }
        for entry in transcript.entries
    ]
    record = {
        "format": FORMAT,
        "version": VERSION,
        "title": transcript.title,
        "written_at": transcript.written_at.isoformat(),
        "turns": turns,
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
