"""Entities: found in plain text, or checked as TDLib checks the ones a bot sends (td MessageEntity.cpp)."""

import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

from adapters.telegram.emulator.links import checked_link, mentioned_user
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json, User

# TDLib finds these by itself and ignores them in a bot's array.
FOUND_ALONE = frozenset({"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"})
CODE = frozenset({"code", "pre"})
# "Splittable" in TDLib: cut where another entity begins or ends. Everything else counts towards the limit of 100.
SPLITTABLE = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
LINKS = frozenset({"text_link", "text_mention", "custom_emoji", "bank_card_number", "date_time"})
TYPES = FOUND_ALONE | CODE | SPLITTABLE | LINKS | {"blockquote", "expandable_blockquote"}
MOST_UNSPLITTABLE = 100
LARGEST_OFFSET = 1_000_000

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)\]])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/@<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/@<>])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{2,31})(?!\w)"
    r"|(?<!\w)(?P<hashtag>\#\w*[^\W\d]\w*)"
)


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def covered(text: str, entity: Json) -> str:
    """The part of `text` an entity lies on."""
    units = text.encode("utf-16-le", "surrogatepass")
    start = 2 * entity["offset"]
    return units[start : start + 2 * entity["length"]].decode("utf-16-le", "surrogatepass")


def find(text: str) -> list[Json]:
    """Commands, mentions, hashtags, links and addresses, as a client or the server marks them in plain text."""
    return [
        {
            "type": match.lastgroup,
            "offset": utf16_length(text[: match.start()]),
            "length": utf16_length(match.group()),
        }
        for match in _FOUND.finditer(text)
    ]


def check(text: str, entities: Iterable[Any], user: Callable[[int], User | None]) -> list[Json]:
    """What the server keeps of a bot's `entities` array: overlaps mended, the surplus dropped.

    Raises:
        ApiError: 400, an entity outside the text, of an unknown type, with a bad link or an unknown user.
    """
    read = [_read(entity, user) for entity in entities]
    kept = [entity for entity in read if entity is not None and entity["length"] > 0]
    if kept:
        _require_inside(text, kept)
    return _capped(mend(kept))


def mend(entities: list[Json]) -> list[Json]:
    """No two entities overlap in part, nothing lies in code, quotes do not nest (td fix_entities)."""
    ordered = sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
    solid: list[Json] = []
    for entity in sorted(ordered, key=_solidity):
        if entity["type"] not in SPLITTABLE and not any(_clash(entity, other) for other in solid):
            solid.append(entity)
    loose = [entity for entity in ordered if entity["type"] in SPLITTABLE]
    pieces = [piece for entity in loose for piece in _pieces(entity, solid)]
    unique = {(piece["type"], piece["offset"], piece["length"]): piece for piece in pieces}
    return sorted([*solid, *unique.values()], key=lambda entity: (entity["offset"], -entity["length"]))


def _capped(entities: list[Json]) -> list[Json]:
    counted = 0
    kept = []
    for entity in entities:
        counted += entity["type"] not in SPLITTABLE
        if entity["type"] in SPLITTABLE or counted <= MOST_UNSPLITTABLE:
            kept.append(entity)
    return kept


def _read(entity: Any, user: Callable[[int], User | None]) -> Json | None:
    if not isinstance(entity, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind = entity.get("type")
    if kind not in TYPES:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    body: Json = {"type": kind, "offset": _units(entity, "offset"), "length": _units(entity, "length")}
    if kind in FOUND_ALONE:
        return None
    if kind == "text_link":
        return _read_link(body, entity, user)
    if kind == "text_mention":
        return _mention(body, (entity.get("user") or {}).get("id"), user)
    return body | {name: entity[name] for name in ("language", "custom_emoji_id") if entity.get(name)}


def _read_link(body: Json, entity: Json, user: Callable[[int], User | None]) -> Json:
    url = entity.get("url")
    if not isinstance(url, str):
        raise bad_request("can't parse MessageEntity: Can't find field \"url\"")
    if (user_id := mentioned_user(url)) is not None:
        return _mention(body, user_id, user)
    return body | {"url": checked_link(url)}


def _mention(body: Json, user_id: Any, user: Callable[[int], User | None]) -> Json:
    person = user(user_id) if isinstance(user_id, int) else None
    if person is None:
        raise bad_request("user not found")
    return body | {"type": "text_mention", "user": person.payload()}


def _units(entity: Json, name: str) -> int:
    value = entity.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f'can\'t parse MessageEntity: Field "{name}" must be of type Number')
    if not 0 <= value <= LARGEST_OFFSET:
        raise bad_request(f"receive an entity with incorrect {name} {value}")
    return value


def _require_inside(text: str, entities: list[Json]) -> None:
    total = utf16_length(text)
    inside = _middles(text)
    for entity in entities:
        start, end = entity["offset"], entity["offset"] + entity["length"]
        if start > total:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {start}")
        beginning = f"entity beginning at UTF-16 offset {start}"
        if end > total:
            raise bad_request(f"{beginning} ends after the end of the text at UTF-16 offset {end}")
        if start in inside:
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {start}")
        if end in inside:
            raise bad_request(f"{beginning} ends in a middle of a UTF-16 symbol at UTF-16 offset {end}")


def _middles(text: str) -> set[int]:
    """UTF-16 offsets that fall between the halves of a surrogate pair."""
    if text.isascii():
        return set()
    offset, middles = 0, set()
    for character in text:
        offset += 1
        if ord(character) > 0xFFFF:
            middles.add(offset)
            offset += 1
    return middles


def _solidity(entity: Json) -> int:
    """Code wins over links, and both over quotes, whichever began first."""
    if entity["type"] in CODE:
        return 0
    return 2 if entity["type"].endswith("blockquote") else 1


def _clash(one: Json, other: Json) -> bool:
    if not _overlap(one, other):
        return False
    if one["type"].endswith("blockquote") and not other["type"].endswith("blockquote"):
        return not _within(other, one)
    return True


def _overlap(one: Json, other: Json) -> bool:
    return _start(one) < _end(other) and _start(other) < _end(one)


def _within(inner: Json, outer: Json) -> bool:
    return _start(outer) <= _start(inner) and _end(inner) <= _end(outer)


def _pieces(entity: Json, solid: list[Json]) -> list[Json]:
    """`entity` cut at the edges of what it crosses, and cut out of code altogether."""
    crossed = [other for other in solid if _overlap(entity, other) and not _within(entity, other)]
    blocked = [other for other in solid if other["type"] in CODE and _overlap(entity, other)]
    edges = {_start(entity), _end(entity)}
    for other in crossed:
        cuts = other["type"] in CODE or not _within(other, entity)
        edges |= {edge for edge in (_start(other), _end(other)) if cuts and _start(entity) < edge < _end(entity)}
    points = sorted(edges)
    spans = [{**entity, "offset": a, "length": b - a} for a, b in itertools.pairwise(points)]
    return [span for span in spans if not any(_overlap(span, other) for other in blocked)]


def _start(entity: Json) -> int:
    return int(entity["offset"])


def _end(entity: Json) -> int:
    return int(entity["offset"] + entity["length"])
