"""Names that must not ring: Telegram makes a mention of every @name in a text and notifies who it is."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise

from adapters.telegram.splitting import Entity, utf16_len

WORD_JOINER = "\u2060"
"""Has no width and joins nothing to a name."""

_NAME = re.compile(r"(?<!\w)@(?=\w)")
_CODE = frozenset({"code", "pre"})  # in which Telegram looks for no names


def hushed(text: str) -> str:
    """The text with every @name made a word like any other; looks the same."""
    return _NAME.sub(f"@{WORD_JOINER}", text)


def hushed_around(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The same for a text with entities, which move along; code stays as it is."""
    found = [(match.end(), utf16_len(text[: match.end()])) for match in _NAME.finditer(text)]
    code = [entity for entity in entities if entity["type"] in _CODE]
    loud = [(at, unit) for at, unit in found if not any(_covers(entity, unit) for entity in code)]
    return _joined(text, [at for at, _ in loud]), list(_moved(entities, [unit for _, unit in loud]))


def _covers(entity: Entity, unit: int) -> bool:
    return bool(entity["offset"] < unit <= entity["offset"] + entity["length"])


def _joined(text: str, places: list[int]) -> str:
    return WORD_JOINER.join(text[start:end] for start, end in pairwise([0, *places, len(text)]))


def _moved(entities: Iterable[Entity], places: list[int]) -> Iterator[Entity]:
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        before, until = bisect_left(places, start + 1), bisect_left(places, end)
        yield {**entity, "offset": start + before, "length": end + until - start - before}
