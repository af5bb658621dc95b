"""Pieces of text become paced previews: the newest text wins, and showing it never holds up reading."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog

from bot.domain.completions import joined
from bot.errors import LostLease, PlatformError
from bot.ports import Ref, Reply

_log = structlog.get_logger(__name__)

_KEEP_ALIVE = 4.0
"""Seconds after which the same preview is shown again: Telegram's typing indicator lasts 5, its drafts 30."""


class Preview:
    """The growing answer on the person's screen, while the block lasts.

    Args:
        reply: where it is shown, at most once per `reply.interval`.
        remember: called with `reply.ref` whenever it changes, before anything further is shown.
        check: raises LostLease when somebody else shows this answer by now.
        silent: show that something is written, and nothing of it.
    """

    def __init__(
        self,
        reply: Reply,
        remember: Callable[[Ref], Awaitable[None]],
        check: Callable[[], None] = lambda: None,
        *,
        silent: bool = False,
    ) -> None:
        self._reply = reply
        self._remember = remember
        self._check = check
        self._silent = silent
        self._known = reply.ref
        self._pieces: list[str] = []
        self._waiting = ""
        self._fresh = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """Everything fed so far."""
        return joined(self._pieces)

    def waits(self, why: str) -> None:
        """Say, until the first word, what the answer is waiting for."""
        self._waiting = why
        self._fresh.set()

    def feed(self, piece: str) -> None:
        """Add a piece. Cheap: called for every delta."""
        self._pieces.append(piece)
        self._fresh.set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Show nothing any more. A preview on its way is awaited, lest it overtake the answer."""
        self._over.set()
        self._fresh.set()
        if self._task:
            await self._task

    async def _run(self) -> None:
        try:
            await self._show("")
            while not self._over.is_set():
                await _either(self._fresh, _KEEP_ALIVE)
                self._fresh.clear()
                if self._over.is_set():
                    return
                await self._show("" if self._silent else self.text)
                await _either(self._over, self._reply.interval)
        except PlatformError as error:
            # Previews are a courtesy: the answer itself is delivered, and retried, on its own path.
            _log.info("previews_ended", reason=type(error).__name__)
        except LostLease:
            _log.info("previews_ended", reason="LostLease")
        except Exception:  # noqa: BLE001 - a preview never fails its turn
            _log.exception("previews_failed")

    async def _show(self, text: str) -> None:
        self._check()
        await self._reply.show(text, waiting="" if text else self._waiting)
        if self._reply.ref is not None and self._reply.ref != self._known:
            self._known = self._reply.ref
            await self._remember(self._known)


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, or so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
