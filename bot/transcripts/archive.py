"""Everything of a person in ZIP files: each conversation as it can be imported, pictures, and what else is stored."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.transcripts import Person, Talk
from bot.transcripts.record import to_record

FORMAT = "parley-person"
VERSION = 1

_AROUND = 300
"""Bytes of a ZIP for each file in it, beside the content and twice the name, at most."""

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def to_archives(person: Person, most: int) -> Sequence[bytes]:
    """As many ZIP files of at most `most` bytes as it takes. Raises ValueError if a conversation fits into none."""
    volumes: list[list[tuple[str, bytes]]] = [[]]
    taken = 0
    for name, content in _files(person):
        size = len(zlib.compress(content)) + 2 * len(name.encode()) + _AROUND
        if size > most - _AROUND:
            raise ValueError(f"{name} is too large")
        if taken + size > most - _AROUND:
            volumes.append([])
            taken = 0
        volumes[-1].append((name, content))
        taken += size
    return [_zipped(volume) for volume in volumes]


def _files(person: Person) -> Iterator[tuple[str, bytes]]:
    listed = [{"file": _name(talk), "place": talk.place, "title": talk.transcript.title} for talk in person.talks]
    about = {"format": FORMAT, "version": VERSION, "written_at": person.written_at.isoformat(), "conversations": listed}
    yield "about.json", _json(about)
    for table, rows in person.records.items():
        yield f"records/{table}.json", _json(rows)
    for talk in person.talks:
        yield _name(talk), to_record(talk.transcript).encode("utf-8", "replace")
    for one in person.pictures:
        ending = _ENDINGS.get(one.media_type, "bin")
        yield f"pictures/{one.conversation}-{one.turn}-{one.position}.{ending}", one.content


def _name(talk: Talk) -> str:
    return f"conversations/{talk.id}.json"


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode("utf-8", "replace")


def _zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return whole.getvalue()
