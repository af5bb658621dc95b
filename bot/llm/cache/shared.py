"""A shelf in Redis: answers that all processes share, and that Redis drops by itself when they are too old."""

import json
from typing import Any, Self, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.errors import StorageError
from bot.llm.cache.shelves import GRACE
from bot.seals import UNSEALED, Seals
from bot.storage import KeptAnswer

_ABOUT = "redis.answer"

PATIENCE = 0.5
"""Seconds for an answer of Redis: beyond that the database is quicker."""


class RedisShelf:
    """Raises StorageError when Redis fails or says what we never wrote.

    Args:
        seconds: how long an answer is fresh.
        seals: what is kept is sealed by them.
        prefix: begins every key.
    """

    def __init__(self, redis: Redis, *, seconds: int, seals: Seals = UNSEALED, prefix: str = "parley") -> None:
        self._redis = redis
        self._kept = seconds + GRACE
        self._seals = seals
        self._prefix = prefix

    @classmethod
    def connect(cls, url: str, *, seconds: int, seals: Seals = UNSEALED) -> Self:
        """Sends nothing yet."""
        redis = Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        return cls(redis, seconds=seconds, seals=seals)

    async def get(self, key: str) -> KeptAnswer | None:
        try:
            found = cast("bytes | None", await self._redis.get(self._name(self._seals.blind(key))))
        except RedisError as error:
            raise StorageError(f"Redis: {type(error).__name__}") from None
        return None if found is None else _read(self._seals.open(found, _ABOUT))

    async def put(self, key: str, answer: KeptAnswer) -> None:
        # ASCII, so that lone surrogates, which models can write, need no encoding.
        value = json.dumps({"text": answer.text, "model": answer.model, "at": answer.at}).encode("ascii")
        name, sealed = self._name(self._seals.blind(key)), self._seals.seal(value, _ABOUT)
        try:
            await self._redis.set(name, sealed, ex=self._kept)
        except RedisError as error:
            raise StorageError(f"Redis: {type(error).__name__}") from None

    async def clear(self) -> None:
        try:
            async for name in self._redis.scan_iter(match=self._name("*"), count=1000):
                await self._redis.delete(name)
        except RedisError as error:
            raise StorageError(f"Redis: {type(error).__name__}") from None

    async def aclose(self) -> None:
        await self._redis.aclose()

    def _name(self, key: str) -> str:
        return f"{self._prefix}:answer:{key}"


def _read(found: bytes) -> KeptAnswer:
    try:
        value: Any = json.loads(found)
        return KeptAnswer(text=str(value["text"]), model=str(value["model"]), at=int(value["at"]))
    except (ValueError, KeyError, TypeError):
        raise StorageError("Redis: not an answer") from None
