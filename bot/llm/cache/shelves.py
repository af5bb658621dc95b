"""Where answers are kept: in memory, in Redis if there is one, and in the database behind them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog

from bot.errors import StorageError
from bot.storage import KeptAnswer, UnitOfWork

_log = structlog.get_logger(__name__)

_ENTRY = 400
"""Bytes of an entry beside its text, about."""

GRACE = 7 * 86_400
"""Seconds for which answers are kept beyond their time, for when no endpoint can be reached."""


class Shelf(Protocol):
    """Keeps answers by key. Losing some, or all, does no harm."""

    async def get(self, key: str) -> KeptAnswer | None:
        """However old."""

    async def put(self, key: str, answer: KeptAnswer) -> None: ...

    async def clear(self) -> None:
        """Forget every answer."""


class MemoryShelf:
    """The answers used last, in so many bytes."""

    def __init__(self, size: int = 16 * 1024 * 1024) -> None:
        self._size = size
        self._used = 0
        self._answers: OrderedDict[str, KeptAnswer] = OrderedDict()

    async def get(self, key: str) -> KeptAnswer | None:
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        if (old := self._answers.pop(key, None)) is not None:
            self._used -= _bytes(old)
        self._answers[key] = answer
        self._used += _bytes(answer)
        while self._used > self._size:
            _, oldest = self._answers.popitem(last=False)
            self._used -= _bytes(oldest)

    async def clear(self) -> None:
        self._answers.clear()
        self._used = 0


class DatabaseShelf:
    """A table, from which rows that are too old even for bad times are deleted as new ones come.

    Args:
        seconds: how long an answer is fresh.
    """

    def __init__(self, begin: Callable[[], AbstractAsyncContextManager[UnitOfWork]], *, seconds: int) -> None:
        self._begin = begin
        self._kept = (seconds + GRACE) * 1000

    async def get(self, key: str) -> KeptAnswer | None:
        async with self._begin() as work:
            return await work.answers.get(key)

    async def put(self, key: str, answer: KeptAnswer) -> None:
        async with self._begin() as work:
            await work.answers.put(key, answer)
            await work.answers.prune(answer.at - self._kept)

    async def clear(self) -> None:
        async with self._begin() as work:
            await work.answers.clear()


class Shelves:
    """Several in a row, the nearest first: what is found farther away is brought nearer.

    One that fails is done without: a cache is no reason to fail a turn.
    """

    def __init__(self, *shelves: Shelf) -> None:
        self._shelves = shelves

    async def get(self, key: str) -> KeptAnswer | None:
        for distance, shelf in enumerate(self._shelves):
            if (answer := await self._look(shelf, key)) is not None:
                await self._keep(self._shelves[:distance], key, answer)
                return answer
        return None

    async def put(self, key: str, answer: KeptAnswer) -> None:
        await self._keep(self._shelves, key, answer)

    async def clear(self) -> None:
        """The farthest first, or what is there would be brought nearer again.

        Raises StorageError: whoever has something forgotten wants to know.
        """
        for shelf in reversed(self._shelves):
            await shelf.clear()

    async def _look(self, shelf: Shelf, key: str) -> KeptAnswer | None:
        try:
            return await shelf.get(key)
        except StorageError as error:
            _failed(shelf, error)
            return None

    async def _keep(self, shelves: Sequence[Shelf], key: str, answer: KeptAnswer) -> None:
        for shelf in shelves:
            try:
                await shelf.put(key, answer)
            except StorageError as error:
                _failed(shelf, error)


def _failed(shelf: Shelf, error: StorageError) -> None:
    _log.warning("response_cache_failed", shelf=type(shelf).__name__, reason=str(error)[:100])


def _bytes(answer: KeptAnswer) -> int:
    return len(answer.text.encode("utf-8", "surrogatepass")) + _ENTRY
