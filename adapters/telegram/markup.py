"""Markdown → texts with entities, as Telegram takes them.

telegramify-markdown (pinned) parses and writes; between the two we rewrite its events, so that nothing a model wrote
is lost: raw HTML stays text, LaTeX stays source, links are checked. Its own preparations (spoilers from `||`, LaTeX
to Unicode) eat text and are left out.
"""

import re
from functools import cache
from typing import Any

import structlog

from adapters.formulas import as_code
from adapters.telegram.events import Rewriting
from adapters.telegram.mentions import hushed, hushed_around
from adapters.telegram.splitting import LIMIT, Entity, Formatted, split
from adapters.telegram.tables import drawn

_DEFINITION = re.compile(r"^( {0,3}(?:> ?)*\[([^\]\n]+)\]):[ \t]*(https?://)?", re.MULTILINE)
_MOST_PASSES = 8
_MOST_TIMES = 4
"""As many messages as the words alone would take. A table of long names and short rows, or thousands of letters that
are bold each for itself, would fill a chat.
"""

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
        return _messages(text, quiet=quiet) or plain(text, quiet=quiet)
    except Exception:
        # A defect in the renderer must not cost somebody the answer.
        log.exception("Markdown could not be rendered and is sent as plain text")
        return plain(text, quiet=quiet)


def plain(text: str, *, quiet: bool = False) -> list[Formatted]:
    """The same without any formatting."""
    return split(hushed(text) if quiet else text, [])


def _messages(text: str, *, quiet: bool) -> list[Formatted]:
    """[] if there is nothing to see, or more than there should be."""
    most = _MOST_TIMES * (len(text) // LIMIT + 1)
    message = _formatted(text)
    if len(message[0]) > most * LIMIT:
        return []
    messages = split(*(hushed_around(*message) if quiet else message))
    return messages if len(messages) <= most else []


def _formatted(markdown: str) -> tuple[str, list[Entity]]:
    # Imported here: nobody who only starts up should wait for the parser and its tables.
    from telegramify_markdown.converter import EventWalker

    stand_in = _unused(markdown)
    source = _without_definitions(as_code(markdown, dollars=False), stand_in)
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


def _without_definitions(source: str, stand_in: str) -> str:
    """`[Ada]: hi` is a link definition to Markdown, which shows nothing. Keep those that define a link in use."""

    def keep_visible(match: re.Match[str]) -> str:
        used = match[3] and source.count(f"[{match[2]}]") > 1
        return match[0] if used else f"{match[1]}{stand_in}{match[0][len(match[1]) + 1 :]}"

    return _DEFINITION.sub(keep_visible, source)


def _unused(text: str) -> str:
    """A private-use character that the text does not have, as wide as a colon."""
    return next(character for character in map(chr, range(0xE000, 0xF8FF)) if character not in text)
