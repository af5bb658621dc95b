"""parse_mode=HTML (td MessageEntity.cpp, do_parse_html)."""

import re
from dataclasses import dataclass
from html import unescape

from adapters.telegram.emulator.formatting.builder import Builder, FindUser, byte_offset, unparseable
from adapters.telegram.emulator.values import Json

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_TAG = re.compile(r"</?([^\s>/=]*)([^<>]*)>")
_ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.-]+)))?")
# The only named references the server knows; others stay as they are written.
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    offset: int
    attributes: dict[str, str]


def parse_html(text: str, user: FindUser) -> tuple[str, list[Json]]:
    out = Builder(user)
    stack: list[_Open] = []
    position = 0
    while (bracket := text.find("<", position)) >= 0:
        out.write(_decoded(text[position:bracket]))
        match = _TAG.match(text, bracket)
        where = byte_offset(text, bracket)
        if match is None:
            raise unparseable(_broken(text, bracket, where))
        if text.startswith("</", bracket):
            _close(out, stack, match.group(1).lower(), where)
        else:
            _open(out, stack, match, where)
        position = match.end()
    out.write(_decoded(text[position:]))
    if stack:
        raise unparseable(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return out.text, out.entities


def _broken(text: str, bracket: int, where: int) -> str:
    name = re.match(r"</?([\w-]*)", text[bracket:])
    if name and not name.group(1) and not text.startswith("</", bracket):
        return f'Unsupported start tag "" at byte offset {where}'
    kind = "end" if text.startswith("</", bracket) else "start"
    return f"Unclosed {kind} tag at byte offset {where}"


def _open(out: Builder, stack: list[_Open], match: re.Match[str], where: int) -> None:
    tag = match.group(1).lower()
    if tag not in _KINDS:
        raise unparseable(f'Unsupported start tag "{tag}" at byte offset {where}')
    attributes = {
        found.group(1).lower(): _decoded(found.group(2) or found.group(3) or found.group(4) or "")
        for found in _ATTRIBUTE.finditer(match.group(2))
    }
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise unparseable(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
    stack.append(_Open(tag, out.units, attributes))


def _close(out: Builder, stack: list[_Open], tag: str, where: int) -> None:
    if not stack:
        raise unparseable(f"Unexpected end tag at byte offset {where}")
    opened = stack.pop()
    if tag and tag != opened.tag:
        expected = f'expected "</{opened.tag}>", found "</{tag}>"'
        raise unparseable(f"Unmatched end tag at byte offset {where}, {expected}")
    _mark(out, opened, bool(stack) and stack[-1].tag == "pre")


def _mark(out: Builder, opened: _Open, within_pre: bool) -> None:  # noqa: FBT001 - one caller
    kind = _KINDS[opened.tag]
    attributes = opened.attributes
    if kind == "text_link":
        out.mark_link(attributes.get("href") or out.text_since(opened.offset), opened.offset)
    elif kind == "code" and within_pre and (language := attributes.get("class", "")).startswith("language-"):
        out.mark("language", opened.offset, language=language.removeprefix("language-"))
    elif kind == "pre":
        out.mark("pre", opened.offset, language=_language(out, opened.offset))
    elif kind == "blockquote" and "expandable" in attributes:
        out.mark("expandable_blockquote", opened.offset)
    else:
        out.mark(kind, opened.offset, custom_emoji_id=attributes.get("emoji-id"))


def _language(out: Builder, offset: int) -> str | None:
    """`<pre><code class="language-x">` is one block: take the inner mark back when it covers the whole."""
    last = out.entities[-1] if out.entities else None
    if last is None or last["type"] != "language":
        return None
    out.entities.pop()
    whole = last["offset"] == offset and last["length"] == out.units - offset
    return str(last["language"]) if whole else None


def _decoded(text: str) -> str:
    return _REFERENCE.sub(lambda match: unescape(match.group()), text) if "&" in text else text
