"""How many turns may run at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """In all processes together: `each` person, and everybody `together`. None is unlimited."""

    each: int | None = None
    together: int | None = None


UNCAPPED = Caps()
