"""Tables, which Telegram's messages do not have: aligned in monospace, or a paragraph for each row.

A phone breaks the lines of a table that is too wide, and nobody can read it then. Monospace cannot hold links either.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bot.texts.tables import WIDEST, aligned, width

_GAP = 2  # between two columns
_WORDS = ("Text", "Code")
_NOWHERE: dict[str, int] = {}
"""Where our own events stand in the source; the writer then leaves a blank line before a block."""

Event = tuple[Any, Any]
Row = list[list[Event]]
"""Cells, each with the events of its content."""


def drawn(events: Iterable[Event]) -> Iterator[Event]:
    """The events with blocks of code and paragraphs instead of tables."""
    events = iter(events)
    for payload, span in events:
        if isinstance(payload, dict) and (aligns := _table(payload)) is not None:
            yield from _drawn(list(_rows(events)), aligns, span)
        else:
            yield payload, span


def _table(payload: dict[str, Any]) -> tuple[str, ...] | None:
    start = payload.get("Start")
    return start["Table"] if isinstance(start, dict) and "Table" in start else None


def _rows(events: Iterator[Event]) -> Iterator[Row]:
    """The table's rows, its head first; takes the events up to the table's end."""
    row: Row = []
    for payload, span in events:
        match payload:
            case {"End": "Table"}:
                return
            case {"Start": "TableHead" | "TableRow"}:
                row = []
            case {"Start": "TableCell"}:
                row.append([])
            case {"End": "TableHead" | "TableRow"}:
                yield row
            case {"End": "TableCell"}:
                pass
            case _:
                row[-1].append((payload, span))


def _drawn(rows: list[Row], aligns: tuple[str, ...], span: Any) -> Iterator[Event]:
    words = [[_words(cell) for cell in row] for row in rows]
    columns = max(map(len, words))
    lines = [[*line, *[""] * (columns - len(line))] for line in words]
    if not _has_links(rows) and _total(lines) <= WIDEST:
        right = {at for at, align in enumerate(aligns) if align == "Right"}
        yield from _monospaced(aligned(lines[0], lines[1:], right=right)[0], span)
    elif len(rows) == 1:
        yield from _paragraph(_between(rows[0], ({"Text": " | "}, _NOWHERE)))
    else:
        empty = {at for at, cells in enumerate(zip(*lines[1:], strict=True)) if not any(map(str.strip, cells))}
        for number, row in enumerate(rows[1:]):
            # The name of a column that is empty throughout is said once.
            yield from _paragraph(_record(lines[0], row, set() if number else empty))


def _words(cell: Iterable[Event]) -> str:
    return "".join(_word(payload) for payload, _ in cell)


def _word(payload: Any) -> str:
    return next((payload[kind] for kind in _WORDS if kind in payload), "") if isinstance(payload, dict) else " "


def _has_links(rows: list[Row]) -> bool:
    return any("Link" in str(payload.get("Start")) for row in rows for cell in row for payload, _ in _dicts(cell))


def _dicts(cell: list[Event]) -> Iterator[Event]:
    return (event for event in cell if isinstance(event[0], dict))


def _total(lines: list[list[str]]) -> int:
    """How wide the table would be."""
    return sum(max(map(width, cells)) + _GAP for cells in zip(*lines, strict=True)) - _GAP


def _monospaced(text: str, span: Any) -> Iterator[Event]:
    yield {"Start": {"CodeBlock": {"Fenced": ""}}}, span
    yield {"Text": text}, span
    yield {"End": "CodeBlock"}, span


def _record(names: list[str], row: Row, empty: set[int]) -> Iterator[Event]:
    """A row as a person would write it down: what it is about, then a line for each of the other cells.

    Cells without a word are left out, but for those in the `empty` columns.
    """
    for at, words in enumerate(row):
        name, cell = names[at].strip(), words
        if not _words(words).strip():
            if not name or at not in empty:
                continue
            cell = [({"Text": "–"}, _NOWHERE)]
        label = {"Text": f"{name}: " if name else ""}
        if at == 0:
            yield from (({"Start": "Strong"}, _NOWHERE), (label, _NOWHERE), *cell, ({"End": "Strong"}, _NOWHERE))
        else:
            yield from (("SoftBreak", _NOWHERE), ({"Text": "• "}, _NOWHERE), (label, _NOWHERE), *cell)


def _between(row: Row, separator: Event) -> Iterator[Event]:
    for at, cell in enumerate(row):
        yield from (separator, *cell) if at else cell


def _paragraph(events: Iterable[Event]) -> Iterator[Event]:
    yield {"Start": "Paragraph"}, _NOWHERE
    yield from events
    yield {"End": "Paragraph"}, _NOWHERE
