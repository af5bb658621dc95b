"""Long formatted texts → parts that Telegram accepts: cut where it hurts least, entities re-opened after each cut."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from bot.domain.completions import is_blank

Entity = Mapping[str, Any]
Formatted = tuple[str, list[dict[str, Any]]]
"""A text and its entities as the Bot API takes them; offsets and lengths count UTF-16 code units."""

LIMIT = 4096  # Telegram counts code points after parsing; UTF-16 units are never fewer, so this is always enough
MOST_ENTITIES = 95  # of the kinds below; from the 101st on Telegram drops them silently (td MessageEntity.cpp)
UNSPLITTABLE = frozenset({"blockquote", "code", "expandable_blockquote", "pre", "text_link"})
_JOINER = "\u200d"
_LONGEST_CLUSTER = 32  # characters; a longer "emoji" is noise and may be cut


def utf16_len(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, entities: Sequence[Entity], *, limit: int = LIMIT) -> list[Formatted]:
    """Cut into parts of at most `limit` UTF-16 units. Only white space is lost; blank parts are left out."""
    offsets = offsets_in(text)
    ordered = sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
    return [
        (text[start:end], list(_clipped(ordered, offsets[start], offsets[end])))
        for start, end in _ranges(text, offsets, ordered, limit)
        if not is_blank(text[start:end])
    ]


def offsets_in(text: str) -> Sequence[int]:
    """The UTF-16 offset of every character, and of the end."""
    if utf16_len(text) == len(text):
        return range(len(text) + 1)
    return [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]


def _ranges(text: str, offsets: Sequence[int], entities: Sequence[Entity], limit: int) -> Iterator[tuple[int, int]]:
    starts = [entity["offset"] for entity in entities if entity["type"] in UNSPLITTABLE]
    at = 0
    while at < len(text):
        furthest = _furthest(offsets, at, limit, starts)
        end = len(text) if furthest == len(text) else _cut(text, at, furthest)
        yield at, at + len(text[at:end].rstrip())
        at = _skip_newlines(text, end)


def _furthest(offsets: Sequence[int], at: int, limit: int, starts: Sequence[int]) -> int:
    """The last index at which the part that begins at `at` may end."""
    most = offsets[at] + limit
    one_too_many = bisect_left(starts, offsets[at]) + MOST_ENTITIES
    if one_too_many < len(starts):
        most = min(most, max(starts[one_too_many], offsets[at] + 1))
    low, high = at + 1, len(offsets) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if offsets[middle] <= most else (low, middle - 1)
    return low


def _cut(text: str, start: int, furthest: int) -> int:
    """Between paragraphs, else lines, else words, else between two characters that do not belong together.

    A cut in the first half is not worth it: it would make many small parts.
    """
    least = start + (furthest - start) // 2
    for separator in ("\n\n", "\n", " "):
        found = text.rfind(separator, least, furthest)
        if found > start:
            return found + len(separator)
    return _between_clusters(text, start, furthest)


def _between_clusters(text: str, start: int, furthest: int) -> int:
    for end in range(furthest, max(start, furthest - _LONGEST_CLUSTER), -1):
        if not _belongs(text[end - 1], text[end]):
            return end
    return furthest


def _belongs(left: str, right: str) -> bool:
    """Whether the two are one character to a reader. Flags are kept whole with their neighbours."""
    if _JOINER in (left, right) or unicodedata.category(right) in {"Mn", "Me", "Mc"}:
        return True
    if "\U0001f3fb" <= right <= "\U0001f3ff":  # skin tones
        return True
    return "\U0001f1e6" <= left <= "\U0001f1ff" and "\U0001f1e6" <= right <= "\U0001f1ff"


def _skip_newlines(text: str, at: int) -> int:
    while at < len(text) and text[at] in "\r\n":
        at += 1
    return at


def _clipped(entities: Sequence[Entity], start: int, end: int) -> Iterator[dict[str, Any]]:
    for entity in entities:
        if entity["offset"] >= end:
            return
        first = max(entity["offset"], start)
        last = min(entity["offset"] + entity["length"], end)
        if first < last:
            yield {**entity, "offset": first - start, "length": last - first}
