"""Sounds that are written down by a model: what that takes, and what it costs."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Self

_TOKENS_PER_SECOND = 10
"""Of sound, as OpenAI counts it: one for each 100 ms."""
_SPOKEN_PER_SECOND = 8
"""Tokens of text that somebody who talks fast says in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundUsage:
    """What was heard. Vendors tell seconds or tokens; `estimated`: neither."""

    seconds: int = 0
    sound_tokens: int = 0
    text_tokens: int = 0
    output: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRates:
    """What hearing costs, in micro-US$: for a second, or for tokens of sound, of text beside it and of what is written.

    A vendor has prices of one of the two kinds; the others are 0.
    """

    second: Decimal = Decimal(0)
    sound_token: Decimal = Decimal(0)
    text_token: Decimal = Decimal(0)
    output_token: Decimal = Decimal(0)

    @classmethod
    def by_minute(cls, dollars: Decimal) -> Self:
        return cls(second=dollars * 10**6 / 60)

    def ceiling(self, seconds: int) -> int:
        """The most that so many seconds can cost."""
        return self.cost(self._probable(seconds))

    def cost(self, usage: SoundUsage, lasted: int = 0) -> int:
        """Rounded up. Where the vendor told the other kind of use than it has prices for, `lasted` seconds count."""
        told = usage.seconds if self.second else usage.sound_tokens or usage.text_tokens
        if not told:
            usage = self._probable(usage.seconds or lasted)
        exact = (
            usage.seconds * self.second
            + usage.sound_tokens * self.sound_token
            + usage.text_tokens * self.text_token
            + usage.output * self.output_token
        )
        return int(exact.to_integral_value(ROUND_CEILING))

    def _probable(self, seconds: int) -> SoundUsage:
        return SoundUsage(
            seconds=seconds,
            sound_tokens=seconds * _TOKENS_PER_SECOND,
            output=seconds * _SPOKEN_PER_SECOND,
            estimated=True,
        )
