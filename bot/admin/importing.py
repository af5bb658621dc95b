"""`parley admin import`: a table of people and their limits, all of it or nothing."""

import hashlib
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.admin.asking import EXIT_REFUSED, platforms
from bot.admin.desk import Applied
from bot.admin.opening import open_desk
from bot.admin.output import plain
from bot.admin.sheet import Problem, read_sheet
from bot.answers import Reader
from bot.commands import CommandBook
from bot.settings import Settings
from bot.texts.catalogues import Catalogues


async def import_sheet(settings: Settings, book: CommandBook, file: Path, *, dry: bool) -> int:
    """Read a file and do what it says, or say what would be done; the exit code."""
    content = file.read_bytes()  # noqa: ASYNC240 - nothing else runs
    sheet = read_sheet(content, platforms())
    reader = Reader(Catalogues(settings.language, ZoneInfo(settings.timezone)).of(None), "parley admin ")
    occasion = {"file": file.name, "sha256": hashlib.sha256(content).hexdigest(), "lines": len(sheet.lines)}
    async with open_desk(settings, book, platforms()) as desk:
        # Lines that cannot be read leave the others to be tried: one run shows every mistake.
        applied = await desk.apply(sheet.lines, occasion, keep=not dry and not sheet.problems)
    problems = sorted([*sheet.problems, *_refused(applied, reader)], key=lambda one: one.line)
    if problems:
        return _explain(file, problems)
    for line, said in applied.said if dry else ():
        click.echo(f"line {line.number}: {line.who}: {_first(reader.words(said))}")
    changes = f"{len(applied.said)} changes for {len(sheet.lines)} people"
    click.echo(f"{changes} would be made. Nothing was changed." if dry else f"{changes} were made.")
    return 0


def _refused(applied: Applied, reader: Reader) -> list[Problem]:
    return [
        Problem(line=line.number, what=f"{' '.join(words)}: {_first(reader.words(why))}")
        for line, words, why in applied.refused
    ]


def _explain(file: Path, problems: list[Problem]) -> int:
    for problem in problems:
        click.echo(f"{file}:{problem.line}: {plain(problem.what)}", err=True)
    click.echo("Nothing was changed.", err=True)
    return EXIT_REFUSED


def _first(said: str) -> str:
    return plain(said).partition("\n")[0]
