"""One message of Telegram's, read for one bot: who speaks, where, and whether and what they ask."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapters.telegram.attachments import attached
from adapters.telegram.raw import Json, integer_in, object_in, string_in
from adapters.telegram.spans import Span, Spans
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import Invocation, Place, Update

PLATFORM = "telegram"

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


def place_of(message: Json) -> Place | None:
    """Where a message stands; None in channels."""
    chat = object_in(message, "chat") or {}
    if chat.get("type") not in {"private", "group", "supergroup"}:
        return None
    # Outside of forums message_thread_id only names a chain of replies [Bot API, Message.is_topic_message].
    topic = message.get("is_topic_message") is True
    thread = str(integer_in(message, "message_thread_id")) if topic else ""
    return Place(platform=PLATFORM, chat=str(integer_in(chat, "id")), thread=thread, private=chat["type"] == "private")


class Reading:
    """One message, read for one bot."""

    def __init__(self, message: Json, bot: BotUser, commands: CommandBook) -> None:
        self._message = message
        self._bot = bot
        self._commands = commands
        self._place = place_of(message)
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
            sender=sender_of(self._message["from"]),
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
        return (sender_of(span.user) for span in self._people())

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


def sender_of(user: Json) -> Sender:
    names = (string_in(user, "first_name"), string_in(user, "last_name"))
    return Sender(
        identity=Identity(platform=PLATFORM, user=str(integer_in(user, "id"))),
        name=" ".join(name for name in names if name),
        username=string_in(user, "username"),
        language=string_in(user, "language_code"),
        belonging="full",
    )
