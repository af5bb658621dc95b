"""parse_mode=Markdown, kept by Telegram for old bots (td MessageEntity.cpp, parse_markdown)."""

import re

from adapters.telegram.emulator.formatting.builder import Builder, FindUser, byte_offset, unparseable
from adapters.telegram.emulator.values import Json

_KINDS = {"_": "italic", "*": "bold", "`": "code", "```": "pre", "[": "text_link"}
_TOKEN = re.compile(r"\\([_*`\[])|(```|[_*`\[])")
_URL = re.compile(r"\(([^)]*)\)")
_LANGUAGE = re.compile(r"([^\s`]*)\n")


def parse_legacy(text: str, user: FindUser) -> tuple[str, list[Json]]:
    """No nesting: whatever opens runs to its own end."""
    out = Builder(user)
    position = 0
    while match := _TOKEN.search(text, position):
        out.write(text[position : match.start()])
        if match.group(1):
            out.write(match.group(1))
            position = match.end()
        else:
            position = _entity(text, match, out)
    out.write(text[position:])
    return out.text, out.entities


def _entity(text: str, match: re.Match[str], out: Builder) -> int:
    """Write one entity, and return where the text goes on."""
    mark = match.group(2)
    start, language = match.end(), ""
    if mark == "```" and (named := _LANGUAGE.match(text, start)):
        start, language = named.end(), named.group(1)
    closing = "]" if mark == "[" else mark
    end = text.find(closing, start)
    if end < 0:
        where = byte_offset(text, match.start())
        raise unparseable(f"Can't find end of the entity starting at byte offset {where}")
    offset = out.units
    out.write(text[start:end])
    after = end + len(closing)
    if mark != "[":
        out.mark(_KINDS[mark], offset, language=language)
        return after
    return _link(text, after, offset, out)


def _link(text: str, after: int, offset: int, out: Builder) -> int:
    match = _URL.match(text, after)
    if match is None:
        return after
    out.mark_link(match.group(1), offset)
    return match.end()
