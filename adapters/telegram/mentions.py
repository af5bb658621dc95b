"""Names that must not ring: Telegram makes a mention of every @name in a text and notifies who it is."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from adapters.telegram.splitting import Entity, offsets_in

WORD_JOINER = "\u2060"
"""Has no width and joins nothing to a name."""

_NAME = re.compile(r"(?<!\w)@(?=\w)")
_CODE = frozenset({"code", "pre"})  # in which Telegram looks for no names


def hushed(text: str) -> str:
    """The text with every @name made a word like any other; looks the same."""
    return _NAME.sub(f"@{WORD_JOINER}", text)


def hushed_around(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The same for a text with entities, which move along; code stays as it is."""
    found = [match.end() for match in _NAME.finditer(text)]
    if not found:
        return text, entities
    units = offsets_in(text)
    code = sorted((one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] in _CODE)
    loud = [at for at in found if not _covered(code, units[at])]
    return _joined(text, loud), list(_moved(entities, [units[at] for at in loud]))


def _covered(ranges: Sequence[tuple[int, int]], unit: int) -> bool:
    """Whether it lies in one of the ranges, which do not overlap."""
    before = bisect_left(ranges, (unit, 0))
    return before > 0 and unit <= ranges[before - 1][1]


def _joined(text: str, places: list[int]) -> str:
    return WORD_JOINER.join(text[start:end] for start, end in pairwise([0, *places, len(text)]))


def _moved(entities: Iterable[Entity], places: list[int]) -> Iterator[Entity]:
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        before, until = bisect_left(places, start + 1), bisect_left(places, end)
        yield {**entity, "offset": start + before, "length": end + until - start - before}
