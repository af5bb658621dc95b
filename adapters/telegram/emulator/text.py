"""A text on its way in: parsed, trimmed and measured in the order the server does it."""

from dataclasses import dataclass

from adapters.telegram.emulator.entities import check, find, mend, utf16_length
from adapters.telegram.emulator.formatting import parse
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

# telegram-bot-api Client.cpp refuses a longer raw text before parsing it. Bytes.
LARGEST_RAW = 1 << 15
# Unicode code points after parsing (core.telegram.org: message_length_max, caption_length_max).
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
_BLANK = " \n\t\v\f\u200b\u200e\u200f\u2060\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text with its entities, ready to be shown."""

    text: str
    entities: tuple[Json, ...] = ()

    def with_found(self) -> "Text":
        """Add the commands, mentions and links the server finds where the bot marked nothing."""
        taken = {
            unit
            for entity in self.entities
            if entity["type"] in {"code", "pre", "text_link", "text_mention"}
            for unit in range(entity["offset"], entity["offset"] + entity["length"])
        }
        found = [one for one in find(self.text) if one["offset"] not in taken]
        return Text(text=self.text, entities=tuple(mend([*self.entities, *found])))


def read_text(world: World, params: Params, *, name: str = "text", marks: str = "entities") -> Text:
    """The formatted text of a call; may be empty, may still be too long.

    Raises:
        ApiError: 400, unparseable or with impossible entities.
    """
    raw = params.text(name)
    if len(raw) * 4 > LARGEST_RAW and len(raw.encode("utf-8", "replace")) > LARGEST_RAW:
        raise bad_request("text is too long")
    mode = params.text("parse_mode").lower()
    if mode:
        text, found = parse(mode, raw, world.user)
        return _trimmed(text, mend(found))
    listed = params.value(marks, list)
    return _trimmed(raw, check(raw, listed, world.user) if listed else [])


def require_sendable(text: str, longest: int = LONGEST_TEXT) -> None:
    """Raise what sendMessage answers for nothing and for too much."""
    if not text:
        raise bad_request("message text is empty")
    if len(text) > longest:
        raise bad_request("message is too long")


def _trimmed(text: str, entities: list[Json]) -> Text:
    """Blank edges go; an entity keeps the indentation it begins with (td fix_formatted_text)."""
    text = text.replace("\r", "")
    first = entities[0]["offset"] if entities else len(text)
    lead = 0
    while lead < min(first, len(text)) and text[lead] in " \n":
        lead += 1
    kept = text[lead:].rstrip(_BLANK)
    if not kept.strip(_BLANK):
        return Text(text="")
    return Text(text=kept, entities=tuple(_clipped(entities, lead, utf16_length(kept))))


def _clipped(entities: list[Json], shift: int, total: int) -> list[Json]:
    moved = [{**entity, "offset": entity["offset"] - shift} for entity in entities]
    cut = [{**one, "length": min(one["length"], total - one["offset"])} for one in moved]
    return [one for one in cut if one["length"] > 0]
