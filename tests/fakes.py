"""A platform, a model and a clock that tests own."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.commands import CommandBook
from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.domain.happenings import Happening
from bot.domain.people import Belonging, Identity, Sender
from bot.domain.updates import CONTENT, Arrival, Attachment, Button, File, Invocation, Place, Update
from bot.errors import PlatformError
from bot.ports import Accept, OnWait, Part, Ref

_numbers = itertools.count(1)  # across restarts: a platform does not begin anew because the bot does


class FakeClock:
    """Time that passes when it is told to; sleeping takes none of the real one."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def pass_(self, **interval: float) -> None:
        self._now += timedelta(**interval)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class FakeReply:
    """Keeps what was shown."""

    interval = 0.0

    def __init__(self, platform: "FakePlatform", update: Update, ref: Ref | None) -> None:
        self._platform = platform
        self._update = update
        self.ref = ref
        self.shown: list[str] = []
        self.closed = False

    async def show(self, text: str, *, waiting: str = "") -> None:
        self.shown.append(text or waiting)
        async with self._platform.changed:
            self._platform.changed.notify_all()

    def parts(self, text: str, buttons: Sequence[Button] = ()) -> list[Part]:
        assert not self.closed
        return self._platform.parts(self._update.place, text, buttons=buttons)

    async def close(self) -> None:
        self.closed = True


class FakePlatform:
    """A chat platform in memory: `sent` is what people see, in order, `buttons` what they may click under it.

    `files` is what came with each, `instead_of` the number of the message that each replaced, `about` of
    the one that each quotes.
    """

    name = "fake"
    slash = "/"
    notices_per_second = 3.0
    one_listener = ""
    connected = True
    source = "fake:bot"

    def __init__(self, book: CommandBook) -> None:
        self._book = book
        self.sent: list[tuple[str, str]] = []
        self.buttons: list[list[str]] = []
        self.labels: list[list[str]] = []
        self.files: list[list[File]] = []
        self.instead_of: list[str] = []
        self.about: list[str] = []
        self.unsaid: list[str] = []
        self.uploads: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.replies: list[FakeReply] = []
        self.belongings: dict[str, Belonging] = {}
        self.asked_about: list[str] = []
        self.presidents: set[tuple[str, str]] = set()
        self.orders: dict[tuple[str, str], int] = {}
        self.titles: dict[str, str] = {}
        self.failures: list[PlatformError] = []
        self.away: list[PlatformError] = []
        self.changed = asyncio.Condition()
        self.part_size = 10_000

    async def shown(self, text: str) -> None:
        """Wait until some preview begins with `text`."""
        async with self.changed:
            await self.changed.wait_for(
                lambda: any(one.startswith(text) for reply in self.replies for one in reply.shown)
            )

    async def listen(self, accept: Accept) -> None:
        del accept
        await asyncio.Event().wait()

    async def accompany(self) -> None:
        return

    def arrival(self, user: str, text: str, *, chat: str = "", event: str = "", **more: Any) -> Arrival:
        """What `user` says in `chat` (their private chat by default) as an arrival."""
        number = next(_numbers)
        chat = chat or user
        invocation, message = _invocation(text), more.get("message")
        if message and not more.get("clicked"):  # an edit has its message's place in line
            self.orders.setdefault((chat, message), number)
        return Arrival(
            source=self.source,
            event=event or str(number),
            lane=self._book.lane(place(chat, private=chat == user), invocation),
            order=self.orders[chat, message] if message and more.get("edited") else number,
            payload={"user": user, "text": text, "chat": chat, **more},
            sender=Identity(platform="fake", user=user),
        )

    def parse(self, payload: Mapping[str, Any]) -> Update | None:
        if payload.get("ignored"):
            return None
        user, chat = payload["user"], payload["chat"]
        replied_to = payload.get("replied_to")
        return Update(
            sender=Sender(
                identity=Identity(platform="fake", user=user),
                name=user.title(),
                username=user,
                language=payload.get("language"),
                belonging=payload.get("belonging", "full"),
            ),
            place=place(chat, private=chat == user),
            text=payload["text"],
            invocation=_invocation(payload["text"]),
            replied_to=Identity(platform="fake", user=replied_to) if replied_to else None,
            message=payload.get("message", ""),
            clicked=payload.get("clicked", False),
            edited=payload.get("edited", False),
            attachments=tuple(self._attachments(payload)),
            album=payload.get("album", ""),
        )

    def _attachments(self, payload: Mapping[str, Any]) -> Iterator[Attachment]:
        if name := payload.get("file", ""):
            kind, seconds = payload.get("kind", "file"), payload.get("seconds", 0)
            size = payload.get("size", len(self.uploads.get(name, b"")))
            yield Attachment(name=name, size=size, handle=name, kind=kind, seconds=seconds)
        elif "kind" in payload:
            yield Attachment(name=payload["kind"], size=0, handle="", kind=payload["kind"])

    def reply(self, update: Update, ref: Ref | None = None) -> FakeReply:
        self.replies.append(FakeReply(self, update, ref))
        return self.replies[-1]

    def parts(
        self,
        place: Place,
        text: str,
        *,
        answer_by: str = "",
        buttons: Sequence[Button] = (),
        files: Sequence[File] = (),
        instead_of: str = "",
        about: str = "",
        only_buttons: bool = False,
    ) -> list[Part]:
        pieces = [text[at : at + self.part_size] for at in range(0, len(text), self.part_size)]
        parts: list[dict[str, Any]] = [{"chat": place.chat, "text": piece} for piece in pieces]
        for last in parts[-1:]:
            last["buttons"] = [button.command for button in buttons]
            last["labels"] = [button.label for button in buttons]
        for first in parts[:1]:
            first |= {"instead_of": instead_of, "about": about, "only_buttons": only_buttons}
        return [*parts, *(file.packed() for file in files)]

    def happening(self, payload: Mapping[str, Any]) -> Happening | None:
        del payload
        return None

    async def entitle(self, place: Place, title: str) -> None:
        self.titles[place.key] = title

    def unsay(self, place: Place, message: str) -> list[Part]:
        return [{"chat": place.chat, "unsay": message}]

    async def ask_about(self, sender: Sender) -> Sender:
        self.asked_about.append(str(sender.identity))
        return replace(sender, belonging=self.belongings.get(sender.identity.user))

    async def presides(self, who: Identity, place: Place) -> bool:
        return (who.user, place.chat) in self.presidents

    def direct(self, who: Identity) -> Place:
        return place(who.user)

    async def fetch(self, attachment: Attachment, *, most: int) -> bytes:
        self.fetched.append(attachment.handle)
        return self.uploads[attachment.handle]

    async def deliver(self, part: Part) -> str:
        if self.failures:
            raise self.failures.pop(0)
        if "unsay" in part:
            self.unsaid.append(part["unsay"])
            return ""
        if CONTENT in part:
            self.files[-1].append(File.unpacked(part))
            return ""
        self.sent.append((part["chat"], part["text"]))
        self.buttons.append(part.get("buttons", []))
        self.labels.append(part.get("labels", []))
        self.files.append([])
        self.instead_of.append(part.get("instead_of", ""))
        self.about.append(part.get("about", ""))
        return str(len(self.sent))

    async def reread(self, payload: Mapping[str, Any]) -> Arrival | None:
        return None if payload.get("hopeless") else self.arrival("ada", "read at last")

    def repeatable(self, part: Part) -> bool:
        return bool(part.get("instead_of"))

    async def reach(self) -> None:
        if self.away:
            raise self.away.pop(0)

    async def check(self) -> str:
        return "fake"

    async def close(self) -> None:
        return


class FakeCompletion:
    """Speaks the given pieces, then ends, or raises."""

    def __init__(self, model: "FakeModel", prompt: Prompt) -> None:
        self._model = model
        self._prompt = prompt
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = prompt.card.name
        self.service_tier: str | None = None
        self.call: Call | None = None
        self.thought = 0
        self.lost = list(model.lost)

    async def __aiter__(self) -> AsyncIterator[str]:
        if self._prompt.purpose == "summary" and self._model.before_summary:
            await self._model.before_summary()
        spoken = self._model.next_answer(self._prompt)
        self.call = Call(card=self._prompt.card, attempts=1, waited=0.0, first_piece=0.1, lasted=1.0)
        for piece in spoken:
            if isinstance(piece, BaseException):
                raise piece
            if isinstance(piece, asyncio.Event):
                await piece.wait()
                continue
            await asyncio.sleep(0)
            yield piece
        self.usage = self._model.usage
        self.finish_reason = self._model.finish_reason

    async def aclose(self) -> None:
        self._model.closed += 1


Piece = str | BaseException | asyncio.Event


class FakeModel:
    """Answers with what is next in `script`, else with `always`, else with an echo; an Event in it is waited for."""

    def __init__(self) -> None:
        self.script: list[Sequence[Piece]] = []
        self.always: Sequence[Piece] = ()
        self.summary: Sequence[Piece] = ()
        self.before_summary: Callable[[], Awaitable[None]] | None = None
        self.prompts: list[Prompt] = []
        self.usage: Usage | None = Usage(input=10, output=5)
        self.finish_reason: FinishReason | None = "stop"
        self.lost: Sequence[Lost] = ()
        self.closed = 0

    def next_answer(self, prompt: Prompt) -> Sequence[Piece]:
        self.prompts.append(prompt)
        if prompt.purpose == "summary":
            return self.summary
        return self.script.pop(0) if self.script else self.always or ("echo: ", prompt.messages[-1].text)

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> FakeCompletion:
        self.on_wait = on_wait
        return FakeCompletion(self, prompt)

    async def close(self) -> None:
        return


class WordCounter:
    """One word, one token."""

    async def count(self, text: str) -> int:
        return len(text.split())


def place(chat: str, *, private: bool = True) -> Place:
    return Place(platform="fake", chat=chat, private=private)


def _invocation(text: str) -> Invocation | None:
    if not text.startswith("/"):
        return None
    name, _, arguments = text[1:].partition(" ")
    return Invocation(name=name, arguments=arguments)
