"""A growing answer on Slack, and the parts that make it final."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters import formulas
from adapters.slack.buttons import under
from adapters.slack.calls import Calls
from adapters.slack.contact import RESTS, Contact
from adapters.slack.edits import Edits
from adapters.slack.links import honest
from adapters.slack.markup import escape, settled, split
from adapters.slack.messages import Messages
from adapters.slack.pacing import APPEND, UPDATE
from adapters.slack.sessions import Session
from adapters.slack.status import StatusLine
from adapters.slack.streams import Stream, Target
from adapters.slack.tasks import Tasks
from adapters.slack.uploads import Uploads
from bot.domain.updates import Button, File, Place, Update
from bot.errors import MessageRejected, PlatformBusy, PlatformDown, PlatformError, PlatformMisconfigured
from bot.ports import Clock, Part, Ref
from bot.texts import Text, excerpt, text

log = logging.getLogger(__name__)

Json = dict[str, Any]
Describe = Callable[[Text, str | None], str]
"""Renders a sentence in a language (IETF tag)."""

THINKING = text("is thinking…")
NO_FILES = text(
    "I may not send files here yet: the app needs the permission files:write. Whoever runs me has to update it from "
    "its manifest."
)
_GOODBYE = 5.0
"""Seconds that a call on its way may take once the answer is over."""


class SlackReply:
    """One answer: streamed in threads, edited elsewhere.

    A preview call that has begun is never cut off: the id of a message that we make must become known.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        update: Update,
        *,
        describe: Describe,
        stream_life: float,
        agent: bool,
        ref: Ref | None,
    ) -> None:
        self.interval = 1.0
        self._calls = calls
        self._describe = describe
        self._language = update.sender.reads
        target = _target(update)
        self._target = target
        self._title = excerpt(update.text)
        self._tasks = Tasks(clock)
        self._stream: Stream | None = None
        self._edits = Edits(calls=calls, channel=target.channel, thread=target.thread)
        if ref:
            self._edits.adopt(_messages_of(ref))
        elif target.thread:
            self._stream = Stream(calls=calls, clock=clock, target=target, tasks=self._tasks, life=stream_life)
        self._status = StatusLine(
            calls=calls,
            clock=clock,
            channel=target.channel,
            root=target.thread or update.message,
            threaded=bool(target.thread),
        )
        self._session = Session(calls=calls, channel=target.channel, thread=target.thread if agent else "")
        self._making: asyncio.Task[None] | None = None
        self._claimed: set[str] | None = None

    @property
    def ref(self) -> Ref | None:
        ref = self._stream.ref if self._stream else self._edits.ref
        return {"channel": self._target.channel, "thread": self._target.thread, **ref} if ref else None

    async def show(self, text: str, *, waiting: str = "") -> None:
        """See ports.Reply. Few network calls: one, and those that begin a session or take the status back."""
        if self._making and not self._making.done():
            return
        self._tasks.now("" if text.strip() else waiting)
        if not text.strip():
            await self._session.begin(self._title, self._target.user)
            if not self._shows_tasks():
                await self._status.show(waiting or self._describe(THINKING, self._language))
                return
        preview = self._preview(_growing(text))
        self._making = asyncio.create_task(preview)
        await asyncio.shield(self._making)

    def _shows_tasks(self) -> bool:
        """Whether what the answer waits for is shown in its stream."""
        return self._stream is not None and (bool(self._stream.shown) or self._tasks.slow)

    async def _preview(self, text: str) -> None:
        try:
            await self._draw(text)
        except (PlatformBusy, PlatformDown) as error:
            log.debug("a preview was left out: %s", error)

    async def _draw(self, text: str) -> None:
        """The answer so far, or what it waits for."""
        if self._stream and not await self._streamed(self._stream, text) and not self._stream.shown and text:
            self._stream = None
        if self._stream is None and text:
            await self._edits.show(text)
        if self.ref:
            await self._status.end()
        method = APPEND if self._stream else UPDATE
        self.interval = max(1.0, self._calls.pacing.interval(method))

    async def _streamed(self, stream: Stream, text: str) -> bool:
        return await (stream.show(text) if text else stream.progress())

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        """See ports.Reply."""
        self._tasks.now("")
        escaped = _written(text).strip()
        parts = under(self._stream.parts(escaped), buttons) if self._stream else self._edits.parts(escaped, buttons)
        self._claimed = set(self._standing())
        return list(parts)

    async def close(self) -> None:
        """See ports.Reply. A message that came into being after the parts were made is taken back."""
        if self._making:
            await asyncio.wait([self._making], timeout=_GOODBYE)
            self._settle(self._making)
        if self._stream:
            self._stream.forget()
        self._edits.forget()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._status.end()
                await self._session.end()
        await self._take_back()

    def _settle(self, making: asyncio.Task[None]) -> None:
        """Look at the result of a task nobody waited for, so that its trouble is not reported as forgotten."""
        if making.done() and not making.cancelled() and making.exception():
            log.debug("the last preview failed: %s", making.exception())

    async def _take_back(self) -> None:
        if self._claimed is None:
            return
        for ts in self._standing():
            if ts not in self._claimed:
                await self._delete(ts)

    async def _delete(self, ts: str) -> None:
        try:
            await Messages(self._calls).delete(self._target.channel, ts)
        except PlatformError as error:
            log.warning("a left-over preview stays: %s", error)

    def _standing(self) -> list[str]:
        return [one.ts for one in (self._stream.shown if self._stream else self._edits.shown)]


def _written(markdown: str) -> str:
    """The Markdown as Slack gets it. Never raises."""
    try:
        return escape(honest(formulas.as_code(markdown)))
    except Exception:
        # A defect in a parser must not cost somebody the answer.
        log.exception("Markdown could not be read and is sent as it is")
        return escape(markdown)


def _growing(markdown: str) -> str:
    """The same for a text that will go on: as much of it as will not change any more."""
    begun = markdown[: settled(markdown)].lstrip()
    return _written(begun[: formulas.settled(begun)])


def _target(update: Update) -> Target:
    team, _, user = update.sender.identity.user.partition("/")
    return Target(channel=channel_of(update.place), thread=update.place.thread, team=team, user=user)


def _messages_of(ref: Ref) -> list[str]:
    return [*(str(one["ts"]) for one in ref.get("streams", [])), *map(str, ref.get("messages", []))]


def channel_of(place: Place) -> str:
    """`T1/C1` → `C1`."""
    return place.chat.partition("/")[2]


def parts(
    place: Place, text: str, *, answer_by: str = "", buttons: Sequence[Button] = (), instead_of: str = ""
) -> list[Part]:
    """A message that is no reply; `answer_by` is a packed Contact, or `RESTS`."""
    channel, contact = channel_of(place), Contact.read(answer_by)
    post = {"do": "rest" if answer_by == RESTS else "post", "channel": channel, "thread": place.thread}
    alone = {"do": "respond", "channel": channel, "user": contact.user, "url": contact.url}
    answer = alone if contact.url else post
    parts = [{**answer, "text": piece} for piece in split(_written(text))]
    if instead_of and contact.url:
        parts[0] |= {"do": "replace", "ts": instead_of}
    return [*under(parts, buttons)]


def file_parts(place: Place, files: Sequence[File], *, answer_by: str = "") -> list[Part]:
    """Files for everybody at the place, or for the one person whose slash command or click is answered."""
    contact = Contact.read(answer_by)
    alone = {"do": "hand", "user": contact.user}
    together = {"do": "share", "channel": channel_of(place), "thread": place.thread}
    return [{**(alone if contact.url else together), **file.packed()} for file in files]


async def deliver_file(uploads: Uploads, messages: Messages, part: Part, excuse: str) -> str:
    """Send one part that is a file; see ports.Platform.deliver. An app that may send none says so: `excuse`."""
    match part:
        case {"do": "share", "channel": channel, "thread": thread}:
            pass
        case {"do": "hand", "user": user}:
            channel, thread = await uploads.room(user), ""
        case _:
            raise MessageRejected(f"not a part of ours: {sorted(part)}")
    try:
        return await uploads.share(channel, thread, File.unpacked(part))
    except PlatformMisconfigured:
        return await messages.post(channel, thread, excuse)


async def deliver(messages: Messages, part: Part) -> str:
    """Send one part; see ports.Platform.deliver."""
    below = part.get("blocks", ())
    match part:
        case {"do": "post" | "rest", "channel": channel, "thread": thread, "text": text}:
            return await messages.post(channel, thread, text, below)
        case {"do": "finish"}:
            return await messages.finish(part, below)
        case {"do": "rewrite", "channel": channel, "thread": thread, "ts": ts, "text": text}:
            return await messages.rewrite(channel, thread, ts, text, below)
        case {"do": "delete", "channel": channel, "ts": ts}:
            await messages.delete(channel, ts)
            return str(ts)
        case {"do": "respond", "channel": channel, "user": user, "url": url, "text": text}:
            return await messages.respond(url, channel, user, text, below)
        case {"do": "replace", "channel": channel, "user": user, "url": url, "ts": ts, "text": text}:
            return await messages.replace(ts, text, below, url=url, channel=channel, user=user)
    raise MessageRejected(f"not a part of ours: {sorted(part)}")


def english(sentence: Text, language: str | None) -> str:  # noqa: ARG001 - the shape of Describe
    """Render without a catalogue."""
    values: Mapping[str, Any] = sentence.values
    return sentence.message.format(**values)
