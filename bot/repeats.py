"""The same thing said again and again by one person: answered a few times, then not for a while."""

from collections import OrderedDict
from hashlib import blake2b

from bot.errors import RepeatedTooOften
from bot.ports import Clock

_MOST = 3
_WITHIN = 60.0

_REMEMBERED = 10_000
"""Questions, the oldest of which is forgotten: some 3 MB."""


class Repeats:
    """Counts identical questions of an account in this process's memory, which no longer knows them after a restart.

    Args:
        most: how often the same may be asked `within` so many seconds.
    """

    def __init__(
        self, clock: Clock, *, most: int = _MOST, within: float = _WITHIN, remembered: int = _REMEMBERED
    ) -> None:
        self._clock = clock
        self._most = most
        self._within = within
        self._remembered = remembered
        self._asked: OrderedDict[bytes, dict[int, float]] = OrderedDict()

    def check(self, account: int, arrival: int, question: str) -> None:
        """Count a question, or raise RepeatedTooOften. An arrival that is handled again counts once."""
        key = blake2b(f"{account} {question.strip()}".encode(), digest_size=16).digest()
        now = self._clock.monotonic()
        asked = {one: at for one, at in self._asked.get(key, {}).items() if now - at < self._within}
        if arrival not in asked and len(asked) >= self._most:
            raise RepeatedTooOften(seconds=self._within - (now - min(asked.values())))
        asked.setdefault(arrival, now)
        self._remember(key, asked)

    def _remember(self, key: bytes, asked: dict[int, float]) -> None:
        self._asked[key] = asked
        self._asked.move_to_end(key)
        if len(self._asked) > self._remembered:
            self._asked.popitem(last=False)
