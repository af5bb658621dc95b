"""Markdown as Slack takes it: control sequences defused, long texts cut into messages.

Slack renders Markdown itself (`markdown` blocks, `markdown_text`) but looks in it for its own control sequences:
`<!channel>`, `<@U1>`, `<#C1>` and `<scheme:address|label>`. They begin with `<`, so escaping that one character
where it could begin one defuses them all, and spares `a < b` and `List<String>`. `<https://…>` without a label
hides nothing and stays, because Slack would take the bracket at the end of a bare address for a part of it.
Entities are not parsed again (measured in a live workspace, PostHog PR 95054); `&` is left alone because escaping it
breaks addresses.
"""

import re
from dataclasses import dataclass

from adapters.slack import tables

MESSAGE_LIMIT = 11_500
"""Characters of one message. A `markdown` block may have 12,000, all blocks together about 13,200."""

_SCHEME = r"[a-z][a-z0-9+.\-]{0,40}"
_PAGE = r"https?://[^\s<>|]{0,500}"
_CONTROL = re.compile(rf"<(?=[!@#]|(?!{_PAGE}>){_SCHEME}:)", re.IGNORECASE)
_BEGUN = re.compile(rf"<(?:{_SCHEME}|https?:/?|{_PAGE})?\Z", re.IGNORECASE)
_LONGEST_BEGINNING = 510
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*([^\n]*)")
_LONGEST_FENCE = 20
_CLOSING = _LONGEST_FENCE + 4
"""Room for closing a fence."""
_LANGUAGE = re.compile(r"[\w+#.\-]{0,30}")
_LONGEST_ENTITY = 9
_ENTITY_CUT = re.compile(r"&#?\w{0,8}\Z", re.ASCII)


def escape(text: str) -> str:
    """Defuse everything Slack would take for a mention, a broadcast or a disguised link."""
    return _CONTROL.sub("&lt;", text)


def settled(text: str) -> int:
    """How much of a growing text can be escaped for good: a `<` at the end waits for what follows it."""
    begun = _BEGUN.search(text, max(0, len(text) - _LONGEST_BEGINNING))
    return begun.start() if begun else len(text)


def joint(text: str) -> int:
    """Where a growing text may be cut: before a character that is not blank.

    Blanks at the start of an appended piece can vanish (field reports), so the last character that is not blank
    waits for the next piece. So does an entity that has only begun.
    """
    at = max(len(text.rstrip()) - 1, 0)
    cut = _ENTITY_CUT.search(text, max(0, at - _LONGEST_ENTITY), at)
    return cut.start() if cut else at


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code fence: its marks and the language after them."""

    marks: str
    language: str

    @property
    def opening(self) -> str:
        return f"{self.marks}{self.language}\n"

    @property
    def closing(self) -> str:
        return f"\n{self.marks}"

    def closed_by(self, marks: str, rest: str) -> bool:
        return not rest.strip() and marks[0] == self.marks[0] and len(marks) >= len(self.marks)


def open_fence(text: str, fence: Fence | None = None) -> Fence | None:
    """The code fence that is open at the end of `text`, when `fence` was open at its start."""
    for line in text.split("\n"):
        found = _FENCE.fullmatch(line)
        if not found:
            continue
        marks, rest = found.groups()
        if fence is None and not (marks[0] == "`" and "`" in rest):
            fence = Fence(marks[:_LONGEST_FENCE], _language(rest))
        elif fence is not None and fence.closed_by(marks, rest):
            fence = None
    return fence


def _language(rest: str) -> str:
    found = _LANGUAGE.match(rest)
    return found.group() if found else ""


def split(text: str, limit: int = MESSAGE_LIMIT, *, first: int | None = None, fence: Fence | None = None) -> list[str]:
    """Cut escaped Markdown into messages of at most `limit` (200 or more) characters.

    Cuts are made at paragraphs, then lines, then blanks. A code fence that is cut is closed and opened again, the head
    of a table is repeated; blanks at a cut are dropped, nothing else is. The first piece has room for `first`
    characters and continues a message in which `fence` is open already. Blank pieces are left out, except a first one
    that was given its own room.
    """
    pieces: list[str] = []
    room = limit if first is None else first
    while len(text) > room:
        piece, text = _cut(text, max(room, 0), fence)
        pieces.append(piece)
        room, fence = limit, None
    pieces.append(text)
    return [piece for index, piece in enumerate(pieces) if piece.strip() or (index == 0 and first is not None)]


def _cut(text: str, room: int, fence: Fence | None) -> tuple[str, str]:
    """One piece, and the rest with its code fence opened again."""
    at = boundary(text, max(room - _CLOSING, 0))
    piece, rest = text[:at], text[at:]
    still_open = open_fence(piece, fence)
    if still_open is None:
        again = tables.head(piece) if piece.endswith("\n") and tables.goes_on(rest) else ""
        # The rest must become shorter, or the cutting would never end.
        return piece.rstrip(), (again if len(again) < at // 2 else "") + rest.lstrip("\n")
    whole = piece.removesuffix("\n") + still_open.closing
    if not rest.strip() or _closes(rest, still_open):
        return whole, _after_first_line(rest)
    return whole, still_open.opening + rest


def _closes(rest: str, fence: Fence) -> bool:
    """Whether the rest begins with the closing line, so that reopening would leave an empty code block."""
    found = _FENCE.fullmatch(rest.removeprefix("\n").partition("\n")[0])
    return bool(found and fence.closed_by(found[1], found[2]))


def _after_first_line(rest: str) -> str:
    return rest.removeprefix("\n").partition("\n")[2].lstrip("\n")


def boundary(text: str, room: int) -> int:
    """The best place to cut `text` at or before `room`: paragraph, line, blank, anywhere."""
    if room <= 0:
        return 0
    for mark in ("\n\n", "\n", " "):
        at = text.rfind(mark, room // 2, room)
        if at > 0:
            return at + len(mark)
    cut = _ENTITY_CUT.search(text, max(0, room - _LONGEST_ENTITY), room)
    return cut.start() if cut and cut.start() > 0 else room


def plain(text: str, limit: int = 150) -> str:
    """A short line for notifications and screen readers, made of escaped Markdown."""
    # Without its marks `<*!here*>` would call everybody.
    line = escape(" ".join(re.sub(r"[*`#]+", "", text).split()))
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
