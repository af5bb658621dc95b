"""The turns that wait for one route, and what lets them in."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.errors import UpstreamBusy, UpstreamDown
from bot.llm.shaping.buckets import Ask, Buckets, Denied, Grant
from bot.llm.shaping.forecast import TYPICAL, Forecast, Load, forecast
from bot.llm.shaping.headers import Level
from bot.llm.shaping.limits import Limits
from bot.llm.shaping.queue import BACKGROUND, FairQueue
from bot.ports import Clock

OnWait = Callable[[int, float], None]
"""Told the position (from 1) and the probable wait in seconds. Must return at once."""

WORTH_TELLING = 1.0
"""Seconds: shorter waits are not announced."""
BUSY_FOR = 1.0
"""Seconds of silence after a refusal that does not say how long."""
SHORTEST = 0.001
"""Seconds: event loops count in milliseconds, so that a timer can ring early by half of one."""


@dataclass(slots=True, kw_only=True, eq=False)
class Waiter:
    """A turn in the line. `ends` is when it gives up (monotonic); `grant` is how it learns that it is let in."""

    tokens: float
    priority: int
    ends: float
    on_wait: OnWait | None
    grant: asyncio.Future[Grant]
    told: float | None = None
    tell_again: float = -math.inf

    @property
    def granted(self) -> bool:
        return self.grant.done() and not self.grant.cancelled() and self.grant.exception() is None

    def tell(self, position: int, seconds: float, now: float, interval: float) -> None:
        """Pass the estimate on if it is news."""
        if self.on_wait is None or now < self.tell_again or not self._news(seconds):
            return
        self.told, self.tell_again = seconds, now + interval
        # Not from here: an error in it is not the line's.
        asyncio.get_running_loop().call_soon(self.on_wait, position, seconds)

    def _news(self, seconds: float) -> bool:
        if self.told is None:
            return seconds >= WORTH_TELLING
        return abs(seconds - self.told) >= max(2.0, 0.2 * self.told)


class Line:
    """One route's queue. A task of its own lets turns in while any wait; it sleeps until exactly the next can go."""

    def __init__(
        self, route: str, *, buckets: Buckets, clock: Clock, limits: Limits, patience: int, interval: float
    ) -> None:
        self.limits = limits
        self._route = route
        self._buckets = buckets
        self._clock = clock
        self._interval = interval
        self._queue: FairQueue[Waiter] = FairQueue(patience)
        self._returning: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._forecast: Forecast | None = None
        self._report_at = -math.inf
        self._call = TYPICAL

    async def wait(self, *, tokens: float, priority: int, deadline: float, on_wait: OnWait | None) -> Grant:
        """Stand in line. Raises UpstreamBusy after `deadline` seconds; whoever leaves early leaves no hole."""
        waiter = Waiter(
            tokens=tokens,
            priority=priority,
            ends=self._clock.monotonic() + deadline,
            on_wait=on_wait,
            grant=asyncio.get_running_loop().create_future(),
        )
        self._join(waiter)
        try:
            async with asyncio.timeout(deadline):
                return await waiter.grant
        except TimeoutError:
            if waiter.granted:
                return waiter.grant.result()
            raise UpstreamBusy("waited too long in line", retry_after=self._estimate(waiter)) from None
        except asyncio.CancelledError:
            if waiter.granted:  # let in and cancelled in the same moment
                self._return(waiter.grant.result())
            raise
        finally:
            self._leave(waiter)

    async def finish(self, grant: Grant, *, requests: float, tokens: float | None, lasted: float) -> None:
        """Settle a call that took `lasted` seconds; `tokens` None leaves charged what was asked for."""
        if tokens is None:
            await self._buckets.release(grant)
        else:
            asked = grant.ask.tokens if requests and self.limits.counted == "promised" else 0.0
            await self._buckets.settle(grant, requests=requests, tokens=max(asked, tokens))
        if requests:
            self._call += 0.1 * (lasted - self._call)
        self._changed.set()

    async def refuse(self, retry_after: float | None) -> None:
        """The server said 429: nobody goes before it wants us back."""
        await self._buckets.close(self._route, BUSY_FOR if retry_after is None else retry_after)
        self._changed.set()

    async def hear(self, grant: Grant, levels: tuple[Level, ...]) -> None:
        """Believe what an answer's headers say."""
        remaining: dict[str, float] = {}
        for level in levels:
            name = level.meter(self.limits)
            remaining[name] = level.remaining
            if level.limit is not None:
                self.limits = self.limits.told(name, level.limit)
        if remaining:
            await self._buckets.correct(self._whole(grant), remaining)

    def _whole(self, grant: Grant) -> Grant:
        """With the whole buckets, of which background work asked for a part: servers speak of the whole."""
        asked = {meter.name for meter in grant.ask.meters}
        meters = tuple(meter for meter in self.limits.meters() if meter.name in asked)
        return replace(grant, ask=replace(grant.ask, meters=meters))

    def wake(self) -> None:
        """Something may be free again."""
        self._changed.set()

    async def close(self) -> None:
        """Let nobody in any more; whoever waits gets UpstreamDown."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump, *self._returning])

    def _join(self, waiter: Waiter) -> None:
        self._queue.push(waiter, waiter.priority)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._let_in(), name=f"line {self._route}")
            self._pump.add_done_callback(self._stopped)
        elif self._queue.first() is waiter:
            self._changed.set()
        else:
            self._announce(waiter)

    def _leave(self, waiter: Waiter) -> None:
        if not self._queue:
            return
        was_first = self._queue.first() is waiter
        self._queue.remove(waiter, waiter.priority)
        if was_first:
            self._changed.set()

    async def _let_in(self) -> None:
        while self._queue:
            waiter = self._queue.first()
            self._changed.clear()
            taken = await self._buckets.take(self._route, self._ask(waiter))
            if isinstance(taken, Denied):
                await self._hold(waiter, taken)
            elif waiter.grant.done():  # left while we asked
                self._queue.remove(waiter, waiter.priority)
                await self._give_back(taken)
            else:
                self._queue.serve(waiter, waiter.priority)
                waiter.grant.set_result(taken)

    def _stopped(self, pump: asyncio.Task[None]) -> None:
        """Nobody waits for ever because the buckets broke or the process ends."""
        error = UpstreamDown("no longer let in") if pump.cancelled() else pump.exception()
        if error is None:
            return
        for waiter in list(self._queue):
            self._queue.remove(waiter, waiter.priority)
            if not waiter.grant.done():
                waiter.grant.set_exception(error)

    def _ask(self, waiter: Waiter) -> Ask:
        limits = self.limits.spared() if waiter.priority == BACKGROUND else self.limits
        return Ask(meters=limits.meters(), tokens=waiter.tokens, concurrent=limits.concurrent)

    async def _give_back(self, grant: Grant) -> None:
        await self._buckets.settle(grant, requests=0, tokens=0)
        self._changed.set()

    def _return(self, grant: Grant) -> None:
        """Give back without waiting for it: whoever was cancelled does not wait."""
        task = asyncio.create_task(self._give_back(grant))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _hold(self, waiter: Waiter, denied: Denied) -> None:
        now = self._clock.monotonic()
        self._forecast = forecast(self.limits.meters(), denied, self.limits.concurrent, now, self._call)
        if waiter.grant.done() or _hopeless(waiter, denied, now):
            self._turn_away(waiter, denied.wait)
            return
        waiter.tell(1, self._forecast.wait(Load().plus(waiter.tokens), now), now, self._interval)
        if now >= self._report_at:
            self._report(now)
        await self._pause(min(denied.wait, self._report_at - now))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(SHORTEST, seconds)):
                await self._changed.wait()
        except TimeoutError:
            return

    def _turn_away(self, waiter: Waiter, seconds: float) -> None:
        self._queue.remove(waiter, waiter.priority)
        if not waiter.grant.done():
            waiter.grant.set_exception(UpstreamBusy("the limit is used up", retry_after=seconds))

    def _report(self, now: float) -> None:
        """One walk along the line tells everybody. Also the moment to look again, should a wake-up have been lost."""
        self._report_at = now + self._interval
        for position, waiter, load in self._loads():
            waiter.tell(position, self._wait_for(load, now), now, self._interval)

    def _announce(self, waiter: Waiter) -> None:
        now = self._clock.monotonic()
        for position, one, load in self._loads():
            if one is waiter:
                waiter.tell(position, self._wait_for(load, now), now, self._interval)

    def _estimate(self, waiter: Waiter) -> float:
        now = self._clock.monotonic()
        return max(1.0, next((self._wait_for(load, now) for _, one, load in self._loads() if one is waiter), 0.0))

    def _loads(self) -> Iterator[tuple[int, Waiter, Load]]:
        load = Load()
        for position, waiter in enumerate(self._queue, start=1):
            load = load.plus(waiter.tokens)
            yield position, waiter, load

    def _wait_for(self, load: Load, now: float) -> float:
        return self._forecast.wait(load, now) if self._forecast is not None else 0.0


def _hopeless(waiter: Waiter, denied: Denied, now: float) -> bool:
    """Whether waiting cannot help in time. A minute's tokens can: calls that end give back what they did not use."""
    return math.isfinite(denied.wait) and denied.meter != "tpm" and now + denied.wait > waiter.ends
