"""Masks: placeholders that a model sees instead of personal data, and the way back, however an answer is cut.

Numbers are given in the order in which values come, so a prompt that begins as another one did is masked as that was:
the beginnings that providers keep stay the same from turn to turn.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.domain.personal import KINDS, Find, Finding, apart, personal

_WRITTEN = "TEXT"
"""The kind of what looks like a placeholder and is what somebody wrote."""

NOTE = (
    "Some words are hidden from you: placeholders such as [EMAIL_#] stand for them, with a number. Use a placeholder "
    "exactly as it is wherever you mean what it stands for, and do not talk about placeholders."
)
"""What a model is told first. No placeholder stands in it, which would be masked."""


class Masks:
    """What stands for what in one prompt: the same value has the same placeholder everywhere in it.

    Args:
        finds: what is hidden.
        kinds: what those find, beside what is always told apart.
    """

    def __init__(self, finds: Sequence[Find] = (personal,), kinds: Sequence[str] = ()) -> None:
        self._finds = finds
        self._placeholder = re.compile(rf"\[(?:{'|'.join((*KINDS, _WRITTEN, *kinds))})_[0-9]{{1,6}}\]")
        self._numbers: Counter[str] = Counter()
        self._placeholders: dict[str, str] = {}
        self.values: dict[str, str] = {}
        """By placeholder."""

    def mask(self, text: str) -> str:
        """The text with placeholders."""
        parts, done = [], 0
        for one in apart(self._found(text)):
            parts += [text[done : one.start], self._instead(text[one.start : one.end], one.kind)]
            done = one.end
        return "".join((*parts, text[done:]))

    def restore(self, text: str) -> str:
        """The text with values. A placeholder that stands for nothing stays."""
        return self._placeholder.sub(lambda match: self.values.get(match[0], match[0]), text)

    def _found(self, text: str) -> Iterator[Finding]:
        for find in self._finds:
            yield from find(text)
        for match in self._placeholder.finditer(text):
            yield Finding(start=match.start(), end=match.end(), kind=_WRITTEN)

    def _instead(self, value: str, kind: str) -> str:
        if value not in self._placeholders:
            self._numbers[kind] += 1
            placeholder = f"[{kind}_{self._numbers[kind]}]"
            self._placeholders[value], self.values[placeholder] = placeholder, value
        return self._placeholders[value]


class Unmasking:
    """Restores an answer that comes in pieces. What may become a placeholder waits for its end, and nothing else."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._beginnings = frozenset(one[:end] for one in masks.values for end in range(1, len(one)))
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now."""
        text = self._held + piece
        at = text.rfind("[")
        if at < 0 or text[at:] not in self._beginnings:
            at = len(text)
        self._held = text[at:]
        return self._masks.restore(text[:at])

    def rest(self) -> str:
        """What was held back, when nothing follows."""
        held, self._held = self._held, ""
        return held
