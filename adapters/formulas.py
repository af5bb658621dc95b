r"""LaTeX in Markdown: `\(x\)` and `\[x\]` become something else, because Markdown would eat their backslashes."""

import re
from collections.abc import Iterator
from typing import Any

_MARK = re.compile(r"\\[\\()\[\]]|\$\$")
_HALF_A_MARK = re.compile(r"[\\$]\Z")
_PAIRS = {r"\(": r"\)", r"\[": r"\]", "$$": "$$"}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_FORMULA = re.compile(r"[\\^_={}]")
"""What a formula between `$$` has; `$$` is a price as well."""
_INLINE, _DISPLAYED = (
    re.compile(rf"\\{opening}((?:[^\\]|\\(?![()\[\]]))+)\\{closing}")
    for opening, closing in ((r"\(", r"\)"), (r"\[", r"\]"))
)
_LONGEST = 600
"""Characters that a growing text waits for the end of a formula."""


def as_code(source: str, *, dollars: bool = True) -> str:
    """The Markdown with code spans around formulas; `dollars`: around those between `$$` too."""
    if not _MARK.search(source):
        return source
    pieces = (piece if is_code else "".join(_spanned(piece, dollars=dollars)) for piece, is_code in _by_code(source))
    return "".join(pieces)


def with_dollars(source: str) -> str:
    r"""The Markdown with `$x$` for `\(x\)` and `$$x$$` for `\[x\]`, where formulas are shown as such."""
    if not _MARK.search(source):
        return source
    return "".join(piece if is_code else _dollars(piece) for piece, is_code in _by_code(source))


def _dollars(text: str) -> str:
    return _DISPLAYED.sub(lambda found: f"$${found[1]}$$", _INLINE.sub(lambda found: f"${found[1].strip()}$", text))


def settled(source: str) -> int:
    """How much of a growing text can be converted for good: a formula at the end waits for its own end."""
    *_, (last, is_code) = _by_code(source)
    if is_code:
        return len(source)
    opened, at = None, 0
    for mark in _MARK.finditer(last):
        opened, at = (None if _closes(opened, mark) else mark if mark[0] in _PAIRS else opened), mark.end()
    begun = opened or _HALF_A_MARK.search(last, at)
    waits = begun is not None and len(last) - begun.start() <= _LONGEST and not _BLANK_LINE.search(last, begun.start())
    return len(source) - len(last) + begun.start() if begun and waits else len(source)


def _spanned(text: str, *, dollars: bool) -> Iterator[str]:
    """One pass over the marks; a regular expression for whole formulas takes quadratic time on open ones."""
    at, opened = 0, None
    for mark in _MARK.finditer(text):
        if opened and _closes(opened, mark):
            formula = text[opened.start() : mark.end()]
            yield text[at : opened.start()]
            yield _span(formula) if _is_formula(formula, dollars=dollars) else formula
            at, opened = mark.end(), None
        elif mark[0] in _PAIRS:
            opened = mark
    yield text[at:]


def _closes(opened: re.Match[str] | None, mark: re.Match[str]) -> bool:
    return opened is not None and mark[0] == _PAIRS[opened[0]]


def _is_formula(text: str, *, dollars: bool) -> bool:
    if text.startswith("$$") and not (dollars and _FORMULA.search(text)):
        return False
    return not _BLANK_LINE.search(text)


def _span(latex: str) -> str:
    longest = max((len(run) for run in re.findall("`+", latex)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence}{latex}{fence}"


def _by_code(source: str) -> Iterator[tuple[str, bool]]:
    """The source in pieces, each with whether it is code; the last one is what stands at the end."""
    import pyromark

    data, at = source.encode(errors="replace"), 0
    for payload, span in pyromark.events_with_range(data.decode()):
        if _is_code(payload) and span["end"] > at:
            yield data[at : span["start"]].decode(), False
            yield data[span["start"] : span["end"]].decode(), True
            at = span["end"]
    if at < len(data) or at == 0:
        yield data[at:].decode(), False


def _is_code(payload: Any) -> bool:
    if not isinstance(payload, dict):
        return False
    start = payload.get("Start")
    return "Code" in payload or (isinstance(start, dict) and "CodeBlock" in start)
