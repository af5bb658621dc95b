"""What stands in fenced blocks of documents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.repository import read, tracked

DOCUMENTS = tuple(name for name in tracked("*.md") if "/adr/" not in name)
"""Decisions are history: what they show need not run any more."""

FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block."""

    document: str
    language: str
    text: str

    def __str__(self) -> str:
        """As a failed test names it."""
        return f"{self.document}: {self.text.strip().splitlines()[0][:60]}"

    @property
    def lines(self) -> list[str]:
        """Its lines without what is said about them."""
        found = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in self.text.splitlines())
        return [line for line in found if line]


def blocks(*languages: str) -> list[Block]:
    """Those of some languages, in the order of the documents."""
    return [one for one in _all() if one.language in languages]


def everything() -> list[Block]:
    return list(_all())


def only(language: str, document: str) -> Block:
    """The one block of its kind in a document."""
    (found,) = (one for one in blocks(language) if one.document == document)
    return found


def _all() -> Iterator[Block]:
    for document in DOCUMENTS:
        for language, text in FENCED.findall(read(document)):
            yield Block(document=document, language=language, text=text)
