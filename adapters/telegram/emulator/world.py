"""The state of this small Telegram: one bot, its chats, and every change made to them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.feed import Feed
from adapters.telegram.emulator.limits import FloodControl
from adapters.telegram.emulator.payloads import member_payload, message_payload
from adapters.telegram.emulator.privacy import visible_to_bot
from adapters.telegram.emulator.refusals import NOT_FOUND, bad_request
from adapters.telegram.emulator.updates import UpdateQueue
from adapters.telegram.emulator.values import Draft, Event, EventKind, Json, Lifetimes, Message, User

NEWEST = (10, 3)
"""The version of the Bot API that is emulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A pressed button, waiting for its answer."""

    id: str
    chat_id: int
    sender: User
    at: float


@dataclass(slots=True, kw_only=True, eq=False)
class World:
    """Everything the server knows. Plain state and plain changes; HTTP and people stand in front of it."""

    bot: User
    clock: Callable[[], float]
    lifetimes: Lifetimes
    flood: FloodControl
    updates: UpdateQueue
    feed: Feed
    reads_all_group_messages: bool = False
    bot_api: tuple[int, int] = NEWEST
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, tuple[Json, bytes]] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    webhook: Json = field(default_factory=dict)
    last_id: int = 0

    def now(self) -> int:
        return int(self.clock())

    def user(self, user_id: int) -> User | None:
        return self.bot if user_id == self.bot.id else self.users.get(user_id)

    def chat(self, chat_id: Any) -> Chat:
        """The chat a call names.

        Raises:
            ApiError: 400, no such chat.
        """
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        try:
            return self.chats[int(chat_id)]
        except (ValueError, KeyError, TypeError):
            raise bad_request("chat not found") from None

    def require_version(self, *version: int) -> None:
        """Raise what a server answers to a method that it does not know."""
        if self.bot_api < version:
            raise NOT_FOUND

    def publish(self, kind: EventKind, chat: Chat, body: Json) -> None:
        self.feed.publish(Event(kind=kind, chat_id=chat.id, at=self.clock(), body=body))

    def next_id(self, chat: Chat) -> int:
        """Supergroups count for themselves; private chats and basic groups share the bot's counter."""
        if chat.kind in {"supergroup", "channel"}:
            chat.last_id += 1
            return chat.last_id
        self.last_id += 1
        return self.last_id

    def post(self, chat: Chat, message: Message) -> Message:
        """Make a new message visible, and known to the bot when it may see it."""
        chat.messages[message.id] = message
        body = message_payload(chat, message)
        if message.sender.id == self.bot.id:
            self.end_draft(chat, message.thread_id)
            chat.actions.pop(message.thread_id, None)
        elif self._shown_to_bot(chat, message):
            self.updates.push("channel_post" if chat.kind == "channel" else "message", body, chat.id)
        self.publish("message", chat, body)
        return message

    def change(self, chat: Chat, message: Message) -> Message:
        """Replace a visible message by its edited self."""
        chat.messages[message.id] = message
        body = message_payload(chat, message)
        if message.sender.id != self.bot.id and self._shown_to_bot(chat, message):
            self.updates.push("edited_channel_post" if chat.kind == "channel" else "edited_message", body, chat.id)
        self.publish("edit", chat, body)
        return message

    def serve(self, chat: Chat, by: User, service: Json, thread_id: int | None = None) -> Message:
        """Say what happened, as Telegram does in a service message."""
        number = self.next_id(chat)
        if "forum_topic_created" in service:
            thread_id = number
            chat.topics[number] = service["forum_topic_created"]["name"]
        message = Message(id=number, chat_id=chat.id, sender=by, date=self.now(), service=service, thread_id=thread_id)
        return self.post(chat, message)

    def rename_topic(self, chat: Chat, thread_id: int, name: str, by: User) -> None:
        chat.topics[thread_id] = name
        self.serve(chat, by, {"forum_topic_edited": {"name": name}}, thread_id)

    def delete(self, chat: Chat, message_id: int) -> None:
        del chat.messages[message_id]
        self.publish("delete", chat, {"message_id": message_id})

    def _shown_to_bot(self, chat: Chat, message: Message) -> bool:
        if chat.bot_status in {"kicked", "left"}:
            return False
        reads_all = self.reads_all_group_messages or chat.bot_status == "administrator"
        return chat.private or reads_all or visible_to_bot(chat, message, self.bot)

    def show_draft(self, chat: Chat, thread_id: int | None, draft: Draft) -> None:
        chat.drafts[thread_id] = draft
        if thread_id not in chat.watched_drafts:
            chat.watched_drafts.add(thread_id)
            self._watch_draft(chat, thread_id, self.lifetimes.draft)
        self._publish_draft(chat, thread_id, draft)

    def end_draft(self, chat: Chat, thread_id: int | None) -> None:
        if chat.drafts.pop(thread_id, None) is not None:
            self._publish_draft(chat, thread_id, None)

    def _watch_draft(self, chat: Chat, thread_id: int | None, seconds: float) -> None:
        """One timer for each place with a draft: it looks again when the draft was renewed or replaced."""
        asyncio.get_running_loop().call_later(seconds, self._expire_draft, chat, thread_id)

    def _expire_draft(self, chat: Chat, thread_id: int | None) -> None:
        draft = chat.drafts.get(thread_id)
        left = draft.until - self.clock() if draft is not None else 0.0
        if left > 0:
            self._watch_draft(chat, thread_id, left + 0.001)
            return
        chat.watched_drafts.discard(thread_id)
        self.end_draft(chat, thread_id)

    def _publish_draft(self, chat: Chat, thread_id: int | None, draft: Draft | None) -> None:
        if not self.feed.watched:
            self.feed.stir()
            return
        body: Json = {"message_thread_id": thread_id, "text": None, "entities": []}
        if draft is not None:
            body |= {"draft_id": draft.id, "text": draft.text, "entities": list(draft.entities)}
            body |= {"can_stop": draft.can_stop}
        self.publish("draft", chat, body)

    def set_bot_status(self, chat: Chat, status: str, by: User) -> None:
        """Block, unblock, kick or invite the bot; the bot learns of it by `my_chat_member`."""
        old, chat.bot_status = chat.bot_status, status
        if old == status:
            return
        body = {
            "chat": chat.payload(),
            "from": by.payload(),
            "date": self.now(),
            "old_chat_member": member_payload(self.bot, old),
            "new_chat_member": member_payload(self.bot, status),
        }
        self.updates.push("my_chat_member", body, chat.id)
        self.publish("member", chat, body)

    def react(self, chat: Chat, message: Message, user: User, reactions: tuple[Json, ...]) -> None:
        merged = {**message.reactions, user.id: reactions}
        chat.messages[message.id] = replace(message, reactions=merged)
        self.publish("reaction", chat, {"message_id": message.id, "user_id": user.id, "reaction": list(reactions)})
