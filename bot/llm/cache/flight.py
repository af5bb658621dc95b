"""One call that several people wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from bot.domain.completions import Prompt, joined
from bot.ports import Completion, Model, OnWait

Keep = Callable[[Completion, str], Awaitable[None]]
"""Told the whole answer when it has come to its proper end."""


class Flight:
    """A call in a task of its own: whoever stops listening ends it for nobody else; the last one to leave ends it.

    The bill is for the listener who has been there longest: the one who asked first, unless they left before the end.

    Args:
        landed: called once, when nobody may join any more.
    """

    def __init__(self, model: Model, prompt: Prompt, *, keep: Keep, landed: Callable[["Flight"], None]) -> None:
        self.completion = model.complete(prompt, self._waits)
        self._keep = keep
        self._landed = landed
        self._listeners: dict[object, OnWait | None] = {}
        self._payer: object | None = None
        self._pieces: list[str] = []
        self._error: Exception | None = None
        self._ended = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: object, on_wait: OnWait | None) -> None:
        self._listeners[listener] = on_wait
        if self._task is None:
            self._task = asyncio.create_task(self._fly())

    def pays(self, listener: object) -> bool:
        payer = self._payer if self._ended else next(iter(self._listeners), None)
        return payer is listener

    async def hear(self) -> AsyncIterator[str]:
        """The answer from its beginning, as far as it has come and as it goes on. Raises what the call raised."""
        heard = 0
        while True:
            news = self._news  # taken before looking: what comes after the look rings this very bell
            while heard < len(self._pieces):
                yield self._pieces[heard]
                heard += 1
            if self._ended:
                break
            await news.wait()
        if self._error is not None:
            raise self._error

    async def leave(self, listener: object) -> None:
        self._listeners.pop(listener, None)
        if self._listeners or self._ended or self._task is None:
            return
        self._landed(self)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _fly(self) -> None:
        try:
            async for piece in self.completion:
                self._pieces.append(piece)
                self._ring()
            await self._keep(self.completion, joined(self._pieces))
        except Exception as error:  # noqa: BLE001 - every listener raises it
            self._error = error
        finally:
            await self.completion.aclose()
            self._payer = next(iter(self._listeners), None)
            self._ended = True
            self._landed(self)
            self._ring()

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _waits(self, position: int, seconds: float) -> None:
        for on_wait in self._listeners.values():
            if on_wait is not None:
                on_wait(position, seconds)
