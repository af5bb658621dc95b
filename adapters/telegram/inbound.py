"""Raw Telegram updates → arrivals and updates. Pure: nothing here asks the network or a clock.

A stored payload is the raw update with one more key, `bot` (who received it), so that any process can read it later.
Whatever a stranger sends, only ValueError, KeyError or TypeError leave this module.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from adapters.telegram.attachments import attached
from adapters.telegram.raw import BIGGEST, Json, integer_in, object_in, storable, string_in
from adapters.telegram.spans import Span, Spans
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import MOST_COMMAND_BYTES, Arrival, Invocation, Place, Update

PLATFORM = "telegram"
QUARANTINE = "telegram:quarantine"
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "stopped_message_generation")
"""The last one (Bot API 10.3) is a press on a draft's Stop button."""

_LONGEST = 100_000  # characters; Telegram itself stops at 4096
# What a person can send that has no text. Everything else without text is a service message.
_WORDLESS = frozenset({
    "animation", "audio", "checklist", "contact", "dice", "document", "game", "location", "paid_media", "photo",
    "poll", "rich_message", "sticker", "story", "venue", "video", "video_note", "voice",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """Who we are on Telegram. `username` has no @."""

    id: int
    username: str

    @property
    def source(self) -> str:
        return f"{PLATFORM}:{self.id}"


def arrival(raw: Any, bot: BotUser, commands: CommandBook) -> Arrival | None:
    """Classify one raw update; None if it certainly is not for the bot. Never raises."""
    try:
        payload = _payload(raw, bot)
        update = parse(payload, commands)
        return _arrival(payload, bot, commands, update) if update else None
    except (ValueError, KeyError, TypeError):
        return _poison(raw, bot)


def parse(payload: Json, commands: CommandBook) -> Update | None:
    """Read a stored payload; None if it is not for the bot. Raises ValueError, KeyError, TypeError."""
    bot = _bot(payload)
    if stopped := object_in(payload, "stopped_message_generation"):
        return _stop(stopped)
    if click := object_in(payload, "callback_query"):
        return _click(click, commands)
    edited = object_in(payload, "edited_message")
    message = edited or object_in(payload, "message")
    if message is None or _not_from_a_person(message, bot):
        return None
    update = _Reading(message, bot, commands).update()
    return _edit(update) if edited and update else update


def update_id(raw: Any) -> int | None:
    """The number that acknowledges a raw update, None if it has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and 0 <= number < BIGGEST else None


def _arrival(payload: Json, bot: BotUser, commands: CommandBook, update: Update) -> Arrival:
    number = integer_in(payload, "update_id")
    return Arrival(
        source=bot.source,
        event=str(number),
        lane=commands.lane(update.place, update.invocation),
        order=int(update.message or 0),
        payload=payload,
        sender=None if commands.overtakes(update.invocation) else update.sender.identity,
    )


def _poison(raw: Any, bot: BotUser) -> Arrival:
    number = update_id(raw)
    return Arrival(
        source=bot.source,
        event=str(number) if number is not None else "unnumbered",
        lane=QUARANTINE,
        order=number or 0,
        payload={"raw": _quarantined(raw)},
        poison=True,
    )


def _payload(raw: Any, bot: BotUser) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise TypeError("an update is an object")
    return {**storable(raw), "bot": {"id": bot.id, "username": bot.username}}


def _quarantined(raw: Any) -> Any:
    try:
        return storable(raw)
    except ValueError:
        return "nested too deeply"


def _bot(payload: Json) -> BotUser:
    bot = payload["bot"]
    return BotUser(id=integer_in(bot, "id"), username=string_in(bot, "username") or "")


def _not_from_a_person(message: Json, bot: BotUser) -> bool:
    """Bots, channels, anonymous admins and forwards by Telegram itself have no account we could answer for."""
    author = object_in(message, "from")
    if author is None or author.get("is_bot") or "sender_chat" in message or message.get("is_automatic_forward"):
        return True
    through = object_in(message, "via_bot")
    return through is not None and through.get("id") == bot.id


def _stop(stopped: Json) -> Update | None:
    """A press on the Stop button under a draft, which exists in private chats only: there the chat is the person."""
    chat = object_in(stopped, "chat") or {}
    if chat.get("type") != "private":
        return None
    thread = str(integer_in(stopped, "message_thread_id")) if stopped.get("message_thread_id") else ""
    place = Place(platform=PLATFORM, chat=str(integer_in(chat, "id")), thread=thread, private=True)
    return Update(sender=_sender(chat), place=place, text="", invocation=Invocation(name="stop"))


def _click(click: Json, commands: CommandBook) -> Update | None:
    """A click on a button counts as the command in its data, given by whoever clicked.

    A changed client can send any data, so it is worth no more than the same words typed by the same person. What is
    no command comes from buttons that are not ours.
    """
    message, data = object_in(click, "message") or {}, string_in(click, "data") or ""
    name, _, arguments = data.partition(" ")
    place = _place(message)
    if place is None or commands.get(name) is None or len(data.encode()) > MOST_COMMAND_BYTES:
        return None
    number = str(integer_in(message, "message_id"))
    return Update(
        sender=_sender(click["from"]),
        place=place,
        text="",
        message=number,
        clicked=True,
        invocation=Invocation(name=name.lower(), arguments=arguments.strip()),
        answer_by="" if place.private else number,
    )


def _edit(update: Update) -> Update | None:
    """A question that was changed. A command is done once it was given, and cannot be changed any more."""
    return None if update.invocation or not update.text.strip() else replace(update, edited=True)


def _place(message: Json) -> Place | None:
    """Where a message stands; None in channels."""
    chat = object_in(message, "chat") or {}
    if chat.get("type") not in {"private", "group", "supergroup"}:
        return None
    # Outside of forums message_thread_id only names a chain of replies [Bot API, Message.is_topic_message].
    topic = message.get("is_topic_message") is True
    thread = str(integer_in(message, "message_thread_id")) if topic else ""
    return Place(platform=PLATFORM, chat=str(integer_in(chat, "id")), thread=thread, private=chat["type"] == "private")


class _Reading:
    """One message, read for one bot."""

    def __init__(self, message: Json, bot: BotUser, commands: CommandBook) -> None:
        self._message = message
        self._bot = bot
        self._commands = commands
        self._place = _place(message)
        self._private = self._place is not None and self._place.private
        text = string_in(message, "text") or string_in(message, "caption") or ""
        if len(text) > _LONGEST:
            raise ValueError("text is too long")
        entities = message.get("entities") if message.get("text") else message.get("caption_entities")
        self._spans = Spans.read(text, entities or [])

    def update(self) -> Update | None:
        if self._place is None:
            return None
        command = self._command()
        if command is None and not (self._is_said() if self._private else self._is_addressed()):
            return None
        number = integer_in(self._message, "message_id")
        return Update(
            sender=_sender(self._message["from"]),
            place=self._place,
            text=self._said(),
            message=str(number),
            invocation=command,
            replied_to=self._replied_to(),
            mentioned=tuple(self._mentioned()),
            attached=attached(self._message),
            # In a group an answer quotes its question; `parts` needs to know which.
            answer_by="" if self._private else str(number),
        )

    def _is_said(self) -> bool:
        if self._spans.text.strip():
            return True
        # An album comes as one message a picture; only the one with the caption is worth an answer.
        return "media_group_id" not in self._message and not _WORDLESS.isdisjoint(self._message)

    def _is_addressed(self) -> bool:
        has_text = bool(self._spans.text.strip())
        return has_text and (any(self._bot_mentions()) or self._answered_author() == self._bot.id)

    def _command(self) -> Invocation | None:
        """`/name`, `/name@ThisBot`, and in groups `@ThisBot /name`. A bare command unknown to us is another bot's."""
        first = next((span for span in self._spans if span.kind == "bot_command"), None)
        if first is None or self._without_bot(self._spans.until(first.start)):
            return None
        name, _, addressee = self._spans.text_of(first)[1:].partition("@")
        explicit = addressee.lower() == self._bot.username.lower()
        if not name or (addressee and not explicit):
            return None
        if not (self._private or explicit or self._commands.get(name) or any(self._bot_mentions())):
            return None
        return Invocation(name=name.lower(), arguments=self._arguments(first))

    def _arguments(self, command: Span) -> str:
        people = {span: f"{PLATFORM}:{span.user['id']}" for span in self._people()}
        mentions = dict.fromkeys(self._bot_mentions(), "")
        return self._spans.replaced(people | mentions, after=command.end).strip()

    def _said(self) -> str:
        return self._without_bot(self._spans)

    def _without_bot(self, spans: Spans) -> str:
        cut = dict.fromkeys((span for span in spans if self._is_bot(span)), "")
        return spans.replaced(cut).strip().lstrip(",:").strip() if cut else spans.text.strip()

    def _bot_mentions(self) -> Iterator[Span]:
        return (span for span in self._spans if self._is_bot(span))

    def _is_bot(self, span: Span) -> bool:
        if span.kind == "mention":
            return self._spans.text_of(span).lower() == f"@{self._bot.username.lower()}"
        return span.kind == "text_mention" and span.user.get("id") == self._bot.id

    def _people(self) -> Iterator[Span]:
        return (span for span in self._spans if span.kind == "text_mention" and not self._is_bot(span))

    def _mentioned(self) -> Iterator[Sender]:
        return (_sender(span.user) for span in self._people())

    def _answered_author(self) -> int | None:
        answered = object_in(self._message, "reply_to_message")
        # In a forum topic every message "replies" to the service message that opened the topic.
        if answered is None or "forum_topic_created" in answered or "sender_chat" in answered:
            return None
        author = object_in(answered, "from")
        return integer_in(author, "id") if author else None

    def _replied_to(self) -> Identity | None:
        author = self._answered_author()
        if author is None or author == self._bot.id:
            return None
        return Identity(platform=PLATFORM, user=str(author))


def _sender(user: Json) -> Sender:
    names = (string_in(user, "first_name"), string_in(user, "last_name"))
    return Sender(
        identity=Identity(platform=PLATFORM, user=str(integer_in(user, "id"))),
        name=" ".join(name for name in names if name),
        username=string_in(user, "username"),
        language=string_in(user, "language_code"),
        belonging="full",
    )
