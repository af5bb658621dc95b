"""Previews by editing: where there are no streams (direct messages without threads) or none left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.slack.buttons import under
from adapters.slack.calls import Calls
from adapters.slack.markup import split
from adapters.slack.messages import FORMAT_REFUSED, NOT_EDITABLE, STILL_STREAMING, content
from adapters.slack.pacing import POST, UPDATE
from adapters.slack.streams import rewritten
from bot.domain.updates import Button
from bot.errors import PlatformBusy, PlatformDown

Json = dict[str, Any]


@dataclass(slots=True)
class _Message:
    ts: str
    text: str | None
    """None: a process before us wrote it, we do not know what."""


@dataclass(slots=True, kw_only=True)
class Edits:
    """The messages of one answer, each a piece of it."""

    calls: Calls
    channel: str
    thread: str
    shown: list[_Message] = field(default_factory=list)
    halted: bool = False
    """Nothing can be previewed any more; the end will still come."""
    owing: bool = False
    """Whether an edit is kept for the end."""

    @property
    def ref(self) -> Json | None:
        return {"messages": [one.ts for one in self.shown]} if self.shown else None

    def adopt(self, messages: list[str]) -> None:
        """Take over what an earlier process left."""
        self.shown = [_Message(ts, None) for ts in messages]

    async def show(self, text: str) -> None:
        """One call at most: the first piece that is not on the screen as it should be."""
        pieces = [] if self.halted else split(text)
        for index, piece in enumerate(pieces):
            if index == len(self.shown):
                await self._post(piece)
                break
            if self.shown[index].text != piece:
                await self._update(self.shown[index], piece)
                break

    async def _post(self, piece: str) -> None:
        if not (self._may(POST) if self.shown else await self._may_begin()):
            return
        place = {"channel": self.channel, "thread_ts": self.thread or None}
        try:
            answer = await self.calls.preview(POST, **place, **content(piece), expected=FORMAT_REFUSED)
        except PlatformBusy:
            return
        except PlatformDown as error:
            # It may stand there now without our knowing its name: a second try would make two of it.
            self.halted = error.outcome_unknown
            return
        self._posted(piece, answer)

    def _posted(self, piece: str, answer: Any) -> None:
        self.halted = "error" in answer
        if not self.halted:
            self.shown.append(_Message(str(answer["ts"]), piece))

    async def _update(self, one: _Message, piece: str) -> None:
        if not self._may(UPDATE):
            return
        one.text = None
        expected = FORMAT_REFUSED | NOT_EDITABLE | {STILL_STREAMING}
        try:
            answer = await self.calls.preview(
                UPDATE, channel=self.channel, ts=one.ts, **content(piece), expected=expected
            )
        except (PlatformBusy, PlatformDown):
            return
        self.halted = "error" in answer
        one.text = None if self.halted else piece

    async def _may_begin(self) -> bool:
        """Also other processes' answers need edits: of what they share one is taken now."""
        if self.owing:
            return self._may(POST)
        pacing = self.calls.pacing
        if not (pacing.edit(self.channel, self._reply) and await self.calls.spared(UPDATE, self.channel)):
            return False
        self.owing = True
        pacing.open_edits += 1
        return True

    def forget(self) -> None:
        """The answer is over, whatever became of it."""
        self.calls.pacing.open_edits -= self.owing
        self.owing = False

    def _may(self, method: str) -> bool:
        return self.calls.pacing.preview(method, self.channel, self._reply)

    @property
    def _reply(self) -> str:
        return f"{self.channel}/{self.thread}"

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Json]:
        """All pieces but those that stand there already; at least one part, so that a retry has something to hold."""
        parts = rewritten([one.ts for one in self.shown], text, {"channel": self.channel, "thread": self.thread})
        standing = {(one.ts, one.text, False) for one in self.shown}
        needed = [
            part
            for part in under(parts, buttons)
            if (part.get("ts"), part.get("text", ""), "blocks" in part) not in standing
        ]
        return needed or parts[-1:]
