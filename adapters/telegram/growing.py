"""An answer that is still being written, as a message: its end, and nothing half of what it will be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.telegram.markup import render
from adapters.telegram.splitting import LIMIT, Formatted, utf16_len
from bot.domain.completions import is_blank

_ELLIPSIS = "…\n"
_MOST = LIMIT - 96  # characters of which the end is rendered: what takes longer is not seen anyway
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n\n+(?=[^\W\d_]|#{1,6} |\*\*)")
"""Where a paragraph begins that is part of nothing before it: no item, no row, no quote."""

_MARKS_ONLY = re.compile(r"\n[ \t]*(?:[-=+*#>|: \t]*|\d{1,3}[.)])[ \t]*\Z")
"""A last line that is no more than the beginning of something, and might turn the line above it into a heading."""

_BEGUN_LINK = re.compile(r"!?\[([^\[\]\n]*)(?:\]\([^()\s]*)?\Z")
_LINK = re.compile(r"\[[^\[\]\n]*\]\([^()\s]*\)")
_TICKS = re.compile(r"`+")
_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|_{1,3}|~~)")


class Growing:
    """One answer: what of it stands still is rendered once, however often it is shown.

    Args:
        quiet: as for `render`.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._source = ""
        self._settled: Formatted = ("", [])

    def preview(self, markdown: str) -> Formatted:
        """What of the answer so far fits one message: its end, which is what is being written.

        ("", []) for a blank one.
        """
        if is_blank(markdown):
            return "", []
        text = markdown.strip()
        if len(text) > _MOST:
            return self._last(_end(text))
        self._settle(text)
        whole = _joined(self._settled, self._rendered(completed(text[len(self._source) :])))
        return whole if utf16_len(whole[0]) <= LIMIT else self._last(text)

    def _settle(self, text: str) -> None:
        if not text.startswith(self._source):
            self._source, self._settled = "", ("", [])
        *_, last = [None, *_PARAGRAPH.finditer(text, len(self._source))]
        if last is not None and _Fence.open_at(text, last.end()) is None:
            settled = self._rendered(text[len(self._source) : last.start()])
            self._settled, self._source = _joined(self._settled, settled), text[: last.end()]

    def _rendered(self, markdown: str) -> Formatted:
        """As one message, however long."""
        whole: Formatted = ("", [])
        for message in render(markdown, quiet=self._quiet) if markdown else ():
            whole = _joined(whole, message)
        return whole

    def _last(self, markdown: str) -> Formatted:
        messages = render(completed(markdown), quiet=self._quiet)
        if not messages:
            return "", []
        shown, entities = messages[-1]
        fits = utf16_len(shown) + len(_ELLIPSIS) <= LIMIT
        return _joined((_ELLIPSIS.rstrip(), []), (shown, entities), between="\n") if fits else (shown, entities)


def preview(markdown: str, *, quiet: bool = False) -> Formatted:
    """The same for an answer that is shown once."""
    return Growing(quiet=quiet).preview(markdown)


def _joined(first: Formatted, second: Formatted, *, between: str = "\n\n") -> Formatted:
    if not first[0] or not second[0]:
        return first if first[0] else second
    shift = utf16_len(first[0]) + len(between)
    moved = [{**one, "offset": one["offset"] + shift} for one in second[1]]
    return f"{first[0]}{between}{second[0]}", [*first[1], *moved]


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
