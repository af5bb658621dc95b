"""Buckets in Redis, so that all workers share one truth: every operation is one run of one Lua script."""

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.llm.shaping.buckets import CLOSED, SLOTS, Ask, Denied, Grant
from bot.tasks import obey

HOME = "redis"
MICRO = 1_000_000
PATIENCE = 1.0
"""Seconds for an answer of Redis, which takes a millisecond: beyond that it is as good as gone."""


class RedisBuckets:
    """Raises redis.RedisError when Redis does; `bot.llm.shaping.steady` goes on without it.

    Args:
        prefix: begins every key and the channel's name. Keys of one route share a slot of a cluster.
        lease: seconds after which a call under way is given up for lost, because its worker died; longer than the
            longest call.
    """

    def __init__(self, redis: Redis, *, prefix: str = "parley", lease: float = 900.0) -> None:
        self._redis = redis
        self._prefix = prefix
        self._lease = lease
        self._script = redis.register_script((files(__package__) / "buckets.lua").read_text("utf-8"))

    @classmethod
    def connect(cls, url: str, *, prefix: str = "parley", lease: float = 900.0) -> Self:
        """Sends nothing yet."""
        redis = Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            # What timed out may have been carried out: repeating it would charge twice.
            retry=Retry(NoBackoff(), 0),
        )
        return cls(redis, prefix=prefix, lease=lease)

    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        name = uuid.uuid4().hex
        most = -1 if ask.concurrent is None else ask.concurrent
        pairs = [
            _micro(seconds)
            for meter, cost in zip(ask.meters, ask.costs, strict=True)
            for seconds in (cost * meter.pace, meter.tolerance)
        ]
        answer = await self._run(route, ask, "take", name, _micro(self._lease), most, *pairs)
        granted, first, *rest = answer
        if granted:
            until = tuple(moment / MICRO for moment in rest)
            return Grant(id=name, route=route, ask=ask, at=first / MICRO, until=until, home=HOME)
        return _denied(ask, first, *rest)

    async def settle(self, grant: Grant, *, tokens: float, requests: float = 1.0) -> None:
        await self._settle(grant, grant.changes(requests, tokens))

    async def release(self, grant: Grant) -> None:
        await self._settle(grant, [0.0] * len(grant.until))

    async def _settle(self, grant: Grant, changes: Sequence[float]) -> None:
        pairs = [_micro(one) for pair in zip(changes, grant.until, strict=True) for one in pair]
        await self._run(grant.route, grant.ask, "settle", grant.id, self._channel, grant.route, *pairs)

    async def correct(self, grant: Grant, remaining: Mapping[str, float]) -> None:
        floors = [_micro(moment) for moment in grant.floors(remaining)]
        await self._run(grant.route, grant.ask, "correct", *floors)

    async def close(self, route: str, seconds: float) -> None:
        await self._run(route, Ask(meters=()), "close", max(1, math.ceil(seconds * 1000)))

    async def watch(self, freed: Callable[[str], None]) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(self._channel)
            obey()
            async for message in channel.listen():
                freed(message["data"].decode())

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    @property
    def _channel(self) -> str:
        return f"{self._prefix}:freed"

    async def _run(self, route: str, ask: Ask, *arguments: str | int) -> Any:
        base = f"{self._prefix}:{{{route}}}"
        keys = [f"{base}:slots", f"{base}:closed", *(f"{base}:{meter.name}" for meter in ask.meters)]
        return await self._script(keys=keys, args=list(arguments))


def _denied(ask: Ask, wait: int, short: int, *debts: int) -> Denied:
    seconds = tuple(debt / MICRO for debt in debts)
    if short < 0:
        return Denied(wait=math.inf, meter=SLOTS, debts=seconds)
    meter = ask.meters[short - 1].name if short else CLOSED
    return Denied(wait=wait / MICRO, meter=meter, debts=seconds)


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)
