"""What was used, by day."""

from dataclasses import dataclass
from datetime import date

REST = "…"
"""The group of everybody, or everything, that is not shown by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """What was used on one day, in the operator's time zone, by one model (or person, platform, …).

    `cost` is micro-US$, as far as known. Of `tokens` models read `read`, `cached` of them at the price of the vendor's
    prompt cache.
    """

    day: date
    group: str
    tokens: int
    cost: int
    calls: int = 0
    read: int = 0
    cached: int = 0
