"""A text and its entities, measured as Telegram measures them: in UTF-16 code units."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

_MOST_ENTITIES = 200  # Telegram sends at most 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One entity. `start` and `end` count UTF-16 code units; `user` is set for text mentions."""

    kind: str
    start: int
    end: int
    user: Mapping[str, Any] = field(default_factory=dict, compare=False)


class Spans:
    """A text with its entities in order."""

    def __init__(self, text: str, spans: tuple[Span, ...]) -> None:
        self.text = text
        self._spans = spans
        self._units = text.encode("utf-16-le", "surrogatepass")

    @classmethod
    def read(cls, text: str, entities: Any) -> Self:
        """Read raw entities. Raises TypeError and ValueError for what Telegram would never send."""
        if not isinstance(entities, list):
            raise TypeError("entities are not a list")
        spans = (_span(entity) for entity in entities[:_MOST_ENTITIES])
        return cls(text, tuple(sorted(spans, key=lambda span: span.start)))

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    def text_of(self, span: Span) -> str:
        return self._slice(span.start, span.end)

    def until(self, end: int) -> "Spans":
        """What stands before `end`."""
        return Spans(self._slice(0, end), tuple(span for span in self._spans if span.end <= end))

    def replaced(self, replacements: Mapping[Span, str], *, after: int = 0) -> str:
        """The text from `after` on, with some spans replaced."""
        pieces, at = [], after
        for span in sorted(replacements, key=lambda span: span.start):
            if span.start >= at:
                pieces += [self._slice(at, span.start), replacements[span]]
                at = span.end
        return "".join([*pieces, self._slice(at, len(self._units) // 2)])

    def _slice(self, start: int, end: int) -> str:
        return self._units[2 * start : 2 * end].decode("utf-16-le", "replace")


def _span(entity: Any) -> Span:
    if not isinstance(entity, dict):
        raise TypeError("an entity is an object")
    start, length, kind = entity["offset"], entity["length"], entity["type"]
    if not (isinstance(start, int) and isinstance(length, int) and isinstance(kind, str)):
        raise TypeError("an entity has a type, an offset and a length")
    if not (0 <= start < 2**31 and 0 < length < 2**31):
        raise ValueError("an entity stands inside its text")
    return Span(kind=kind, start=start, end=start + length, user=_user(entity))


def _user(entity: Mapping[str, Any]) -> Mapping[str, Any]:
    user = entity.get("user") or {}
    if not isinstance(user, dict):
        raise TypeError("a mentioned user is an object")
    if entity["type"] == "text_mention" and not isinstance(user.get("id"), int):
        raise TypeError("a mentioned user has an id")
    return user
