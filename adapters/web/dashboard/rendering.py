"""Pages as HTML. Everything is escaped: nothing of what people, platforms and models write is ever taken for markup."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from adapters.web.dashboard.words import WORDS
from bot.commands.declaration import Table
from bot.dashboard.values import Asked
from bot.texts import Text

_NUMBER = re.compile(r"[\d.,\u00a0\u202f]+(\s?(%|ms|s|min|h|d|[^\s\d]{1,3}))?|–")
_CODE = re.compile(r"```\n(.*?)\n```|`([^`\n]*)`", re.DOTALL)


class Words(Protocol):
    """Renders a sentence or a fact in one language."""

    def __call__(self, said: Any, /) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell as it is shown."""

    said: str
    number: bool


class Templates:
    """Our templates, compiled once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"said": said, "kind": lambda section: type(section).__name__.lower()}

    def render(self, name: str, words: Words, facts: Mapping[str, Any]) -> str:
        """A template; inside it `_(text)` is in the reader's language and `words(key)` is a sentence of the frame."""

        def frame(key: str, **values: Any) -> str:
            return words(Text(WORDS[key].message, values))

        return self._environment.get_template(name).render(
            _=words, words=frame, rows_of=_rows_of(words), fact=partial(fact, words=words), **facts
        )


def said(words: str) -> Markup:
    """A sentence as chats get it: of its Markdown there is `code`, and lines end where they end."""
    parts, at = [], 0
    for found in _CODE.finditer(words):
        parts.append(_plain(words[at : found.start()]))
        block, inline = found.groups()
        parts.append(
            Markup("<pre>{}</pre>").format(block) if block is not None else Markup("<code>{}</code>").format(inline)
        )
        at = found.end()
    return Markup("").join([*parts, _plain(words[at:])])


def _plain(words: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in words.split("\n"))


def fact(value: Any, words: Words) -> str:
    """A fact as pages show it: amounts keep the zeros at their end, so that they stand one below the other."""
    shown = words(value)
    if not isinstance(value, Decimal):
        return shown
    point, digits = words(Decimal("0.5"))[1], max(0, -int(value.as_tuple().exponent))
    whole, _, part = shown.partition(point)
    return f"{whole}{point}{part.ljust(digits, '0')}" if digits else whole


def _rows_of(words: Words) -> Callable[[Table], list[list[Cell]]]:
    """What renders the rows of a table."""

    def rows(table: Table) -> list[list[Cell]]:
        shown = [[(cell, fact(cell, words)) for cell in row] for row in table.rows]
        numeric = [all(map(_is_number, column)) for column in zip(*shown, strict=True)]
        return [
            [Cell(said=said, number=number) for (_, said), number in zip(row, numeric, strict=True)] for row in shown
        ]

    return rows


def _is_number(cell: tuple[Any, str]) -> bool:
    """Whether a cell stands at the right of its column: a number, or a sentence that is one with its unit."""
    value, words = cell
    if isinstance(value, int | Decimal):
        return True
    return isinstance(value, Text) and _NUMBER.fullmatch(words) is not None


def address(asked: Asked, **more: str) -> str:
    """Where a page is inside the dashboard, with more in its address."""
    path = "/".join(part for part in (asked.page, asked.about) if part)
    words = {name: word for name, word in {**asked.words, **more}.items() if word}
    return f"{path}?{urlencode(words)}" if words else path
