"""The stop signal over Redis: told to the process that writes the answer, and to no other.

PostgreSQL tells it too (`bot.storage.bell`), over a connection that stays, which not every pooler leaves. Whoever
renews a lease finds it in the lane's row as well. So here nothing is kept, and losing a signal costs some seconds.
"""

import asyncio
from collections.abc import Callable
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bot.ports import Clock
from bot.storage import Stopping
from bot.tasks import obey

_log = structlog.get_logger(__name__)

_PATIENCE = 1.0
_PAUSE = 1.0
"""Seconds between attempts to hear Redis again."""

_MOST_WAITING = 1000


class RedisStops:
    """This process's part.

    Args:
        owner: the name under which this process holds lanes.
        prefix: begins every channel's name.
    """

    def __init__(self, redis: Redis, owner: str, clock: Clock, *, prefix: str = "parley") -> None:
        self._redis = redis
        self._owner = owner
        self._clock = clock
        self._prefix = prefix
        self._waiting: asyncio.Queue[Stopping] = asyncio.Queue(_MOST_WAITING)
        self._lost = False

    @classmethod
    def connect(cls, url: str, owner: str, clock: Clock) -> Self:
        """Sends nothing yet."""
        redis = Redis.from_url(
            url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            # Whoever listens sends nothing, and would not notice a server that vanished.
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),
        )
        return cls(redis, owner, clock)

    def tell(self, stopping: Stopping) -> None:
        """Have the process told where the turn runs, as soon as possible; nobody waits for that."""
        if not self._waiting.full():
            self._waiting.put_nowait(stopping)

    async def run(self, on_stop: Callable[[str, int], None]) -> None:
        """Tell, and hear what is told to us, until cancelled. `on_stop` is called with lane and epoch."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tell_for_ever())
                tasks.create_task(self._hear_for_ever(on_stop))
        finally:
            await self._redis.aclose()

    async def _tell_for_ever(self) -> None:
        while True:
            obey()
            stopping = await self._waiting.get()
            try:
                await self._redis.publish(self._channel(stopping.owner), f"{stopping.epoch}:{stopping.lane}")
            except (RedisError, OSError) as error:
                self._left(error)

    async def _hear_for_ever(self, on_stop: Callable[[str, int], None]) -> None:
        while True:
            try:
                await self._hear(on_stop)
            except (RedisError, OSError) as error:
                self._left(error)
            await self._clock.sleep(_PAUSE)

    async def _hear(self, on_stop: Callable[[str, int], None]) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            await channel.subscribe(self._channel(self._owner))
            self._came_back()
            obey()
            async for message in channel.listen():
                epoch, _, lane = message["data"].decode("utf-8", "replace").partition(":")
                if epoch.isdecimal():
                    on_stop(lane, int(epoch))

    def _channel(self, owner: str) -> str:
        return f"{self._prefix}:stop:{owner}"

    def _left(self, error: Exception) -> None:
        if not self._lost:
            # Not the error's text: it may hold the URL, and that the password.
            _log.warning("shared_stops_lost", reason=type(error).__name__)
        self._lost = True

    def _came_back(self) -> None:
        if self._lost:
            _log.info("shared_stops_back")
        self._lost = False
