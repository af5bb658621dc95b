"""A table of people and what they may: read whole and checked whole, then each cell is a command."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.people import Identity

_ID = "id"
_NOTES = frozenset({"name", "note"})
"""Columns that are for whoever keeps the table."""

_DELIMITERS = ",;\t"
_VALUE = re.compile(r"[\w.%:+-]+(?: [\w.%:+-]+){0,8}")
_LONGEST_ID = 100
MOST_CHANGES = 1000
"""A change takes some two milliseconds, in which nobody else writes to SQLite; a running bot waits for five seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a sheet: the commands that its cells are."""

    number: int
    who: str
    commands: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a line, for whoever wrote it."""

    line: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What was read; whoever has problems is left alone."""

    lines: Sequence[Line]
    problems: Sequence[Problem]


def read_sheet(content: bytes, platforms: Sequence[str]) -> Sheet:
    """Read CSV, with commas, semicolons or tabs, in UTF-8. The first line names the columns."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _nothing(line, "is not UTF-8: save the file as CSV UTF-8")
    return _Reading(text, platforms).sheet()


def _nothing(line: int, what: str) -> Sheet:
    return Sheet(lines=(), problems=[Problem(line=line, what=what)])


class _Reading:
    """One file, read for people of some platforms."""

    def __init__(self, text: str, platforms: Sequence[str]) -> None:
        first = text.partition("\n")[0]
        delimiter = max(_DELIMITERS, key=first.count)
        self._rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self._platforms = platforms
        self._seen: dict[str, int] = {}
        self._problems: list[Problem] = []

    def sheet(self) -> Sheet:
        try:
            columns = [cell.strip().lower() for cell in next(self._rows, [])]
            if _ID not in columns:
                return _nothing(1, "names no column id: the first line names the columns, such as id,plan,messages")
            lines = [line for row in self._rows if any(row) and (line := self._line(columns, row))]
        except csv.Error as error:
            return _nothing(self._rows.line_num, f"is no CSV: {error}")
        changes = sum(len(line.commands) for line in lines)
        if changes > MOST_CHANGES:
            return _nothing(1, f"begins {changes} changes; {MOST_CHANGES} can be made at once: split the file")
        return Sheet(lines=lines, problems=self._problems)

    def _line(self, columns: Sequence[str], row: Sequence[str]) -> Line | None:
        number, known = self._rows.line_num, len(self._problems)
        if len(row) != len(columns):
            self._problem(f"has {len(row)} cells, not {len(columns)}")
            return None
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        who = self._who(cells[_ID])
        commands = list(self._commands(who, cells))
        return Line(number=number, who=who, commands=commands) if len(self._problems) == known else None

    def _who(self, cell: str) -> str:
        if not self._is_known(cell):
            self._problem(f"id {_shown(cell)} is not like {self._platforms[0]}:123")
        elif cell in self._seen:
            self._problem(f"id {cell} stands in line {self._seen[cell]} already")
        self._seen.setdefault(cell, self._rows.line_num)
        return cell

    def _is_known(self, cell: str) -> bool:
        try:
            identity = Identity.parse(cell)
        except ValueError:
            return False
        return (
            identity.platform in self._platforms
            and bool(re.fullmatch(r"[\w./-]+", identity.user))
            and (len(cell) <= _LONGEST_ID)
        )

    def _commands(self, who: str, cells: dict[str, str]) -> Iterator[Sequence[str]]:
        for column, cell in cells.items():
            if column == _ID or column in _NOTES or not cell:
                continue
            if not column:
                self._problem(f"{_shown(cell)} stands in a column without a name")
                continue
            if not _VALUE.fullmatch(cell):
                self._problem(f"{column}: {_shown(cell)} cannot be read")
                continue
            yield _command(column, who, cell)

    def _problem(self, what: str) -> None:
        self._problems.append(Problem(line=self._rows.line_num, what=what))


def _command(column: str, who: str, cell: str) -> Sequence[str]:
    """`plan` and `role` are commands; every other column is a limit: `messages`, `tokens per week`."""
    match column:
        case "plan":
            return ["plan", "assign", who, *cell.split()]
        case "role":
            return ["role", who, *cell.split()]
    meter, *more = column.split()
    return ["quota", "set", who, meter, *cell.split(), *more]


def _shown(cell: str) -> str:
    return repr(cell[:40])
