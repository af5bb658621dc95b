"""The queue of updates: ids in sequence, kept until an offset confirms them or a day has passed."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.telegram.emulator.refusals import ApiError, conflict
from adapters.telegram.emulator.values import Json

# What a bot gets only by asking (Bot API, getUpdates: allowed_updates).
OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
LONGEST_POLL = 50.0
LARGEST_BATCH = 100


@dataclass(frozen=True, slots=True)
class Pending:
    """One update nobody confirmed yet; `chat_id` orders webhook deliveries."""

    id: int
    chat_id: int
    at: float
    body: Json


class UpdateQueue:
    """What waits for the bot, and the one long poll that waits for it.

    `life` is seconds; `notify` is called when the queue or the poll changes.
    """

    def __init__(self, *, first_id: int, life: float, clock: Callable[[], float], notify: Callable[[], None]) -> None:
        self._notify = notify
        self._next_id = first_id
        self._life = life
        self._clock = clock
        self._pending: deque[Pending] = deque()
        self._allowed: frozenset[str] | None = None
        self._poll: asyncio.Future[None] | None = None
        self.on_push: Callable[[], None] | None = None

    def __len__(self) -> int:
        self._expire()
        return len(self._pending)

    @property
    def allowed(self) -> list[str]:
        return sorted(self._allowed or ())

    def allow(self, kinds: Sequence[str] | None) -> None:
        """Remember what the bot wants; None leaves it as it was, empty means all but the opt-in kinds."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or None

    def push(self, kind: str, payload: Json, chat_id: int) -> None:
        """Queue one update, unless the bot did not ask for its kind."""
        wanted = kind in self._allowed if self._allowed is not None else kind not in OPT_IN
        if wanted:
            self.push_raw({"update_id": self._next_id, kind: payload}, chat_id)

    def push_raw(self, body: Json, chat_id: int = 0) -> None:
        body = {"update_id": self._next_id, **body}
        self._pending.append(Pending(body["update_id"], chat_id, self._clock(), body))
        self._next_id = max(self._next_id, body["update_id"]) + 1
        self._wake()

    @property
    def polled(self) -> bool:
        """A long poll is waiting now."""
        return self._poll is not None

    def snapshot(self) -> list[Pending]:
        self._expire()
        return list(self._pending)

    def forget(self, update_id: int) -> None:
        self._pending = deque(update for update in self._pending if update.id != update_id)

    def clear(self) -> None:
        self._pending.clear()

    def interrupt(self, refusal: ApiError | None = None) -> None:
        """End the waiting long poll: empty-handed, or with a refusal."""
        poll, self._poll = self._poll, None
        if poll is None or poll.done():
            return
        if refusal is None:
            poll.set_result(None)
        else:
            poll.set_exception(refusal)

    async def poll(self, *, offset: int, limit: int, timeout: float) -> list[Json]:  # noqa: ASYNC109 - the API's word
        """One getUpdates: confirm what lies before `offset`, then give up to `limit`, waiting `timeout` seconds.

        Raises:
            ApiError: 409 in the older of two polls.
        """
        text = "terminated by other getUpdates request; make sure that only one bot instance is running"
        self.interrupt(conflict(text))
        self._confirm(offset)
        if not self._pending and timeout > 0:
            await self._wait(min(timeout, LONGEST_POLL))
        self._expire()
        size = limit if 0 < limit <= LARGEST_BATCH else LARGEST_BATCH
        return [update.body for update, _ in zip(self._pending, range(size), strict=False)]

    async def _wait(self, seconds: float) -> None:
        self._poll = poll = asyncio.get_running_loop().create_future()
        self._notify()
        timer = asyncio.get_running_loop().call_later(seconds, _finish, poll)
        try:
            await poll
        finally:
            timer.cancel()
            if self._poll is poll:
                self._poll = None

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
            return
        while self._pending and self._pending[0].id < offset:
            self._pending.popleft()

    def _expire(self) -> None:
        horizon = self._clock() - self._life
        while self._pending and self._pending[0].at <= horizon:
            self._pending.popleft()

    def _wake(self) -> None:
        self._notify()
        if self._poll is not None:
            _finish(self._poll)
        if self.on_push is not None:
            self.on_push()


def _finish(poll: asyncio.Future[None]) -> None:
    if not poll.done():
        poll.set_result(None)
