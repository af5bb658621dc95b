"""What a reader of Markdown sees, by a parser that the product does not use; and the examples of CommonMark."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests import npm

_EXAMPLE = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.DOTALL | re.MULTILINE)
_BOX = re.compile(r"\[x\](?= )", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One example of the specification: the Markdown and what it looks like."""

    number: int
    markdown: str
    visible: str


def examples(cache: pytest.Cache) -> list[Example]:
    """All of them, from the package in which its authors publish them."""
    spec = npm.installed(cache, Path(__file__).parent) / "commonmark-spec/spec.txt"
    found = _EXAMPLE.findall(spec.read_text(encoding="utf-8").replace("→", "\t"))
    return [
        Example(number=number, markdown=markdown, visible=_text_of(html))
        for number, (markdown, html) in enumerate(found, start=1)
    ]


def visible(markdown: str) -> str:
    """What a reader sees; raw HTML is read as it is written, and the box of a task is no letter."""
    return _text_of(MarkdownIt("commonmark", {"html": False}).render(_BOX.sub("", markdown)))


def squeezed(text: str) -> str:
    """Without blanks, of which messages may have others."""
    return "".join(text.split())


def words(text: str) -> str:
    """Letters and digits: what is never markup."""
    return "".join(filter(str.isalnum, text))


def missing(wanted: Iterable[str], text: str) -> str:
    """The characters of `wanted` from the first on that `text` does not have in this order."""
    left: Iterator[str] = iter(text)
    wanted = "".join(wanted)
    for at, character in enumerate(wanted):
        if character not in left:
            return wanted[at:]
    return ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [value or "" for name, value in attrs if tag == "img" and name == "alt"]


def _text_of(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.seen)
