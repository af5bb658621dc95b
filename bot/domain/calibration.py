"""What calls teach about a model: how its tokens compare to our estimates, and how large its window really is."""

from dataclasses import dataclass, replace
from typing import Self

_WEIGHT = 0.2
"""Of the newest call."""

_LEAST, _MOST = 0.7, 2.0
"""Beyond these the server counts something else than tokens of the prompt."""

_FEW = 100
"""Tokens below which what servers add by themselves weighs more than the text."""

_MATERIAL = 0.02
"""Smaller changes are not worth a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`ratio` is how many of the model's tokens one of ours is; `window` in its tokens, None as it was configured."""

    ratio: float = 1.0
    window: int | None = None

    def counted(self, *, estimate: int, reported: int) -> Self:
        """After a call whose prompt we took for `estimate` tokens and the server for `reported`."""
        if estimate < _FEW or reported <= 0:
            return self
        seen = min(max(reported / estimate, _LEAST), _MOST)
        return replace(self, ratio=self.ratio + _WEIGHT * (seen - self.ratio))

    def overflowed(self, *, window: int) -> Self:
        """After a refusal: the window is no larger than that."""
        return replace(self, window=min(window, self.window or window))

    def differs(self, other: "Lesson") -> bool:
        """Whether it is worth writing down."""
        return self.window != other.window or abs(self.ratio - other.ratio) > _MATERIAL * other.ratio
