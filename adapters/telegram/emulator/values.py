"""What Telegram keeps: users, messages, drafts, and what a watcher sees of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
ChatKind = Literal["private", "group", "supergroup", "channel"]
EventKind = Literal[
    "message", "edit", "delete", "draft", "action", "answer", "reaction", "commands", "member", "update"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One account, of a person or of the bot."""

    id: int
    first_name: str
    is_bot: bool = False
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None

    def payload(self) -> Json:
        body: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if value := getattr(self, name):
                body[name] = value
        return body


# Whom the Bot API names as the author of what a group's anonymous admin writes.
ANONYMOUS = User(id=1087968824, first_name="Group", is_bot=True, username="GroupAnonymousBot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One visible message. An edit makes a new value under the same id. `date` and `edited` are Unix seconds.

    `text` is the caption when `media` (the Bot API fields of an attachment) is there; `service` holds the
    fields of a service message, which has no text; `more` those that say where it is from, such as `forward_origin`.
    """

    id: int
    chat_id: int
    sender: User
    date: int
    text: str = ""
    entities: tuple[Json, ...] = ()
    reply_to: int | None = None
    thread_id: int | None = None
    reply_markup: Json | None = None
    edited: int | None = None
    media: Json = field(default_factory=dict)
    service: Json = field(default_factory=dict)
    more: Json = field(default_factory=dict)
    reactions: Mapping[int, tuple[Json, ...]] = field(default_factory=dict)

    @property
    def buttons(self) -> list[Json]:
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A preview of the bot's message; never part of the history. `until` is on the server's clock, seconds."""

    id: int
    text: str
    entities: tuple[Json, ...]
    until: float
    can_stop: bool = False
    keep_on_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One visible change. `body` is plain JSON: a Bot API message for messages and edits, else named facts."""

    kind: EventKind
    chat_id: int
    at: float
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the bot. `status` is the HTTP status, 0 when the connection was cut instead."""

    method: str
    params: Mapping[str, Any]
    status: int
    at: float
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things live, in seconds. Tests shorten them; the defaults are Telegram's."""

    draft: float = 30.0
    action: float = 5.0
    callback: float = 30.0
    update: float = 24 * 3600.0
