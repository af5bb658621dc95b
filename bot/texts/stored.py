"""Sentences as JSON: said now, stored, and rendered when it is known who reads them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.texts import Text, Typed

_KIND = "kind"


def to_json(sentence: Text) -> dict[str, Any]:
    """A sentence as plain JSON values; `from_json` gives it back."""
    return {
        "message": sentence.message,
        "values": {name: _stored(value) for name, value in sentence.values.items()},
        "plural": sentence.plural,
        "count": sentence.count,
    }


def from_json(stored: Mapping[str, Any]) -> Text:
    """The sentence that `to_json` was given. Raises KeyError, TypeError or ValueError for anything else."""
    values = {name: _restored(value) for name, value in stored["values"].items()}
    return Text(stored["message"], values, stored["plural"], stored["count"])


def _stored(value: Any) -> Any:
    match value:
        case Text():
            return {_KIND: "text", **to_json(value)}
        case Typed(words):
            return {_KIND: "typed", "words": words}
        case Decimal():
            return {_KIND: "decimal", "number": str(value)}
        case datetime():
            return {_KIND: "time", "at": value.isoformat()}
        case str() | int():
            return value
    raise TypeError(f"no fact of a sentence: {type(value).__name__}")


def _restored(value: Any) -> Any:
    match value:
        case {"kind": "text"}:
            return from_json(value)
        case {"kind": "typed", "words": words}:
            return Typed(words)
        case {"kind": "decimal", "number": number}:
            return Decimal(number)
        case {"kind": "time", "at": at}:
            return datetime.fromisoformat(at)
    return value
