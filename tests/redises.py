"""Redis for those tests that want it: a running one, with keys of their own."""

import os
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotThere


@pytest.fixture
def redis_url() -> str:
    return os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Skipped on a machine without Redis, but never in CI."""
    client = Redis.from_url(redis_url)
    try:
        await client.ping()
    except NotThere:
        if os.environ.get("CI"):
            raise
        pytest.skip("no Redis")
    yield client
    await client.aclose()


@pytest.fixture
async def prefix(redis: Redis) -> AsyncIterator[str]:
    name = f"parley-test-{uuid.uuid4().hex}"
    yield name
    if keys := [key async for key in redis.scan_iter(f"{name}:*")]:
        await redis.delete(*keys)
