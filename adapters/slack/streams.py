"""Previews on Slack's native streams: append-only, mortal, and on a common budget.

Its text is appended as Markdown, unless it began with task cards (`adapters.slack.tasks`): then everything is a chunk.
A stream dies about 306 s after its start, whatever is appended (measured, slack/chat.appendStream), so a long answer
rolls over into a new message. The offsets here count characters of the escaped answer.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.slack.calls import Calls
from adapters.slack.markup import MESSAGE_LIMIT, Fence, boundary, joint, open_fence, split
from adapters.slack.messages import NOT_STREAMING
from adapters.slack.pacing import APPEND, START, STOP
from adapters.slack.tasks import Tasks
from bot.errors import PlatformBusy, PlatformDown, PlatformError
from bot.ports import Clock

log = logging.getLogger(__name__)

Json = dict[str, Any]

_CALL_LIMIT = 11_000
"""Characters of one call; Slack takes 12,000."""
_TAIL = 500
"""Room kept in each message, so that an end rarely needs a message of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a stream stands and for whom: Slack wants the recipient in every channel."""

    channel: str
    thread: str
    team: str
    user: str

    @property
    def reply(self) -> str:
        return f"{self.channel}/{self.thread}/{self.user}"


@dataclass(slots=True, kw_only=True)
class Shown:
    """One streamed message: `head`, then the answer from `start` to `end`."""

    ts: str
    since: float
    start: int
    end: int
    head: str = ""
    streaming: bool = True
    chunked: bool = False
    """Begun with chunks, which then is the only form it takes."""
    certain: bool = True
    """False when a call failed in a way that leaves open whether its text arrived."""

    @property
    def size(self) -> int:
        return len(self.head) + self.end - self.start


@dataclass(slots=True, kw_only=True)
class Stream:
    """The streamed messages of one answer."""

    calls: Calls
    clock: Clock
    target: Target
    tasks: Tasks
    life: float = 240.0
    """Seconds after which a message rolls over."""
    capacity: int = MESSAGE_LIMIT - _TAIL
    shown: list[Shown] = field(default_factory=list)
    sent: str = ""
    """What stands on the screen, all messages together, without heads."""
    halted: bool = False
    """The person pressed Stop: nothing may be appended any more."""
    over: bool = False
    """Nothing more will be shown; what is open is no longer counted."""

    @property
    def ref(self) -> Json | None:
        return {"streams": [{"ts": one.ts} for one in self.shown]} if self.shown else None

    async def show(self, text: str) -> bool:
        """Append what is new of the escaped `text`. False if streams are not to be had for this answer."""
        until = joint(text)
        if not self._growing or until <= len(self.sent) or not text.startswith(self.sent):
            return True
        if not self.shown:
            return await self._begin(text[:until])
        await self._go_on(text[:until])
        return True

    async def progress(self) -> bool:
        """Show what the answer waits for, before its first word. False if streams are not to be had."""
        if not self._growing or not self.tasks.news():
            return True
        if not self.shown:
            return await self._begin("")
        last = self.shown[-1]
        if last.streaming and last.chunked:
            await self._append(last, "")
        return True

    @property
    def _growing(self) -> bool:
        return not self.halted and all(one.certain for one in self.shown)

    async def _go_on(self, text: str) -> None:
        last = self.shown[-1]
        if last.streaming and (self._old(last) or last.size >= self.capacity):
            await self._close(last)
        if not last.streaming:
            await self._begin(text)
            return
        await self._append(last, self._fitting(text, self.capacity - last.size))

    def _fitting(self, text: str, room: int) -> str:
        """The new piece, cut to what one call and one message may take."""
        new = text[len(self.sent) :]
        room = min(room, _CALL_LIMIT)
        return new if len(new) <= room else new[: boundary(new, room)]

    def _old(self, one: Shown) -> bool:
        return self.clock.monotonic() - one.since > self.life

    async def _begin(self, text: str) -> bool:
        """A new message. False when Slack has no streams for us (now, or at all)."""
        pacing = self.calls.pacing
        if not self.calls.offers(START) or not pacing.start(self.target.channel, self.target.reply):
            return False
        head = self._head()
        new = self._fitting(text, self.capacity)
        since = self.clock.monotonic()
        one = Shown(ts="", since=since, start=len(self.sent), end=len(self.sent), head=head, chunked=not new)
        try:
            answer = await self._start(self._content(one, head + new))
        except PlatformError as error:
            return self._no_start(error)
        one.ts = str(answer["ts"])
        self._born(one, new)
        return True

    async def _start(self, content: Json) -> Mapping[str, Any]:
        target = self.target
        recipient = {"recipient_team_id": target.team, "recipient_user_id": target.user}
        place = {"channel": target.channel, "thread_ts": target.thread}
        answer = await self.calls.preview(START, **content, **place, **recipient)
        self.tasks.told(content.get("chunks", []))
        return answer

    def _content(self, one: Shown, text: str) -> Json:
        """What a call carries, in the form that the message began with; task cards go along with whatever is said."""
        if not one.chunked:
            return {"markdown_text": text or None}
        return {"chunks": [*self.tasks.news(), *_said(text)] or None}

    def _no_start(self, error: PlatformError) -> bool:
        """No streams here, or a stream may stand there whose name we do not know: then a second one must not follow."""
        log.info("no stream: %s", error)
        self.halted = isinstance(error, PlatformDown) and error.outcome_unknown
        return self.halted

    def _born(self, one: Shown, new: str) -> None:
        self._count(1)
        self.shown.append(one)
        self._grown(one, new)

    def _grown(self, one: Shown, new: str) -> None:
        self.sent += new
        one.end += len(new)

    def _head(self) -> str:
        """A code fence that the message before left open is opened again."""
        fence = self._fence()
        return fence.opening if fence else ""

    def _fence(self) -> Fence | None:
        return open_fence(self.sent)

    async def _append(self, one: Shown, new: str) -> None:
        news = bool(new.strip()) or (one.chunked and bool(self.tasks.news()))
        if not news or not self.calls.pacing.preview(APPEND, self.target.channel, self.target.reply):
            return
        answer = await self._risk(APPEND, one, new)
        self._appended(one, new, str(answer.get("error", "")))

    async def _risk(self, method: str, one: Shown, text: str) -> Mapping[str, Any]:
        """A call on a stream after which we may not know what stands in the message."""
        one.certain = False
        place, content = {"channel": self.target.channel, "ts": one.ts}, self._content(one, text)
        try:
            answer = await self.calls.preview(method, **place, **content, expected=NOT_STREAMING)
        except PlatformBusy:
            one.certain = True
            raise
        one.certain = True
        self.tasks.told(content.get("chunks") or [])
        return answer

    def _appended(self, one: Shown, new: str, error: str) -> None:
        if not error:
            self._grown(one, new)
        elif error == "stopped_by_user":
            self.halted = True
        else:
            self._ended(one)

    def _ended(self, one: Shown) -> None:
        if one.streaming:
            one.streaming = False
            self._count(-1)

    def _count(self, step: int) -> None:
        if not self.over:
            self.calls.pacing.open_streams += step

    async def _close(self, one: Shown) -> None:
        """End a message that is full or old, if its successor could begin now."""
        pacing = self.calls.pacing
        if not pacing.preview(STOP, self.target.channel, f"{self.target.reply} stop"):
            return
        fence = self._fence()
        await self._risk(STOP, one, fence.closing if fence else "")
        self._ended(one)

    def forget(self) -> None:
        """The answer is over, whatever became of it. Its messages may still stream: the parts, made later, end them."""
        self._count(-sum(one.streaming for one in self.shown))
        self.over = True

    def parts(self, text: str) -> list[Json]:
        """The end of the answer. What was shown stays if the final text begins with it, else it is rewritten."""
        if not self.shown:
            return [self._post(piece) for piece in split(text)]
        if text.startswith(self.sent) and self._growing:
            return self._completed(text)
        return rewritten([one.ts for one in self.shown], text, self._address())

    def _completed(self, text: str) -> list[Json]:
        rest, fence, last = text[len(self.sent) :], self._fence(), self.shown[-1]
        if not last.streaming and not self.sent:
            # Nothing but task cards stands there.
            return rewritten([one.ts for one in self.shown], text, self._address())
        if not last.streaming:
            return [self._post(piece) for piece in split((fence.opening if fence else "") + rest)]
        first, *others = split(rest, first=MESSAGE_LIMIT - last.size, fence=fence) or [""]
        whole = last.head + text[last.start : last.end] + first
        end = {"do": "finish", **self._address(), "ts": last.ts, "text": first, "whole": whole}
        if last.chunked:
            end["chunks"] = self._content(last, first)["chunks"]
        return [end, *(self._post(piece) for piece in others)]

    def _post(self, piece: str) -> Json:
        return {"do": "post", **self._address(), "text": piece}

    def _address(self) -> Json:
        return {"channel": self.target.channel, "thread": self.target.thread}


def _said(text: str) -> list[Json]:
    return [{"type": "markdown_text", "text": text}] if text else []


def rewritten(messages: list[str], text: str, address: Json) -> list[Json]:
    """Put all of `text` into the messages that stand there, then into new ones; delete what is left over."""
    pieces = split(text)
    kept = [{"do": "rewrite", **address, "ts": ts, "text": piece} for ts, piece in zip(messages, pieces, strict=False)]
    new = [{"do": "post", **address, "text": piece} for piece in pieces[len(messages) :]]
    gone = [{"do": "delete", **address, "ts": ts} for ts in messages[len(pieces) :]]
    return kept + new + gone
