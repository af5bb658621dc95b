"""Rate limits: a bucket per method and workspace, and one per channel for posting.

Source: docs.slack.dev/apis/web-api/rate-limits. Slack promises "20+", tolerates bursts and tells only `Retry-After`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

POSTING = "chat.postMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """How many calls of a tier one method may make per `window` seconds."""

    per_window: Mapping[int, int] = field(default_factory=lambda: {1: 1, 2: 20, 3: 50, 4: 100})
    window: float = 60.0
    posts_per_second: float = 1.0
    """Per channel."""
    post_burst: int = 5
    enabled: bool = True

    @classmethod
    def off(cls) -> "Tiers":
        return cls(enabled=False)


@dataclass(slots=True)
class Bucket:
    """`size` calls at once, refilled evenly."""

    size: float
    per_second: float
    level: float
    filled_at: float

    def take(self, now: float) -> float:
        """Seconds to wait; 0 when the call may pass."""
        self.level = min(self.size, self.level + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.per_second


class Limiter:
    def __init__(self, tiers: Tiers, clock: Callable[[], float]) -> None:
        self._tiers = tiers
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}

    def wait(self, method: str, tier: int, channel: str = "") -> int:
        """Whole seconds for `Retry-After`; 0 lets the call through. Tier 0 has no limit."""
        if not self._tiers.enabled:
            return 0
        bucket = self._bucket(method, tier, channel)
        return math.ceil(bucket.take(self._clock())) if bucket else 0

    def _bucket(self, method: str, tier: int, channel: str) -> Bucket | None:
        if method == POSTING:
            return self._get(f"{method} {channel}", self._tiers.post_burst, self._tiers.posts_per_second)
        if tier not in self._tiers.per_window:
            return None
        size = self._tiers.per_window[tier]
        return self._get(method, size, size / self._tiers.window)

    def _get(self, name: str, size: float, per_second: float) -> Bucket:
        if name not in self._buckets:
            self._buckets[name] = Bucket(size, per_second, size, self._clock())
        return self._buckets[name]
