"""Our own sentences as rich text, for views: `markdown` blocks are for messages only.

Commands say little in Markdown: code, blocks of code, bold. What else it could mean is not looked for, so whatever a
person called something stands there as it is, and mentions nobody.
"""

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

LONGEST = 3000
"""Characters of one block; Slack gives this number for `section` and none for rich text."""
_FENCE = re.compile(r"^```[^\n]*\n(.*?)\n?^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*")


def rich(markdown: str) -> list[Json]:
    """Blocks of rich text, none of them empty or too long."""
    return [{"type": "rich_text", "elements": [element]} for element in _elements(markdown)]


def _elements(markdown: str) -> Iterator[Json]:
    at = 0
    for found in _FENCE.finditer(markdown):
        yield from _section(markdown[at : found.start()])
        yield from _preformatted(found[1])
        at = found.end()
    yield from _section(markdown[at:])


def _section(said: str) -> Iterator[Json]:
    for piece in _cut(said.strip("\n")):
        yield {"type": "rich_text_section", "elements": list(_inline(piece))}


def _preformatted(drawn: str) -> Iterator[Json]:
    for piece in _cut(drawn):
        yield {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": piece}]}


def _cut(said: str) -> Iterator[str]:
    """Pieces at the ends of lines, or anywhere."""
    while len(said) > LONGEST:
        at = said.rfind("\n", 1, LONGEST)
        at = at if at > 0 else LONGEST
        yield said[:at]
        said = said[at:].lstrip("\n")
    if said.strip():
        yield said


def _inline(said: str) -> Iterator[Json]:
    at = 0
    for found in _INLINE.finditer(said):
        if found.start() > at:
            yield {"type": "text", "text": said[at : found.start()]}
        style = "code" if found[1] else "bold"
        yield {"type": "text", "text": found[1] or found[2], "style": {style: True}}
        at = found.end()
    if at < len(said):
        yield {"type": "text", "text": said[at:]}
