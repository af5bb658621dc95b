"""Every sentence a person can read: written once in English, translated where the reader is known.

Code says `text("Hello {name}", name="Ada")`: a value that carries the English sentence and its facts. A `Catalogue`
renders it in the reader's language. Numbers and times are formatted by locale there, never before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence that is not yet in anybody's language. With `plural`, `count` chooses the form."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Typed:
    """A command with its arguments, without what it begins with: that is `/` here and `/parley ` there."""

    words: str


def text(message: str, /, **values: Any) -> Text:
    """A sentence with `{names}` for its facts: str, int, Decimal, datetime, Typed or another Text."""
    return Text(message, values)


def plural(one: str, many: str, count: int, /, **values: Any) -> Text:
    """A sentence that depends on a number; `{count}` stands for it."""
    return Text(one, {"count": count, **values}, many, count)


def lines(*sentences: Text) -> Text:
    """Several sentences, one below the other."""
    names = [f"line{number}" for number in range(len(sentences))]
    return Text("\n".join(f"{{{name}}}" for name in names), dict(zip(names, sentences, strict=True)))


def row(*facts: Any) -> Text:
    """Several facts on one line, such as commands."""
    names = [f"fact{number}" for number in range(len(facts))]
    return Text(" · ".join(f"{{{name}}}" for name in names), dict(zip(names, facts, strict=True)))


def code(words: str) -> str:
    """Words of a person's own choosing (names, arguments), shown as they are: no Markdown in them takes effect."""
    return "`" + words.replace("`", "'").replace("\n", " ") + "`"


def code_block(drawn: str) -> str:
    """Lines shown as they are, in letters of one width; no Markdown in them takes effect."""
    return "```\n" + drawn.replace("`", "'") + "\n```"


def words(said: str) -> Text:
    """Words that are the same in every language: a person's own, a sign."""
    return Text("{said}", {"said": said})


def excerpt(said: str, longest: int = 80) -> str:
    """The beginning of what was said, on one line of at most so many characters."""
    line = " ".join(said.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
