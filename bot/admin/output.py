"""What a command answered, on a terminal or as JSON."""

import json
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from bot.admin.desk import Outcome
from bot.answers import Reader, numeric
from bot.commands.declaration import Table
from bot.files import save

_MARKS = re.compile(r"\*\*|`")
# Names are strangers' choices: none of them may steer the terminal or turn its lines around.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PIPED = 1000
"""Columns of what is no terminal: whoever reads it wants whole cells."""


def show(outcome: Outcome, reader: Reader) -> None:
    """Print an outcome for a person: answers to standard output, refusals to standard error."""
    said, table = plain(reader.words(outcome.answer.said)), outcome.answer.table
    if table and outcome.answer.listed:
        said = said.partition("\n")[0]  # the lines below it say what the table does
    click.echo(said, err=outcome.error is not None)
    if table:
        _print_table(table, reader)
    for file in outcome.answer.files:
        click.echo(f"📎 {save(Path(), file)}")
    for choice in outcome.answer.choices:
        click.echo(f"  {plain(reader.words(choice.label))}: parley admin {choice.command}")


def as_json(outcome: Outcome, reader: Reader) -> str:
    """An outcome for a program. Sums and times are strings, so that nothing of them is lost."""
    answer = outcome.answer
    facts: dict[str, Any] = {"ok": outcome.error is None, "said": plain(reader.words(answer.said))}
    if outcome.error:
        facts["error"] = type(outcome.error).__name__
    if answer.table:
        facts["rows"] = _rows(answer.table, reader)
    if answer.choices:
        facts["choices"] = [{"label": reader.words(one.label), "command": one.command} for one in answer.choices]
    if answer.files:
        facts["files"] = [str(save(Path(), file)) for file in answer.files]
    return json.dumps(facts, ensure_ascii=False, indent=2)


def plain(said: str) -> str:
    """Without the Markdown that chats show, which here are only marks, and without what steers terminals."""
    return _CONTROLS.sub("", _MARKS.sub("", said))


def _rows(table: Table, reader: Reader) -> list[Mapping[str, Any]]:
    names = [reader.words(name) for name in table.columns]
    return [dict(zip(names, (_value(cell, reader) for cell in row), strict=True)) for row in table.rows]


def _value(cell: Any, reader: Reader) -> Any:
    if cell is None or isinstance(cell, int | bool):
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else plain(reader.words(cell))


def _print_table(table: Table, reader: Reader) -> None:
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text as Cell

    numbers, drawn = numeric(table), Drawn()
    for at, name in enumerate(table.columns):
        drawn.add_column(Cell(reader.words(name)), justify="right" if at in numbers else "left")
    for row in table.rows:
        # As text: a name like [red] is a name.
        drawn.add_row(*(Cell(plain(reader.words(cell))) for cell in row))
    Console(width=None if sys.stdout.isatty() else _PIPED).print(drawn)
