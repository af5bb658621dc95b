"""One message of Telegram's, read for one bot: who speaks, where, and whether and what they ask."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from adapters.telegram import foreign
from adapters.telegram.attachments import attachments
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
_FILES = frozenset({"photo", "document", "voice", "audio"})
"""In a group these say something to whom they answer; a sticker is chatter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """Who we are on Telegram. `username` has no @."""

    id: int
    username: str

    @property
    def source(self) -> str:
        return f"{PLATFORM}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What of everything that is said is for the bot.

    Args:
        commands: what it understands; also decides what overtakes.
        triggers: words that call it in groups, at the beginning of a message, like its name.
        channels: whether it is to be called in channels too.
    """

    commands: CommandBook
    triggers: Sequence[str] = ()
    channels: bool = False

    @property
    def updates(self) -> list[str]:
        """The kinds of update to ask Telegram for. The last one (Bot API 10.3) is a press on a draft's Stop button."""
        kinds = ["message", "edited_message", "callback_query", "my_chat_member", "stopped_message_generation"]
        return [*kinds, "channel_post", "edited_channel_post"] if self.channels else kinds

    def untriggered(self, text: str) -> str | None:
        """What follows a trigger; None if the text does not begin with one."""
        found = _triggers(tuple(self.triggers)).match(text) if self.triggers else None
        return text[found.end() :].strip() if found else None


@cache
def _triggers(words: tuple[str, ...]) -> re.Pattern[str]:
    # Scripts without blanks go on right after a word.
    ends = ["" if unicodedata.east_asian_width(word[-1]) in "WF" else r"(?!\w)" for word in words]
    either = "|".join(re.escape(word) + end for word, end in zip(words, ends, strict=True))
    return re.compile(rf"\s*(?:{either})[\s,:;.!?，：；。！？…-]*", re.IGNORECASE)


def place_of(message: Json, *, channels: bool = False) -> Place | None:
    """Where a message stands; None in channels unless these are wanted."""
    chat = object_in(message, "chat") or {}
    if chat.get("type") not in {"private", "group", "supergroup", *(("channel",) if channels else ())}:
        return None
    # Outside of forums message_thread_id only names a chain of replies [Bot API, Message.is_topic_message].
    topic = message.get("is_topic_message") is True
    thread = str(integer_in(message, "message_thread_id")) if topic else ""
    return Place(platform=PLATFORM, chat=str(integer_in(chat, "id")), thread=thread, private=chat["type"] == "private")


def speaker_of(message: Json) -> Sender | None:
    """Who speaks; None for whoever has no account that we could answer for.

    Those are other bots, a channel whose posts Telegram forwards into its group, and people who speak as a channel:
    anybody can have as many of these as they like. A group's anonymous admins are the group itself, and so is whoever
    posts in a channel: all of them together are one account that may no more than a guest.
    """
    if message.get("is_automatic_forward"):
        return None
    if group := object_in(message, "sender_chat"):
        here = object_in(message, "chat") or {}
        return group_of(group) if integer_in(group, "id") == here.get("id") else None
    author = object_in(message, "from")
    return None if author is None or author.get("is_bot") else sender_of(author)


class Reading:
    """One message, read for one bot."""

    def __init__(self, message: Json, bot: BotUser, hearing: Hearing) -> None:
        self._message = message
        self._bot = bot
        self._hearing = hearing
        self._speaker = speaker_of(message)
        self._place = place_of(message, channels=hearing.channels)
        self._private = self._place is not None and self._place.private
        text = string_in(message, "text") or string_in(message, "caption") or ""
        if len(text) > _LONGEST:
            raise ValueError("text is too long")
        entities = message.get("entities") if message.get("text") else message.get("caption_entities")
        self._spans = Spans.read(text, entities or [])

    def update(self) -> Update | None:
        if self._place is None or self._speaker is None:
            return None
        command = self._command()
        if command is None and not (self._is_said() if self._private else self._is_addressed()):
            return None
        number = integer_in(self._message, "message_id")
        return Update(
            sender=self._speaker,
            place=self._place,
            text=self._said() if command else self._asked(),
            message=str(number),
            invocation=command,
            replied_to=self._replied_to(),
            mentioned=tuple(self._mentioned()),
            attachments=attachments(self._message),
            album=string_in(self._message, "media_group_id") or "",
            topic=self._topic(),
            # In a group an answer quotes its question; `parts` needs to know which.
            answer_by="" if self._private else str(number),
        )

    def _is_said(self) -> bool:
        return bool(self._spans.text.strip()) or not _WORDLESS.isdisjoint(self._message)

    def _is_addressed(self) -> bool:
        says = bool(self._spans.text.strip()) or not _FILES.isdisjoint(self._message)
        if not says or foreign.is_forwarded(self._message):
            return False
        return self._is_called() or self._answered_author() == self._bot.id

    def _is_called(self) -> bool:
        return any(self._bot_mentions()) or self._hearing.untriggered(self._spans.text) is not None

    def _command(self) -> Invocation | None:
        """`/name`, `/name@ThisBot`, and in groups `@ThisBot /name`. A bare command unknown to us is another bot's."""
        if foreign.is_forwarded(self._message):
            return None  # nobody has given it here
        first = next((span for span in self._spans if span.kind == "bot_command"), None)
        if first is None or self._without_bot(self._spans.until(first.start)):
            return None
        name, _, addressee = self._spans.text_of(first)[1:].partition("@")
        explicit = addressee.lower() == self._bot.username.lower()
        if not name or (addressee and not explicit):
            return None
        if not (self._private or explicit or self._hearing.commands.get(name) or any(self._bot_mentions())):
            return None
        return Invocation(name=name.lower(), arguments=self._arguments(first))

    def _arguments(self, command: Span) -> str:
        people = {span: f"{PLATFORM}:{span.user['id']}" for span in self._people()}
        mentions = dict.fromkeys(self._bot_mentions(), "")
        return self._spans.replaced(people | mentions, after=command.end).strip()

    def _asked(self) -> str:
        """What is asked, with the words of others that it is about."""
        said = foreign.forwarded(self._message, self._said())
        return foreign.replying(self._message, said, bot=self._bot.id, private=self._private)

    def _said(self) -> str:
        said = self._without_bot(self._spans)
        if self._private or any(self._bot_mentions()):
            return said
        return self._hearing.untriggered(said) or said

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

    def _topic(self) -> str:
        """Of a topic that was opened before the bot came, its messages tell the first name, if nothing else."""
        opened = object_in(object_in(self._message, "reply_to_message") or {}, "forum_topic_created") or {}
        named = self._place is not None and self._place.thread and not opened.get("is_name_implicit")
        return (string_in(opened, "name") or "") if named else ""

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


def group_of(chat: Json) -> Sender:
    """A group or channel that speaks itself."""
    who = Identity(platform=PLATFORM, user=str(integer_in(chat, "id")))
    return Sender(identity=who, name=string_in(chat, "title") or who.user, belonging="group")
