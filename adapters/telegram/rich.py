"""Rich messages (Bot API 10.1): tables and formulas as they are meant, where an operator wants that.

Telegram parses the Markdown itself, and what it can do with it is more than a model should: pictures make Telegram
fetch an address, HTML has maps and players, `tg://user` links ring. So a text that has any of it, or a link that does
not say where it leads, is sent as an ordinary message, as is all that ordinary messages show as well.
"""

import re
from dataclasses import dataclass
from typing import Any

from adapters.formulas import with_dollars
from adapters.telegram.events import read_event
from bot.domain.links import aside, web_link

LONGEST = 32_768  # characters [Bot API, Rich Message Limits]; so are the others
MOST_BLOCKS = 500
MOST_COLUMNS = 20
DEEPEST = 16

_TAG = re.compile(r"<[a-zA-Z/!?]|\]\(|&(?:lt|#)")
"""In what our parser takes for text: another one might not."""

_LONGEST_TAG = 3  # characters of it that may stand in the piece before, less one

_BLOCKS = frozenset({
    "BlockQuote", "CodeBlock", "Heading", "Item", "List", "Paragraph", "Table", "TableHead", "TableRow",
})  # fmt: skip
_DANGEROUS = frozenset({
    "FootnoteDefinition", "FootnoteReference", "Html", "HtmlBlock", "Image", "InlineHtml", "MetadataBlock",
})  # fmt: skip
_WORTH_IT = frozenset({"DisplayMath", "InlineMath", "Table"})


def rich(markdown: str) -> str | None:
    """The Markdown for a rich message; None if it should not be one. Never raises."""
    if len(markdown) > LONGEST:
        return None
    source, look = with_dollars(markdown), _Look()
    return source if _all_seen(source, look) and look.worth_it and len(source) <= LONGEST else None


@dataclass(slots=True)
class _Look:
    """What was seen of a text so far."""

    worth_it: bool = False
    blocks: int = 0
    depth: int = 0
    in_code: bool = False
    url: str = ""
    label: str = ""

    def begins(self, tag: str, value: Any) -> bool:
        """Whether it may go on."""
        self.depth += 1
        self.blocks += tag in _BLOCKS
        self.in_code |= tag == "CodeBlock"
        self.worth_it |= tag in _WORTH_IT
        if tag == "Link":
            if self.url or not web_link(value["dest_url"]):
                return False
            self.url, self.label = value["dest_url"], ""
        wide = tag == "Table" and len(value) > MOST_COLUMNS
        return not wide and tag not in _DANGEROUS and self.blocks <= MOST_BLOCKS and self.depth <= DEEPEST

    def ends(self, tag: str) -> bool:
        self.depth -= 1
        self.in_code &= tag != "CodeBlock"
        if tag != "Link":
            return True
        url, self.url = self.url, ""
        return aside(self.label, url) is None

    def holds(self, tag: str, value: Any) -> bool:
        """A piece without an end of its own."""
        self.worth_it |= tag in _WORTH_IT
        if self.url and isinstance(value, str):
            self.label += value
        suspect = tag == "Text" and not self.in_code and _TAG.search(value)
        return tag not in _DANGEROUS and not suspect


def _all_seen(source: str, look: _Look) -> bool:
    """Whether all of it was looked at, with nothing wrong."""
    import pyromark
    from telegramify_markdown.converter import STANDARD_OPTIONS

    text = ""
    for payload, _ in pyromark.events_with_range(source.encode(errors="replace").decode(), options=STANDARD_OPTIONS):
        step, tag, value = read_event(payload)
        if step == "Start":
            fine = look.begins(tag, value)
        elif step == "End":
            fine = look.ends(tag)
        else:
            fine = look.holds(tag, value)
        # The parser cuts text at marks that came to nothing: two pieces may be a tag together.
        text = text[-_LONGEST_TAG:] + value if tag == "Text" and not look.in_code else ""
        if not fine or _TAG.search(text):
            return False
    return True
