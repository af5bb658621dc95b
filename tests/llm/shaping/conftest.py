"""Buckets of both kinds, for their contract."""

import pytest
from redis.asyncio import Redis

from bot.clock import SystemClock
from bot.llm.shaping import Buckets, MemoryBuckets
from bot.llm.shaping.shared import RedisBuckets


@pytest.fixture
def shared(redis: Redis, prefix: str) -> RedisBuckets:
    return RedisBuckets(redis, prefix=prefix)


@pytest.fixture(params=["memory", "redis"])
def buckets(request: pytest.FixtureRequest) -> Buckets:
    """Both implementations, for the contract."""
    if request.param == "memory":
        return MemoryBuckets(SystemClock())
    found: Buckets = request.getfixturevalue("shared")
    return found
