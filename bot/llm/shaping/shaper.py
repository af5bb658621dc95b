"""Admission to an endpoint: nobody calls before there is room for the call."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from bot.errors import UpstreamBusy
from bot.llm.shaping.buckets import Buckets, Grant
from bot.llm.shaping.headers import levels
from bot.llm.shaping.limits import Limits, Route
from bot.llm.shaping.line import Line, OnWait
from bot.ports import Clock

__all__ = ["Admission", "OnWait", "Shaper"]


class Admission:
    """One call that may be made now. Say what became of it with `used`, `unused` and `heard`."""

    def __init__(self, line: Line, grant: Grant, *, waited: float) -> None:
        self.waited = waited
        self._line = line
        self._grant = grant
        self._requests = 1.0
        self._tokens: float | None = None

    def used(self, tokens: float) -> None:
        """The tokens that the call really took, input and output. Unsaid, the estimate stays charged."""
        self._tokens = tokens

    def unused(self) -> None:
        """Nothing was sent: everything is given back."""
        self._requests, self._tokens = 0.0, 0.0

    async def heard(self, headers: Mapping[str, str]) -> None:
        """The answer's headers, as soon as they are there; names in lower case or in a mapping that ignores it."""
        if found := levels(headers):
            await self._line.hear(self._grant, found)

    async def refused(self, retry_after: float | None) -> None:
        """429: it cost a request and no tokens, and the route is closed for so long. UpstreamBusy does this itself."""
        self._tokens = 0.0
        await self._line.refuse(retry_after)

    async def finish(self, lasted: float) -> None:
        await self._line.finish(self._grant, requests=self._requests, tokens=self._tokens, lasted=lasted)


class Shaper:
    """One for the process; use it as a context, or only `admit` where nothing is shared with other processes.

    Args:
        limits: what is known of a route before it has answered; headers lower it.
        patience: how often a lower priority is passed over, see FairQueue.
        interval: the shortest time between two estimates for the same person, in seconds.
    """

    def __init__(
        self,
        buckets: Buckets,
        clock: Clock,
        limits: Callable[[Route], Limits],
        *,
        patience: int = 5,
        interval: float = 3.0,
    ) -> None:
        self._buckets = buckets
        self._clock = clock
        self._limits = limits
        self._patience = patience
        self._interval = interval
        self._lines: dict[str, Line] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._buckets.watch(self._freed), name="shaper watch")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let nobody in any more, and settle what has ended."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        for line in self._lines.values():
            await line.close()
        if self._finishing:
            await asyncio.wait(self._finishing)

    @asynccontextmanager
    async def admit(
        self,
        route: Route,
        *,
        tokens: float,
        priority: int = 0,
        deadline: float = 60.0,
        on_wait: OnWait | None = None,
    ) -> AsyncGenerator[Admission]:
        """Wait until `route` has room for a call of about `tokens` (prompt and longest answer), and hold it.

        Higher priorities go first, BACKGROUND when nobody else waits. Raises UpstreamBusy, with nothing charged, when
        there will be no room within `deadline` seconds. An UpstreamBusy raised inside closes the route for its
        `retry_after`.
        """
        line = self._line(route)
        joined = self._clock.monotonic()
        grant = await line.wait(tokens=tokens, priority=priority, deadline=deadline, on_wait=on_wait)
        began = self._clock.monotonic()
        admission = Admission(line, grant, waited=began - joined)
        try:
            yield admission
        except UpstreamBusy as error:
            await admission.refused(error.retry_after)
            raise
        finally:
            await self._finish(admission, self._clock.monotonic() - began)

    async def _finish(self, admission: Admission, lasted: float) -> None:
        """Settle, even if whoever held it is cancelled meanwhile."""
        task = asyncio.create_task(admission.finish(lasted))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        await asyncio.shield(task)

    def _line(self, route: Route) -> Line:
        name = str(route)
        if name not in self._lines:
            self._lines[name] = Line(
                name,
                buckets=self._buckets,
                clock=self._clock,
                limits=self._limits(route),
                patience=self._patience,
                interval=self._interval,
            )
        return self._lines[name]

    def _freed(self, route: str) -> None:
        if route in self._lines:
            self._lines[route].wake()
