"""Requests and tokens per minute: two buckets that refill steadily, and the headers that show them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.llm.emulator.cards import Limits
from bot.llm.emulator.replies import Problem, Reply


@dataclass(slots=True)
class Bucket:
    """`limit` units, refilled over a minute."""

    limit: int
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = float(self.limit)

    def refill(self, now: float) -> None:
        self.level = min(self.limit, self.level + (now - self.at) * self.limit / 60)
        self.at = now

    def wait(self, cost: int) -> float:
        """Seconds until `cost` fits; 0 when it does."""
        return max(0.0, cost - self.level) * 60 / self.limit

    @property
    def reset(self) -> float:
        """Seconds until full."""
        return (self.limit - self.level) * 60 / self.limit


class Gate:
    """Charges each request, or answers 429 with the time to come back."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._requests = Bucket(limits.requests)
        self._tokens = Bucket(limits.tokens)

    def refuse(self, model: str, tokens: int) -> Reply | None:
        """Charge one request of `tokens`. A refused one is charged nothing."""
        self._refill()
        if wait := self._requests.wait(1):
            return self._reached(model, "requests", self._requests, 1, wait)
        if wait := self._tokens.wait(tokens):
            return self._reached(model, "tokens", self._tokens, tokens, wait)
        self._requests.level -= 1
        self._tokens.level -= tokens
        return None

    def headers(self) -> dict[str, str]:
        self._refill()
        return {
            f"x-ratelimit-{field}-{name}": value
            for name, bucket in (("requests", self._requests), ("tokens", self._tokens))
            for field, value in (
                ("limit", str(bucket.limit)),
                ("remaining", str(max(0, int(bucket.level)))),
                ("reset", duration(bucket.reset)),
            )
        }

    def _refill(self) -> None:
        now = self._clock()
        self._requests.refill(now)
        self._tokens.refill(now)

    def _reached(self, model: str, meter: str, bucket: Bucket, cost: int, wait: float) -> Reply:
        used = bucket.limit - int(bucket.level)
        message = (
            f"Rate limit reached for {model} in organization org-emulator on {meter} per min "
            f"({'RPM' if meter == 'requests' else 'TPM'}): Limit {bucket.limit}, Used {used}, "
            f"Requested {cost}. Please try again in {duration(wait)}. "
            "Visit https://platform.openai.com/account/rate-limits to learn more."
        )
        headers = {"retry-after": str(math.ceil(wait)), "retry-after-ms": str(math.ceil(wait * 1000))}
        return Problem(message=message, type=meter, code="rate_limit_exceeded").reply(429, headers)


def duration(seconds: float) -> str:
    """As the vendor writes it: `12ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    if seconds < 60:
        return f"{math.ceil(seconds * 1000) / 1000:g}s"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}m{rest}s"
