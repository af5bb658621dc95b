"""Streaming messages: which are running, in which mode, and when they die.

Sources: docs.slack.dev chat.startStream/appendStream/stopStream; the life of about 306 s and the need for both
recipients are measured by others on the real service, not documented.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from adapters.slack.emulator.blocks import MARKDOWN_LIMIT, check_blocks
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, Message

Mode = Literal["text", "chunks"]
TASK_STATES = ("pending", "in_progress", "complete", "error")
TASK_FIELD_LIMIT = 256


@dataclass(slots=True, kw_only=True)
class Stream:
    mode: Mode | None
    """None until the first content decides."""
    timer: asyncio.TimerHandle
    stopped_by_user: bool = False


class Streams:
    def __init__(self, life: float) -> None:
        self._life = life
        self._running: dict[tuple[str, str], Stream] = {}

    def start(self, message: Message, mode: Mode | None, died: Callable[[], None]) -> None:
        timer = asyncio.get_running_loop().call_later(self._life, self._die, message, died)
        self._running[message.channel, message.ts] = Stream(mode=mode, timer=timer)

    def running(self, channel: str, ts: str) -> Stream | None:
        return self._running.get((channel, ts))

    def stopped_by_user(self, channel: str, streams: Iterable[str]) -> None:
        """They take no more text, but can still be brought to an end."""
        for ts in streams:
            self._running[channel, ts].stopped_by_user = True

    def stop(self, message: Message) -> None:
        self._running.pop((message.channel, message.ts)).timer.cancel()

    def shut(self) -> None:
        for stream in self._running.values():
            stream.timer.cancel()
        self._running.clear()

    def _die(self, message: Message, died: Callable[[], None]) -> None:
        if self._running.pop((message.channel, message.ts), None):
            died()

    def checked(self, message: Message, mode: Mode | None) -> Stream:
        """The running stream, its mode settled."""
        stream = self.running(message.channel, message.ts)
        if stream is None:
            raise ApiError("message_not_in_streaming_state")
        if mode and stream.mode and mode != stream.mode:
            raise ApiError("streaming_mode_mismatch")
        stream.mode = stream.mode or mode
        return stream


def mode_of(args: Args) -> Mode | None:
    if args.has("markdown_text") and args.has("chunks"):
        raise ApiError("cannot_provide_both_markdown_text_and_chunks")
    if args.has("markdown_text"):
        return "text"
    return "chunks" if args.array("chunks", "invalid_chunks") else None


def grown(message: Message, args: Args) -> dict[str, Any]:
    """What the call adds to the message, as changes."""
    if args.has("markdown_text"):
        return {"markdown": message.markdown + _bounded(args.text("markdown_text"))}
    for chunk in args.array("chunks", "invalid_chunks"):
        message = _with_chunk(message, chunk)
    return {
        "markdown": message.markdown,
        "tasks": message.tasks,
        "plan": message.plan,
        "blocks": message.blocks,
    }


def _bounded(text: str) -> str:
    if len(text) > MARKDOWN_LIMIT:
        raise ApiError("msg_too_long")
    return text


def _with_chunk(message: Message, chunk: Json) -> Message:
    match chunk:
        case {"type": "markdown_text", "text": str(text)}:
            return replace(message, markdown=message.markdown + _bounded(text))
        case {"type": "task_update", "id": str(name)}:
            task = _task(message.tasks.get(name, {}), chunk)
            return replace(message, tasks={**message.tasks, name: task})
        case {"type": "plan_update", "title": str(title)} if len(title) <= TASK_FIELD_LIMIT:
            return replace(message, plan=title)
        case {"type": "blocks", "blocks": list(blocks)}:
            return replace(message, blocks=check_blocks([*message.blocks, *blocks]))
        case _:
            raise ApiError("invalid_chunks")


def _task(known: Json, chunk: Json) -> Json:
    """Title and status replace, details append (measured)."""
    fields = [chunk.get(name, "") for name in ("title", "details", "output")]
    if any(not isinstance(text, str) or len(text) > TASK_FIELD_LIMIT for text in fields):
        raise ApiError("invalid_chunks")
    if chunk.get("status") not in (*TASK_STATES, None) or not (known or chunk.get("title")):
        raise ApiError("invalid_chunks")
    details = known.get("details", "") + chunk.get("details", "")
    return known | chunk | ({"details": details} if details else {})
