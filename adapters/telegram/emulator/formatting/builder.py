"""Text and entities growing together, offsets in UTF-16 units."""

from collections.abc import Callable
from typing import Any

from adapters.telegram.emulator.entities import utf16_length
from adapters.telegram.emulator.links import checked_link, mentioned_user
from adapters.telegram.emulator.refusals import ApiError, bad_request
from adapters.telegram.emulator.values import Json, User

FindUser = Callable[[int], User | None]


def unparseable(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def byte_offset(text: str, position: int) -> int:
    return len(text[:position].encode("utf-8", "replace"))


class Builder:
    """What a parser writes to."""

    __slots__ = ("_parts", "_user", "entities", "units")

    def __init__(self, user: FindUser) -> None:
        self._parts: list[str] = []
        self._user = user
        self.units = 0
        self.entities: list[Json] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def write(self, piece: str) -> None:
        self._parts.append(piece)
        self.units += utf16_length(piece)

    def text_since(self, offset: int) -> str:
        units = self.text.encode("utf-16-le", "surrogatepass")
        return units[2 * offset :].decode("utf-16-le", "surrogatepass")

    def mark(self, kind: str, offset: int, **extra: Any) -> None:
        """An entity from `offset` to here; an empty one is dropped."""
        if self.units > offset:
            named = {name: value for name, value in extra.items() if value}
            self.entities.append({"type": kind, "offset": offset, "length": self.units - offset, **named})

    def mark_link(self, url: str, offset: int) -> None:
        """A link or a mention. Unlike in an entities array, a bad address here only loses its link."""
        if (user_id := mentioned_user(url)) is not None:
            if person := self._user(user_id):
                self.mark("text_mention", offset, user=person.payload())
            return
        try:
            self.mark("text_link", offset, url=checked_link(url))
        except ApiError:
            return
