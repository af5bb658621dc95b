"""The parser's events, rewritten before they are written out: see `markup`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.domain.links import disguise, mail_address, web_link

Event = tuple[Any, Any]
"""What pyromark yields: a payload and its range in the source."""

_BLOCKS = frozenset({"BlockQuote", "CodeBlock", "Heading", "HtmlBlock", "Table"})
_PLAIN = ("Paragraph", "Strong", "Emphasis")  # a tuple: what it is searched for may be a dict
_BOXES = {False: "⬜", True: "✅"}
_DEEPEST = 20
"""Lists in lists are indented so far and no further: each level of them would make the whole of the rest longer."""
_INLINE = frozenset({"Code", "DisplayMath", "Html", "InlineHtml", "InlineMath", "Text"})


@dataclass(slots=True)
class _Link:
    url: str | None
    mail: str | None = None
    label: list[str] = field(default_factory=list)


class Rewriting:
    """One pass over the events of one text."""

    def __init__(self, source: str) -> None:
        self._source = source.encode()
        self._cell_end = 0
        self._links: list[_Link] = []
        self._quotes = 0
        self._lists: list[bool] = []  # the lists that are open: whether their items are numbered
        self._words_before = False  # in a list item: text stands on the line
        self._block_before = False  # in a list item: a block has just ended

    def rewrite(self, events: Iterable[Event]) -> Iterator[Event]:
        for payload, span in events:
            if self._is_plain(payload):
                yield payload, span
                continue
            for new in (*self._surplus(payload, span), *self._rewritten(payload)):
                yield new, span

    def _is_plain(self, payload: Any) -> bool:
        """Most events of most answers: words, and emphasis around them. Nothing here concerns those."""
        if isinstance(payload, str) or self._links or self._lists:
            return False
        return "Text" in payload or payload.get("Start") in _PLAIN or payload.get("End") in _PLAIN

    def _surplus(self, payload: Any, span: Any) -> Iterator[Any]:
        """Cells of a row beyond the table's header, which the parser leaves out [GFM, tables]."""
        if payload == {"End": "TableCell"}:
            self._cell_end = span["end"]
        elif payload == {"End": "TableRow"}:
            rest = self._source[self._cell_end : span["end"]].decode(errors="replace").strip(" |\t\r\n")
            if rest:
                yield from ({"Start": "TableCell"}, {"Text": rest}, {"End": "TableCell"})

    def _rewritten(self, payload: Any) -> Iterator[Any]:
        step, tag, value = read_event(payload)
        yield from self._line_break(step, tag, value)
        if tag in {"Link", "Image"}:
            yield from self._link(step, value)
        elif tag == "List" and len(self._lists) + (step == "End") > _DEEPEST:
            return
        elif tag == "BlockQuote":
            yield from self._quote(step, payload)
        elif tag == "TaskListMarker" and self._lists[-1:] == [True]:
            yield {"Text": f"{_BOXES[value]} "}  # the writer would put the box in place of the number
        else:
            self._note_label(tag, value)
            yield _as_text(step, tag, value, payload)

    def _line_break(self, step: str, tag: str, value: Any) -> Iterator[Any]:
        """Blocks inside tight list items would stand on the line of the text before or after them."""
        if tag in {"List", "Item"}:
            self._count(step, tag, value)
            self._words_before = self._block_before = False
        elif self._lists and tag in _BLOCKS:
            if step == "Start" and self._words_before:
                yield "SoftBreak"
            self._words_before, self._block_before = False, step == "End"
        elif self._lists and tag in _INLINE:
            if self._block_before:
                yield "SoftBreak"
            self._words_before, self._block_before = True, False
        elif tag == "Paragraph":
            self._words_before = False

    def _count(self, step: str, tag: str, value: Any) -> None:
        if tag == "List" and step == "Start":
            self._lists.append(value is not None)
        elif tag == "List":
            self._lists.pop()

    def _quote(self, step: str, payload: Any) -> Iterator[Any]:
        """Telegram has no quotes inside quotes."""
        self._quotes -= step == "End"
        if self._quotes == 0:
            yield payload
        self._quotes += step == "Start"

    def _link(self, step: str, value: Any) -> Iterator[Any]:
        if step == "Start":
            link = self._opened(value["dest_url"])
            self._links.append(link)
            if link.url:
                yield {"Start": {"Link": {"dest_url": link.url}}}
            return
        link = self._links.pop() if self._links else _Link(None)
        label = "".join(link.label)
        if link.url and not label.strip():
            yield {"Text": link.url}
        if link.url:
            yield {"End": "Link"}
        yield from _explained(link, label)

    def _opened(self, url: str) -> _Link:
        inside = any(link.url for link in self._links)  # an image in a link: one link is enough
        return _Link(None if inside else web_link(url), mail_address(url))

    def _note_label(self, tag: str, value: Any) -> None:
        if tag in _INLINE:
            for link in self._links:
                link.label.append(value)


def read_event(payload: Any) -> tuple[str, str, Any]:
    """(step, tag, value): `{"Start": {"Link": x}}` is ("Start", "Link", x), `{"Text": x}` is ("", "Text", x)."""
    if isinstance(payload, str):
        return "", payload, None
    key, value = next(iter(payload.items()))
    if key not in {"Start", "End"}:
        return "", key, value
    if isinstance(value, dict):
        tag, value = next(iter(value.items()))
        return key, tag, value
    return key, value, None


def _as_text(step: str, tag: str, value: Any, payload: Any) -> Any:
    match tag:
        case "InlineHtml" | "Html":
            return {"Text": value}
        case "HtmlBlock":
            return {step: "Paragraph"}
        case "InlineMath":
            return {"Code": f"${value}$"}
        case "DisplayMath":
            return {"Code": f"$${value}$$"}
        case _:
            return payload


def _explained(link: _Link, label: str) -> Iterator[Any]:
    """Say where a link leads if its label does not."""
    hidden = disguise(label, link.url) if link.url else None
    if hidden or (link.mail and link.mail not in label):
        yield {"Text": f" ({hidden or link.mail})"}
