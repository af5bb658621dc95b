"""Experiments: which variant a conversation gets, and how sure one may be of what they show."""

from collections.abc import Sequence
from hashlib import blake2s
from math import sqrt

_WHOLE = 100
_Z = 1.96
"""For intervals that hold the truth 95 times of 100."""


def choice(shares: Sequence[int], conversation: int) -> int:
    """The number of a variant, the same for a conversation whenever it is asked.

    `shares` are of a hundred; the first variant has what the others leave. A variant that is added at the end takes
    from the first one alone, so that no other conversation changes sides.
    """
    drawn = int.from_bytes(blake2s(str(conversation).encode(), digest_size=4).digest(), "big") % _WHOLE
    for number, share in enumerate(shares[1:], 1):
        if drawn < share:
            return number
        drawn -= share
    return 0


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The share of hits as an interval (Wilson, 95 %), from 0 to 1. Without trials it says nothing: all of it."""
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, _Z * _Z / trials
    middle = share + spread / 2
    width = _Z * sqrt((share * (1 - share) + spread / 4) / trials)
    return max(0.0, (middle - width) / (1 + spread)), min(1.0, (middle + width) / (1 + spread))
