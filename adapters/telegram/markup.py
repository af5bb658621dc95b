"""Markdown → texts with entities, as Telegram takes them.

telegramify-markdown (pinned) parses and writes; between the two we rewrite its events, so that nothing a model wrote
is lost: raw HTML stays text, LaTeX stays source, links are checked. Its own preparations (spoilers from `||`, LaTeX
to Unicode) eat text and are left out.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import structlog

from adapters.telegram.events import Rewriting
from adapters.telegram.mentions import hushed, hushed_around
from adapters.telegram.splitting import Entity, Formatted, split
from adapters.telegram.tables import drawn

_LATEX_MARK = re.compile(r"\\[\\()\[\]]")
_LATEX_PAIRS = {r"\(": r"\)", r"\[": r"\]"}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_DEFINITION = re.compile(r"^( {0,3}(?:> ?)*\[([^\]\n]+)\]):[ \t]*(https?://)?", re.MULTILINE)
_MOST_PASSES = 8

log = structlog.get_logger(__name__)


def render(markdown: str, *, quiet: bool = False) -> list[Formatted]:
    """Messages that Telegram accepts, in order; [] for a blank text. Never raises for any text.

    Args:
        markdown: what was said, by whomever.
        quiet: no @name in it may notify anybody.
    """
    text = markdown.encode(errors="replace").decode() if not markdown.isascii() else markdown
    text = text.replace("\0", "")
    try:
        message = _formatted(text)
        return split(*(hushed_around(*message) if quiet else message)) or plain(text, quiet=quiet)
    except Exception:
        # A defect in the renderer must not cost somebody the answer.
        log.exception("Markdown could not be rendered and is sent as plain text")
        return plain(text, quiet=quiet)


def plain(text: str, *, quiet: bool = False) -> list[Formatted]:
    """The same without any formatting."""
    return split(hushed(text) if quiet else text, [])


def _formatted(markdown: str) -> tuple[str, list[Entity]]:
    # Imported here: nobody who only starts up should wait for the parser and its tables.
    from telegramify_markdown.converter import EventWalker

    stand_in = _unused(markdown)
    source = _without_definitions(_latex_as_code(markdown), stand_in)
    source, events = _parse(source)
    walker = EventWalker(_look(), source)
    text, entities, _ = walker.walk(tuple(drawn(Rewriting(source).rewrite(events))))
    text = text.replace(stand_in, ":")
    return text, [_entity(entity.to_dict(), stand_in) for entity in entities]


def _entity(entity: dict[str, Any], stand_in: str) -> Entity:
    return {key: value.replace(stand_in, ":") if isinstance(value, str) else value for key, value in entity.items()}


@cache
def _look() -> Any:
    from telegramify_markdown.config import RenderConfig

    config = RenderConfig.isolated()
    config.cite_expandable = False  # a folded quote hides text
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    symbols.task_uncompleted = "⬜"
    return config


def _parse(source: str) -> tuple[str, tuple[Any, ...]]:
    """Parse; prices (`$5 or $6`) and "approximately" (`~5 to ~6`) are escaped, as the library itself does."""
    from telegramify_markdown.converter import _escape_at, _literal_delimiters

    events = _events(source)
    for _ in range(_MOST_PASSES):
        literal = _literal_delimiters(source, events)
        if not literal:
            break
        source = _escape_at(source, literal)
        events = _events(source)
    return source, events


def _events(source: str) -> tuple[Any, ...]:
    import pyromark
    from telegramify_markdown.converter import STANDARD_OPTIONS

    return tuple(pyromark.events_with_range(source, options=STANDARD_OPTIONS))


def _latex_as_code(source: str) -> str:
    r"""`\(x\)` and `\[x\]` as code spans; Markdown would eat their backslashes."""
    if r"\(" not in source and r"\[" not in source:
        return source
    pieces = (piece if is_code else "".join(_formulas_as_code(piece)) for piece, is_code in _by_code(source))
    return "".join(pieces)


def _formulas_as_code(text: str) -> Iterator[str]:
    """One pass over the marks; a regular expression for whole formulas takes quadratic time on open ones."""
    at, opened = 0, None
    for mark in _LATEX_MARK.finditer(text):
        if mark[0] in _LATEX_PAIRS:
            opened = mark
        elif opened is not None and mark[0] == _LATEX_PAIRS[opened[0]]:
            formula = text[opened.start() : mark.end()]
            yield text[at : opened.start()]
            yield formula if _BLANK_LINE.search(formula) else _code_span(formula)
            at, opened = mark.end(), None
    yield text[at:]


def _code_span(latex: str) -> str:
    longest = max((len(run) for run in re.findall("`+", latex)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence}{latex}{fence}"


def _by_code(source: str) -> Iterator[tuple[str, bool]]:
    """The source in pieces, each with whether it is code."""
    data, at = source.encode(), 0
    for start, end in _code_ranges(_events(source)):
        yield data[at:start].decode(), False
        yield data[start:end].decode(), True
        at = end
    yield data[at:].decode(), False


def _code_ranges(events: Sequence[Any]) -> Iterator[tuple[int, int]]:
    for payload, span in events:
        if isinstance(payload, dict) and ("Code" in payload or "CodeBlock" in _start(payload)):
            yield span["start"], span["end"]


def _start(payload: dict[str, Any]) -> dict[str, Any]:
    start = payload.get("Start")
    return start if isinstance(start, dict) else {}


def _without_definitions(source: str, stand_in: str) -> str:
    """`[Ada]: hi` is a link definition to Markdown, which shows nothing. Keep those that define a link in use."""

    def keep_visible(match: re.Match[str]) -> str:
        used = match[3] and source.count(f"[{match[2]}]") > 1
        return match[0] if used else f"{match[1]}{stand_in}{match[0][len(match[1]) + 1 :]}"

    return _DEFINITION.sub(keep_visible, source)


def _unused(text: str) -> str:
    """A private-use character that the text does not have, as wide as a colon."""
    return next(character for character in map(chr, range(0xE000, 0xF8FF)) if character not in text)
