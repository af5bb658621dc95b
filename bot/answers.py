"""An answer as its reader gets it: sentences in their language, choices as buttons, tables aligned."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog

from bot.commands.declaration import Answer, Choice, Fetch, IfPresiding, Later, Sayable, Table
from bot.commands.inquiry import Inquiry
from bot.commands.questionnaires import Blank, Questionnaire
from bot.domain.updates import Blank as FormBlank
from bot.domain.updates import Button, File, Form, Section, Update
from bot.errors import ModelError, PlatformError, UserError
from bot.extracts import sheet
from bot.ports import Part, Platform, Surfaces
from bot.texts import Text, code, code_block, plural, text
from bot.texts.catalogues import Catalogue, Catalogues
from bot.texts.errors import sentence
from bot.texts.tables import aligned

_log = structlog.get_logger(__name__)

_MOST_ROWS = 40
"""Rows that are read in a chat; a longer table comes as a file too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a platform is given to render."""

    text: str
    buttons: Sequence[Button]
    files: Sequence[File]


class Reader:
    """Somebody who reads in one language, where commands begin with `slash`."""

    def __init__(self, catalogue: Catalogue, slash: str) -> None:
        self._catalogue = catalogue
        self._slash = slash

    def shown(self, answer: Text | Answer) -> Shown:
        """Render an answer."""
        if isinstance(answer, Text):
            answer = Answer(said=answer)
        table, files = self._table(answer.table) if answer.table and not answer.listed else ("", [])
        below = [self.shown(one) for one in answer.sections]
        return Shown(
            text="\n\n".join(
                block for block in (self.words(answer.said), table, *(one.text for one in below)) if block
            ),
            buttons=[*map(self._button, answer.choices), *(button for one in below for button in one.buttons)],
            files=[*answer.files, *files, *(file for one in below for file in one.files)],
        )

    def sections(self, answer: Answer) -> list[Section]:
        """The parts of a page, each with its own buttons. Raises ValueError if there are files: pages have none."""
        shown = [self.shown(one) for one in (replace(answer, sections=()), *answer.sections)]
        if any(one.files for one in shown):
            raise ValueError("a page with files")
        return [Section(text=one.text, buttons=one.buttons) for one in shown]

    def form(self, asked: Questionnaire) -> Form:
        """Render a form."""
        return Form(
            title=self.words(asked.title),
            send=self.words(text("Send")),
            close=self.words(text("Cancel")),
            command=asked.command,
            blanks=[self._blank(blank) for blank in asked.blanks],
            otherwise=self.words(asked.otherwise),
        )

    def _blank(self, blank: Blank) -> FormBlank:
        return FormBlank(
            label=self.words(blank.label),
            kind=blank.kind,
            before=blank.before,
            value=blank.value,
            options=[(self.words(shown), meant) for shown, meant in blank.options],
            optional=blank.optional,
            longest=blank.longest,
        )

    def words(self, said: Any) -> str:
        """A sentence, or one fact."""
        return self._catalogue.fact(said, slash=self._slash)

    def _button(self, choice: Choice) -> Button:
        return Button(label=self.words(choice.label), command=choice.command)

    def _table(self, table: Table) -> tuple[str, list[File]]:
        """The table for a chat; what a chat cannot show whole is a file besides."""
        columns = [self.words(name) for name in table.columns]
        rows = [[self.words(cell) for cell in row] for row in table.rows]
        drawn, whole = aligned(
            columns, rows[:_MOST_ROWS], right=numeric(table), right_to_left=self._catalogue.right_to_left
        )
        left_out = len(rows) - _MOST_ROWS
        more = (
            [self.words(plural("… and {count} more row", "… and {count} more rows", left_out))] if left_out > 0 else []
        )
        files = [] if whole and not more else [self.sheet("table", table)]
        return "\n".join([code_block(drawn), *more]), files

    def sheet(self, name: str, table: Table) -> File:
        """The table for a spreadsheet."""
        columns = [self.words(column) for column in table.columns]
        return sheet(f"{name}.csv", [columns, *([self._entry(cell) for cell in row] for row in table.rows)])

    def _entry(self, cell: Any) -> str | int | Decimal:
        """What programs can read."""
        if isinstance(cell, datetime):
            return cell.isoformat()
        return cell if isinstance(cell, int | Decimal) else self.words(cell)


def parts_of(platform: Platform, catalogues: Catalogues, update: Update, said: Sayable) -> list[Part]:
    """An answer to `update`, rendered for its sender; in place of the message with the button, if it is to be."""
    answer = Answer(said=said) if isinstance(said, Text) else said
    language = answer.language if isinstance(answer, Answer) else None
    reader = Reader(catalogues.of(language or update.sender.reads), platform.slash)
    if isinstance(answer, Questionnaire):
        # Only asked for where there are forms: see `bot.pages`.
        return platform.form(update, reader.form(answer)) if isinstance(platform, Surfaces) else []
    if update.page and isinstance(platform, Surfaces):
        # What does not fit on a page is said in the chat.
        with suppress(ValueError):
            return platform.page(update, reader.sections(answer))
    answer = answer if update.clicked else _typed(answer)
    shown = reader.shown(answer)
    return platform.parts(
        update.place,
        shown.text,
        answer_by=update.answer_by,
        buttons=shown.buttons,
        files=shown.files,
        instead_of=update.message if answer.in_place or answer.only_choices else "",
        about=answer.about,
        only_buttons=answer.only_choices,
    )


def _typed(said: Answer) -> Answer:
    """The answer to what was typed: there is nothing in whose place it could stand."""
    return replace(said, in_place=False, only_choices=False, choices=() if said.only_choices else said.choices)


def numeric(table: Table) -> set[int]:
    """The columns of numbers."""
    return {
        at
        for at in range(len(table.columns))
        if table.rows and all(isinstance(row[at], int | Decimal) or row[at] == "" for row in table.rows)
    }


async def made(platform: Platform, catalogues: Catalogues, update: Update, said: Later) -> Text | Answer:
    """An answer that takes time, or why there is none."""
    try:
        return await said.make(Reader(catalogues.of(update.sender.reads), platform.slash).words)
    except UserError as error:
        return sentence(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a command made of a file; None where it needed none."""

    value: Any


async def found_out(platform: Platform, update: Update, said: Fetch | IfPresiding | Inquiry) -> Content | Text:
    """What a command has to know from elsewhere before it can do its work; or why it cannot."""
    if isinstance(said, Inquiry):
        return await _answered(said)
    if isinstance(said, Fetch):
        return await _read(platform, said)
    if await platform.presides(update.sender.identity, update.place):
        return Content(value=None)
    return text("Only admins of this group can change that.")


async def _answered(said: Inquiry) -> Content | Text:
    try:
        return Content(value=await said.ask())
    except (UserError, ModelError) as error:
        return sentence(error)


async def _read(platform: Platform, said: Fetch) -> Content | Text:
    """Fetch the file that a command was given, and let it make something of that; or why it cannot."""
    if said.attachment.size > said.most:
        return text("That file is too large: {size} bytes, at most {most}.", size=said.attachment.size, most=said.most)
    try:
        return Content(value=await said.read(await platform.fetch(said.attachment, most=said.most)))
    except PlatformError as error:
        _log.warning("file_not_fetched", reason=type(error).__name__, detail=str(error)[:100])
        return text("I could not fetch that file. Please send it again.")
    except ValueError as error:
        return text("I cannot use that file: {problem}", problem=code(str(error)[:300]))
