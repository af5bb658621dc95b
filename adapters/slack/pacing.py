"""How fast we may call Slack: token buckets per method, shared by all replies of the process.

Processes that share a Redis share the budgets besides (`bot.ports.Allowance`): see `adapters.slack.calls`.

Slack counts per method, workspace and app (docs.slack.dev/apis/web-api/rate-limits): tier 2 is 20 calls a minute,
tier 3 is 50, tier 4 is 100, and chat.postMessage about one a second and channel. Previews live on what is left above
a reserve; what must arrive (the ends of answers) may use everything.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.ports import Clock

POST = "chat.postMessage"
START = "chat.startStream"
APPEND = "chat.appendStream"
STOP = "chat.stopStream"
UPDATE = "chat.update"
STATUS = "assistant.threads.setStatus"
SESSION = "agents.sessions.setStatus"

_REMEMBERED = 1000
"""Channels and replies that are kept in mind before the idle ones are forgotten."""
_ACTIVE = 15.0
"""Seconds after its last preview during which a reply counts as one that wants more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`burst` calls at once, `per_second` on average; previews leave `reserve` calls untouched."""

    burst: float
    per_second: float
    reserve: float = 0.0
    per_channel: bool = False


def tiers() -> dict[str, Rate]:
    """What Slack promises."""
    return {
        START: Rate(burst=20, per_second=20 / 60),
        APPEND: Rate(burst=100, per_second=100 / 60, reserve=5),
        STOP: Rate(burst=20, per_second=20 / 60, reserve=10),
        UPDATE: Rate(burst=50, per_second=50 / 60, reserve=20),
        POST: Rate(burst=4, per_second=1, reserve=1, per_channel=True),
        STATUS: Rate(burst=20, per_second=50 / 60),
        SESSION: Rate(burst=50, per_second=50 / 60, reserve=10),
    }


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    level: float
    filled: float
    held_until: float = 0.0

    def refill(self, now: float) -> None:
        self.level = min(self.rate.burst, self.level + (now - self.filled) * self.rate.per_second)
        self.filled = now

    def wait(self, now: float, *, spare: float = 0.0) -> float:
        """Seconds until a call may go that leaves `spare` calls; 0 when it may go now."""
        self.refill(now)
        missing = max(0.0, 1 + spare - self.level)
        # A hair of rounding must not cost another wait.
        refilled = missing / self.rate.per_second if missing > 1e-9 else 0.0
        return max(self.held_until - now, refilled, 0.0)

    def idle(self, now: float) -> bool:
        self.refill(now)
        return self.level >= self.rate.burst and self.held_until <= now


@dataclass(slots=True)
class Pacing:
    """The budget of one workspace."""

    clock: Clock
    rates: Mapping[str, Rate] = field(default_factory=tiers)
    open_streams: int = 0
    """Each of them will need a chat.stopStream."""
    open_edits: int = 0
    """Each of these answers will need a chat.update."""
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)
    _previews: dict[tuple[str, str], float] = field(default_factory=dict)

    def preview(self, method: str, channel: str, reply: str) -> bool:
        """Take one call for a preview of `reply`, if there is one to spare and the reply is not ahead of the others."""
        now = self.clock.monotonic()
        bucket = self._bucket(method, channel)
        if not self._fair(method, reply, now) or bucket.wait(now, spare=self._reserve(method)) > 0:
            return False
        bucket.level -= 1
        self._note(method, reply, now)
        return True

    def start(self, channel: str, reply: str) -> bool:
        """Take the call that begins a stream, unless its end could not be paid for."""
        stops = self._bucket(STOP, channel)
        if stops.wait(self.clock.monotonic(), spare=self.open_streams) > 0:
            return False
        return self.preview(START, channel, reply)

    def edit(self, channel: str, reply: str) -> bool:
        """Take the call that begins an answer of edited messages, unless its end could not be paid for.

        Where more are begun than edits are allowed, their ends would wait longer and longer. An answer of which nothing
        was shown is posted whole, and posts are not counted by workspace.
        """
        update = self._bucket(UPDATE, channel)
        if update.wait(self.clock.monotonic(), spare=self._reserve(UPDATE)) > 0:
            return False
        return self.preview(POST, channel, reply)

    def final(self, method: str, channel: str) -> float:
        """Take one call for something that must arrive. Returns 0, or the seconds to wait before asking again."""
        bucket = self._bucket(method, channel)
        wait = bucket.wait(self.clock.monotonic())
        if wait <= 0:
            bucket.level -= 1
        return wait

    def hold(self, method: str, channel: str, seconds: float) -> None:
        """Slack said 429: nothing more of that method (and channel, where it counts by channel) until then."""
        bucket = self._bucket(method, channel)
        bucket.held_until = max(bucket.held_until, self.clock.monotonic() + seconds)
        bucket.level = min(bucket.level, 1.0)

    def interval(self, method: str) -> float:
        """Seconds between two previews of one reply if all that are active get the same share."""
        rate = self.rate(method)
        active = sum(1 for other, _ in self._previews if other == method)
        return active / rate.per_second

    def _reserve(self, method: str) -> float:
        """Calls that previews leave untouched: of edits as many as answers will need for their ends."""
        reserve = self.rate(method).reserve
        return max(reserve, self.open_edits) if method == UPDATE else reserve

    def _fair(self, method: str, reply: str, now: float) -> bool:
        """A reply waits its share only when the bucket is half empty: alone or in a burst it may be quick."""
        self._forget(now)
        last = self._previews.get((method, reply))
        bucket = self._bucket(method, "")
        if last is None or bucket.rate.per_channel or bucket.level > bucket.rate.burst / 2:
            return True
        return now - last >= self.interval(method)

    def _note(self, method: str, reply: str, now: float) -> None:
        self._previews[method, reply] = now

    def _forget(self, now: float) -> None:
        """Replies that have not shown anything for a while, oldest first; then buckets that are full again."""
        stale = [key for key, last in self._previews.items() if now - last > _ACTIVE]
        for key in stale:
            del self._previews[key]
        if len(self._buckets) > _REMEMBERED:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.idle(now)}

    def rate(self, method: str) -> Rate:
        """What is known of a method; tier 3 where nothing is."""
        return self.rates.get(method) or Rate(burst=50, per_second=50 / 60)

    def _bucket(self, method: str, channel: str) -> _Bucket:
        rate = self.rate(method)
        key = (method, channel if rate.per_channel else "")
        if key not in self._buckets:
            self._buckets[key] = _Bucket(rate, rate.burst, self.clock.monotonic())
        return self._buckets[key]


async def patient(take: Callable[[], Awaitable[float]], clock: Clock, *, at_most: float) -> float:
    """Ask `take` until it says 0, waiting `at_most` seconds in all. Returns what is still to wait."""
    deadline = clock.monotonic() + at_most
    while (wait := await take()) > 0:
        if clock.monotonic() + wait > deadline:
            return wait
        await clock.sleep(wait)
    return 0.0
