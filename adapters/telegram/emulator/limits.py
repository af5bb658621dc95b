"""Flood control: how fast the bot may write, and what it costs to ignore a 429.

Telegram publishes "about one message a second in a chat, 20 a minute in a group, 30 a second overall" and leaves
the rest "unspecified, flexible" (Bot FAQ). Bursts, the draft rate and the length of a pause are our guesses.
"""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from adapters.telegram.emulator.refusals import too_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_second` calls in the long run, `burst` at once."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """None switches a limit off. `pause` and `extension` are seconds.

    `pause` is the least `retry_after` of a first refusal; each call made during the pause adds `extension`.
    """

    private: Rate | None = Rate(per_second=1.0, burst=5)
    group: Rate | None = Rate(per_second=20 / 60, burst=20)
    drafts: Rate | None = Rate(per_second=2.0, burst=5)
    overall: Rate | None = Rate(per_second=30.0, burst=60)
    pause: float = 3.0
    extension: float = 1.0

    @classmethod
    def off(cls) -> "Limits":
        return cls(private=None, group=None, drafts=None, overall=None)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    paused_until: float = 0.0


class FloodControl:
    """Token buckets, one for each chat and kind of call, and one over all."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def charge_message(self, chat_id: int, *, private: bool) -> None:
        """Pay for one message or edit.

        Raises:
            ApiError: 429 with `retry_after`, whole seconds.
        """
        self._charge(("message", chat_id), self._limits.private if private else self._limits.group)
        self._charge("overall", self._limits.overall)

    def charge_draft(self, chat_id: int) -> None:
        self._charge(("draft", chat_id), self._limits.drafts)

    def _charge(self, key: Hashable, rate: Rate | None) -> None:
        if rate is None:
            return
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate.burst, now)
        if now < bucket.paused_until:
            bucket.paused_until += self._limits.extension
            raise too_many(math.ceil(bucket.paused_until - now))
        self._take(bucket, rate, now)

    def _take(self, bucket: _Bucket, rate: Rate, now: float) -> None:
        bucket.tokens = min(rate.burst, bucket.tokens + (now - bucket.filled_at) * rate.per_second)
        bucket.filled_at = now
        if bucket.tokens < 1:
            wait = max(self._limits.pause, (1 - bucket.tokens) / rate.per_second)
            bucket.paused_until = now + wait
            raise too_many(max(1, math.ceil(wait)))
        bucket.tokens -= 1
