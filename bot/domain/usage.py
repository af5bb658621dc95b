"""What was used, by day."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUse:
    """What one model was used for on one day, in the operator's time zone. `cost` is micro-US$, as far as known."""

    day: date
    model: str
    tokens: int
    cost: int
