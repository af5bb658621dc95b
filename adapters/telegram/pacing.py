"""What Telegram's 429s teach: which chats must wait, and how often previews may change.

Telegram's limits are "unspecified and flexible": nothing is capped here in advance except the previews of a chat,
which several answers in it share. Final messages are never held back, unless the chat was told to wait.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from bot.ports import Clock

PRIVATE_INTERVAL = 1.0  # seconds between two changes of a draft; "about one message a second" in a chat [Bot FAQ]
GROUP_INTERVAL = 3.0  # 20 messages a minute and group, edits included [Bot FAQ, grammy.dev/advanced/flood]
WIDEST = 8.0
_TOGETHER = 30.0  # seconds in which 429s of several chats count as one flood
_SEVERAL = 3
_EASE = 30.0  # seconds without trouble after which previews come twice as often again
_EARLY = 0.1  # a preview this part of its interval early is on time: timers are not exact
_CHATS = 4096


class _Stretch:
    """How many times wider than usual an interval is: doubled by trouble, halved again by every quiet while."""

    def __init__(self) -> None:
        self._times = 1.0
        self._since = 0.0

    def at(self, now: float) -> float:
        while self._times > 1 and now - self._since >= _EASE:
            self._times /= 2
            self._since += _EASE
        return self._times

    def widen(self, now: float) -> None:
        self._times = min(self.at(now) * 2, WIDEST)
        self._since = now


@dataclass(slots=True)
class _Chat:
    blocked_until: float = 0.0
    next_preview: float = 0.0
    stretch: _Stretch = field(default_factory=_Stretch)


class Pacing:
    """The state of one bot's flood control. Times are monotonic seconds; chats not heard of for long are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chats: OrderedDict[str, _Chat] = OrderedDict()
        self._floods: deque[tuple[float, str]] = deque(maxlen=64)
        self._stretch = _Stretch()

    def interval(self, chat: str, *, private: bool) -> float:
        """Seconds between two previews of a chat, as things stand."""
        now = self._clock.monotonic()
        state = self._chats.get(chat)
        times = max(self._stretch.at(now), state.stretch.at(now) if state else 1.0)
        base = PRIVATE_INTERVAL if private else GROUP_INTERVAL
        return min(base * times, WIDEST)

    def allows_preview(self, chat: str, *, private: bool) -> bool:
        """Whether a preview may be sent to the chat now. If so, the next has to wait its interval."""
        now = self._clock.monotonic()
        state = self._state(chat)
        interval = self.interval(chat, private=private)
        if now < state.blocked_until or now < state.next_preview - _EARLY * interval:
            return False
        state.next_preview = now + interval
        return True

    def wait(self, chat: str) -> float:
        """Seconds before anything may be sent to the chat; 0 if it may be sent now."""
        state = self._chats.get(chat)
        return max(0.0, state.blocked_until - self._clock.monotonic()) if state else 0.0

    def final(self, chat: str, *, private: bool) -> None:
        """A message is being sent to the chat: the next preview keeps its distance."""
        interval = self.interval(chat, private=private)
        self._state(chat).next_preview = self._clock.monotonic() + interval

    def slow_down(self, chat: str, retry_after: float) -> None:
        """The chat answered 429: leave it alone for `retry_after` seconds, and be slower there for a while."""
        now = self._clock.monotonic()
        state = self._state(chat)
        state.blocked_until = max(state.blocked_until, now + retry_after)
        state.stretch.widen(now)
        self._floods.append((now, chat))
        if len({flooded for at, flooded in self._floods if now - at < _TOGETHER}) >= _SEVERAL:
            self._stretch.widen(now)
            self._floods.clear()  # the next step takes several chats again

    def _state(self, chat: str) -> _Chat:
        state = self._chats.setdefault(chat, _Chat())
        self._chats.move_to_end(chat)
        if len(self._chats) > _CHATS:
            self._chats.popitem(last=False)
        return state
