"""How often all processes together may call a platform: counted in the buckets that calls of models are counted in."""

from typing import Self

from bot.llm.shaping import Buckets, MemoryBuckets
from bot.llm.shaping.buckets import Ask, Denied
from bot.llm.shaping.limits import Meter
from bot.llm.shaping.shared import RedisBuckets
from bot.llm.shaping.steady import SteadyBuckets
from bot.ports import Clock

_SECOND = 1.0


class SharedAllowance:
    """See `bot.ports.Allowance`. While Redis is away each process counts for itself."""

    def __init__(self, buckets: Buckets, redis: RedisBuckets | None = None) -> None:
        self._buckets = buckets
        self._redis = redis

    @classmethod
    def connect(cls, url: str, clock: Clock) -> Self:
        """Sends nothing yet."""
        redis = RedisBuckets.connect(url)
        return cls(SteadyBuckets(redis, MemoryBuckets(clock), clock), redis)

    async def take(self, name: str, *, burst: float, per_second: float, spare: float = 0.0) -> float:
        meters = [_meter("calls", burst, per_second)]
        if spare:
            # What may not touch the reserve has a smaller bucket besides.
            meters.append(_meter("spare", max(1.0, burst - spare), per_second))
        taken = await self._buckets.take(name, Ask(meters=tuple(meters)))
        return taken.wait if isinstance(taken, Denied) else 0.0

    async def close(self, name: str, seconds: float) -> None:
        await self._buckets.close(name, seconds)

    async def leave(self) -> None:
        if self._redis:
            await self._redis.aclose()


def _meter(name: str, burst: float, per_second: float) -> Meter:
    return Meter(name=name, kind="requests", limit=per_second, period=_SECOND, burst=burst)
