"""Mistakes in the models file, each as one line: file, place, what is wrong and what to do."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError

P = TypeVar("P", bound=BaseModel)


class Problems:
    """Collects every mistake, so that all are told at once. No line shows a value that could be a key."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: list[str] = []

    def add(self, place: str, what: str) -> None:
        self._lines.append(f"{self._file}: {place} {what}")

    def read(self, piece: type[P], raw: object, place: str) -> P | None:
        """`raw` as a piece of the file; None, with its problems noted, if it is none."""
        try:
            return piece.model_validate(raw)
        except ValidationError as error:
            for one in error.errors(include_input=False, include_url=False):
                self.add(_at(place, one["loc"]), _what(one, piece))
            return None

    def tables(self, raw: object, place: str) -> Sequence[Mapping[str, Any]]:
        """`raw` as a list of tables, empty with the problem noted if it is none."""
        if isinstance(raw, list) and all(isinstance(one, dict) for one in raw):
            return raw
        self.add(place, f"should be tables: begin each with [[{place.rpartition(', ')[2]}]]")
        return ()

    def table(self, raw: object, place: str) -> Mapping[str, Any]:
        """`raw` as a table, empty with the problem noted if it is none."""
        if isinstance(raw, dict):
            return raw
        self.add(place, f"should be a table: begin it with [{place}]")
        return {}

    def raise_any(self) -> None:
        """Raises ConfigError with everything found."""
        if self._lines:
            raise ConfigError(self._lines)


def listed(names: Sequence[str]) -> str:
    """What there is, for whoever wrote a name that is not among it."""
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")


def _at(place: str, where: Sequence[int | str]) -> str:
    inner = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in where).lstrip(".")
    return f"{place}, {inner}:" if inner else f"{place}:"


def _what(error: ErrorDetails, piece: type[BaseModel]) -> str:
    if error["type"] == "missing":
        return "is missing: docs/models.md tells what it is"
    if error["type"] == "extra_forbidden":
        return f"is no setting that can stand here{_meant(str(error['loc'][-1]), piece)}"
    said = error["msg"].removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _meant(name: str, piece: type[BaseModel]) -> str:
    close = get_close_matches(name, _names(piece), n=1)
    return f": do you mean {close[0]}?" if close else ": docs/models.md tells what can"


def _names(piece: type[BaseModel]) -> set[str]:
    """The settings of a piece and, one level down, of the pieces in it."""
    inner = [one.annotation for one in piece.model_fields.values()]
    pieces = [piece, *(one for one in inner if isinstance(one, type) and issubclass(one, BaseModel))]
    return {name for one in pieces for name in one.model_fields}
