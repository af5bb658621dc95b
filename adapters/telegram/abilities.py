"""What a Bot API server turned out not to know: older ones, and servers of one's own, lack what is newest."""

from typing import Literal

from bot.ports import Clock

Ability = Literal["drafts", "empty drafts", "stop button", "rich messages"]
"""Since Bot API 9.3, 10.0, 10.3 and 10.1."""

_AGAIN = 3600.0
"""Seconds after which it is tried again: servers are brought up to date."""


class Abilities:
    """Of the server of one bot, as far as this process has found out. Whatever was not refused is there."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused: dict[Ability, float] = {}

    def has(self, ability: Ability) -> bool:
        """Whether it is worth trying."""
        refused = self._refused.get(ability)
        return refused is None or self._clock.monotonic() - refused >= _AGAIN

    def lacks(self, ability: Ability) -> None:
        """It was refused, and what was asked without it was not."""
        self._refused[ability] = self._clock.monotonic()
