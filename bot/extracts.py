"""What of an answer is better had as a file: code as it is, tables for a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.domain.updates import File
from bot.texts.tables import WIDEST, width

MOST_FILES = 10
"""Of one answer; each is a message."""

_LONG_LINES, _LONG_CODE = 30, 1500
"""Lines or characters from which nobody likes to copy code out of a chat."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How formulas begin (owasp.org/www-community/attacks/CSV_Injection)."""

_ENDINGS: Mapping[str, str] = {
    "bash": "sh",
    "c#": "cs",
    "c++": "cpp",
    "csharp": "cs",
    "dockerfile": "dockerfile",
    "golang": "go",
    "haskell": "hs",
    "javascript": "js",
    "kotlin": "kt",
    "latex": "tex",
    "markdown": "md",
    "objective-c": "m",
    "perl": "pl",
    "powershell": "ps1",
    "python": "py",
    "python3": "py",
    "ruby": "rb",
    "rust": "rs",
    "shell": "sh",
    "text": "txt",
    "typescript": "ts",
    "yaml": "yml",
    "zsh": "sh",
}
"""Of languages whose name is not the ending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A block of code; `language` as the model called it."""

    text: str
    language: str

    @property
    def ungainly(self) -> bool:
        return len(self.text) > _LONG_CODE or self.text.count("\n") > _LONG_LINES

    def file(self, number: int) -> File:
        ending = _ENDINGS.get(self.language, self.language)
        ending = ending if re.fullmatch(r"[a-z0-9]{1,10}", ending) else "txt"
        return File(name=f"code-{number}.{ending}", content=self.text.encode(), media_type="text/plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table, its head the first row; cells are plain text."""

    rows: Sequence[Sequence[str]]

    @property
    def ungainly(self) -> bool:
        """Whether it is wider than most screens when its columns are aligned."""
        columns = range(max(map(len, self.rows), default=0))
        widest = [max(width(row[at]) if at < len(row) else 0 for row in self.rows) for at in columns]
        return sum(one + 2 for one in widest) > WIDEST

    def file(self, number: int) -> File:
        return sheet(f"table-{number}.csv", self.rows)


def extracts(answer: str) -> list[Code | Grid]:
    """Every block of code and every table of an answer (Markdown), in order; empty ones are left out."""
    return [one for one in _read(answer) if (one.text.strip() if isinstance(one, Code) else one.rows)]


def ungainly(answer: str) -> bool:
    """Whether something in it is hard to read or to copy in a chat."""
    if not any(sign in answer for sign in ("```", "~~~", "|", "    ")):
        return False
    return any(one.ungainly for one in extracts(answer))


def files_of(answer: str) -> list[File]:
    """Its code and its tables as files, `MOST_FILES` at most."""
    return [one.file(number) for number, one in enumerate(extracts(answer)[:MOST_FILES], start=1)]


def sheet(name: str, rows: Sequence[Sequence[str | int | Decimal]]) -> File:
    """Rows for a spreadsheet, which would take words that begin like a formula for one: numbers are none.

    The mark at its beginning tells Excel that it is UTF-8.
    """
    out = io.StringIO()
    csv.writer(out).writerows([[_cell(one) for one in row] for row in rows])
    return File(name=name, content=out.getvalue().encode("utf-8-sig"), media_type="text/csv")


def _cell(value: str | int | Decimal) -> str:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else str(value)


def _read(answer: str) -> Iterator[Code | Grid]:
    import pyromark

    words: list[str] = []
    language = ""
    rows: list[list[str]] = []
    for event in pyromark.events(answer, options=pyromark.Options.ENABLE_TABLES):
        match _named(event):
            case "Start", "CodeBlock", kind:
                language, words = _language(kind), []
            case "End", "CodeBlock", _:
                yield Code(text="".join(words), language=language)
            case "Start", "Table", _:
                rows = []
            case "Start", ("TableHead" | "TableRow"), _:
                rows.append([])
            case "Start", "TableCell", _:
                words = []
            case "End", "TableCell", _:
                rows[-1].append(" ".join("".join(words).split()))
            case "End", "Table", _:
                yield Grid(rows=rows)
            case (("Text" | "Code" | "InlineHtml"), said, _):
                words.append(said)
            case _:
                continue


def _named(event: Any) -> tuple[str, str, Any]:
    """An event of pyromark's as (what, name, more)."""
    if not isinstance(event, dict):
        return str(event), "", None
    ((what, value),) = event.items()
    if isinstance(value, dict):
        ((name, more),) = value.items()
        return what, name, more
    return what, str(value), None


def _language(kind: Any) -> str:
    """The first word behind the fence."""
    told = str(kind.get("Fenced", "")) if isinstance(kind, dict) else ""
    return told.split()[0].strip("{}.").lower() if told.split() else ""
