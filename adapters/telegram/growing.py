"""An answer that is still being written, as a message: its end, and nothing half of what it will be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.telegram.markup import render
from adapters.telegram.splitting import LIMIT, Formatted
from bot.domain.completions import is_blank

_ELLIPSIS = "…\n"
_MOST = LIMIT - 96  # characters of which the end is rendered: what takes longer is not seen anyway
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_MARKS_ONLY = re.compile(r"\n[ \t]*(?:[-=+*#>|: \t]*|\d{1,3}[.)])[ \t]*\Z")
"""A last line that is no more than the beginning of something, and might turn the line above it into a heading."""

_BEGUN_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\]\([^()\s]*)?\Z")
_LINK = re.compile(r"\[[^\[\]\n]*\]\([^()\s]*\)")
_TICKS = re.compile(r"`+")
_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|_{1,3}|~~)")


def preview(markdown: str, *, quiet: bool = False) -> Formatted:
    """What of a growing answer fits one message: its end, which is what is being written; ("", []) for a blank one.

    `quiet` as for `render`.
    """
    if is_blank(markdown):
        return "", []
    text = markdown.strip()
    end = _end(text)
    messages = render(completed(end), quiet=quiet)
    if not messages:
        return "", []
    shown, entities = messages[-1]
    if len(messages) == 1 and end is text:
        return shown, entities
    room, shift = len(_ELLIPSIS), len(_ELLIPSIS)
    if len(shown.encode("utf-16-le")) // 2 + room > LIMIT:
        return shown, entities
    return _ELLIPSIS + shown, [{**one, "offset": one["offset"] + shift} for one in entities]


def completed(markdown: str) -> str:
    """The same with the marks closed that are open in its last paragraph. An open fence is one until its end anyway."""
    if _Fence.open_at(markdown, len(markdown)):
        return markdown
    text = _MARKS_ONLY.sub("", markdown).rstrip()
    at = text.rfind("\n\n") + 1
    return text[:at] + _closed(text[at:])


def _end(text: str) -> str:
    """The last lines, in a fence of their own if they were in one; the text itself if it is short."""
    if len(text) <= _MOST:
        return text
    cut = text.find("\n", len(text) - _MOST, len(text) - _MOST // 2)
    at = cut + 1 if cut >= 0 else len(text) - _MOST
    fence = _Fence.open_at(text, at)
    return f"{fence.opening}\n{text[at:]}" if fence else text[at:]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """A block of code that has begun; `opening` is the line that began it."""

    opening: str
    mark: str

    @classmethod
    def open_at(cls, text: str, end: int) -> "_Fence | None":
        """The fence in which the text stands at `end`."""
        fence: _Fence | None = None
        for found in _FENCE.finditer(text, 0, end):
            if fence is None:
                fence = cls(opening=found[0], mark=found[1])
            elif found[1].startswith(fence.mark) and found[0].strip() == found[1]:
                fence = None
        return fence


def _closed(paragraph: str) -> str:
    text = paragraph.rstrip("*_~`![ \t")
    if ticks := _open_ticks(text):
        return text + ticks
    text = _BEGUN_LINK.sub(r"\1", text).rstrip()
    return text + "".join(reversed(list(_open_marks(text))))


def _open_ticks(text: str) -> str:
    """The backticks that begin a piece of code without an end."""
    open_: str = ""
    for found in _TICKS.finditer(text):
        if not open_:
            open_ = found[0]
        elif found[0] == open_:
            open_ = ""
    return open_


def _open_marks(text: str) -> Iterator[str]:
    """Marks of emphasis without their second half, the outermost first."""
    prose = _LINK.sub(_blanked, _without_code(text))
    open_: list[str] = []
    for found in _EMPHASIS.finditer(prose):
        before, after = prose[found.start() - 1 : found.start()], prose[found.end() : found.end() + 1]
        if open_ and found[0] == open_[-1] and before.strip():
            open_.pop()
        elif after.strip() and not before.isalnum():
            open_.append(found[0])
    return iter(open_)


def _without_code(text: str) -> str:
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", _blanked, text, flags=re.DOTALL)


def _blanked(found: re.Match[str]) -> str:
    return "x" * len(found[0])
