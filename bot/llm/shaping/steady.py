"""Shared buckets that go on in this process's memory while Redis is away."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

from bot.llm.shaping.buckets import Ask, Buckets, Denied, Grant
from bot.llm.shaping.memory import HOME as MEMORY
from bot.ports import Clock

_log = structlog.get_logger(__name__)

AWAY = (RedisError, OSError)

Result = TypeVar("Result")


class SteadyBuckets:
    """While Redis is away every worker counts for itself: together they may take more than the limits, and the
    server's 429s are what holds them.

    Args:
        pause: seconds between two attempts to reach Redis again. One call in that time waits for the attempt.
    """

    def __init__(self, shared: Buckets, local: Buckets, clock: Clock, *, pause: float = 5.0) -> None:
        self._shared = shared
        self._local = local
        self._clock = clock
        self._pause = pause
        self._retry_at: float | None = None

    async def take(self, route: str, ask: Ask) -> Grant | Denied:
        if self._resting():
            return await self._local.take(route, ask)
        taken = await self._tried(self._shared.take(route, ask))
        return await self._local.take(route, ask) if taken is None else taken

    async def settle(self, grant: Grant, *, tokens: float, requests: float = 1.0) -> None:
        if grant.home == MEMORY:
            await self._local.settle(grant, tokens=tokens, requests=requests)
        elif not self._resting():
            await self._tried(self._shared.settle(grant, tokens=tokens, requests=requests))

    async def release(self, grant: Grant) -> None:
        if grant.home == MEMORY:
            await self._local.release(grant)
        elif not self._resting():
            await self._tried(self._shared.release(grant))

    async def correct(self, grant: Grant, remaining: Mapping[str, float]) -> None:
        if grant.home == MEMORY:
            await self._local.correct(grant, remaining)
        elif not self._resting():
            await self._tried(self._shared.correct(grant, remaining))

    async def close(self, route: str, seconds: float) -> None:
        await self._local.close(route, seconds)
        if not self._resting():
            await self._tried(self._shared.close(route, seconds))

    async def watch(self, freed: Callable[[str], None]) -> None:
        while True:
            await self._tried(self._shared.watch(freed))
            await self._clock.sleep(self._pause)

    def _resting(self) -> bool:
        return self._retry_at is not None and self._clock.monotonic() < self._retry_at

    async def _tried(self, operation: Awaitable[Result]) -> Result | None:
        """What the operation returns; None if Redis is away."""
        if self._retry_at is not None:
            # Whoever else comes during this attempt does not wait for it.
            self._retry_at = self._clock.monotonic() + self._pause
        try:
            result = await operation
        except AWAY as error:
            self._left(error)
            return None
        self._came_back()
        return result

    def _left(self, error: Exception) -> None:
        if self._retry_at is None:
            # Not the error's text: it may hold the URL, and that the password.
            _log.warning("shared_limits_lost", reason=type(error).__name__)
        self._retry_at = self._clock.monotonic() + self._pause

    def _came_back(self) -> None:
        if self._retry_at is not None:
            _log.info("shared_limits_back")
        self._retry_at = None
