"""One command of an operator: asked, confirmed if need be, answered."""

import asyncio
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import click

from bot.admin.desk import Outcome
from bot.admin.opening import open_desk
from bot.admin.output import as_json as rendered
from bot.admin.output import plain, show
from bot.answers import Reader
from bot.commands import CommandBook, confirmation
from bot.extensions import platform_names
from bot.settings import Settings
from bot.texts.catalogues import SOURCE, Catalogues

EXIT_REFUSED, EXIT_UNCONFIRMED = 1, 3


def platforms() -> tuple[str, ...]:
    """Whose people can be named before they have written."""
    return ("telegram", "slack", *platform_names())


async def ask(settings: Settings, book: CommandBook, words: Sequence[str], *, as_json: bool, yes: bool) -> int:
    """Run the command that the words are and show its answer; the exit code."""
    # Keys of JSON must not depend on the language of the bot.
    catalogues = Catalogues(SOURCE if as_json else settings.language, ZoneInfo(settings.timezone))
    reader = Reader(catalogues.of(None), "parley admin ")
    async with open_desk(settings, book, platforms()) as desk:
        outcome = await desk.run(words, reader.words)
        confirmed = confirmation.asked_for(outcome.answer)
        if confirmed is None:
            return _tell(outcome, reader, as_json=as_json)
        if not yes and not await _meant(plain(reader.words(outcome.answer.said))):
            return EXIT_UNCONFIRMED
        return _tell(await desk.run(confirmed.split(), reader.words), reader, as_json=as_json)


async def _meant(question: str) -> bool:
    """Ask at the terminal. Where there is none, nobody can be asked."""
    if not _at_terminal():
        click.echo(f"{question}\nNothing was done: say --yes if it is meant.", err=True)
        return False
    return await asyncio.to_thread(click.confirm, question, err=True)


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _tell(outcome: Outcome, reader: Reader, *, as_json: bool) -> int:
    if as_json:
        click.echo(rendered(outcome, reader))
    else:
        show(outcome, reader)
    return EXIT_REFUSED if outcome.error else 0
