"""People: what someone holding a phone can do. Each action is immediate and needs no await."""

from dataclasses import replace
from typing import Any, Literal

from adapters.telegram.emulator import entities as marks
from adapters.telegram.emulator.chats import Chat
from adapters.telegram.emulator.files import attachment
from adapters.telegram.emulator.payloads import message_payload
from adapters.telegram.emulator.values import ANONYMOUS, Json, Message, User
from adapters.telegram.emulator.world import Query, World

AttachmentKind = Literal["document", "photo", "voice", "audio", "video", "sticker"]
SharedKind = Literal["location", "contact", "dice"]
_SHARED: dict[SharedKind, Json] = {
    "location": {"latitude": 48.85, "longitude": 2.35},
    "contact": {"phone_number": "+100", "first_name": "Grace"},
    "dice": {"emoji": "🎲", "value": 4},
}


class Person:
    """One person. Without `chat`, everything happens in the private chat with the bot.

    Actions a client would not offer (an edit of someone else's message, a button that is not there) raise
    ValueError: the test is wrong, not the bot.
    """

    def __init__(self, world: World, user: User) -> None:
        self._world = world
        self.user = user

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def chat(self) -> Chat:
        """The private chat with the bot, made on first use."""
        chat = self._world.chats.get(self.id)
        if chat is None:
            chat = Chat(id=self.id, kind="private", members={self.id: self.user})
            self._world.chats[self.id] = chat
        return chat

    def says(
        self,
        text: str,
        *,
        chat: Chat | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
        entities: list[Json] | None = None,
        quote: str = "",
        anonymous: bool = False,
    ) -> int:
        """Write a message and return its id. Commands, mentions and links are marked as a client marks them.

        `quote` is what of the message that is replied to was selected. An `anonymous` admin speaks as the group.
        """
        found = marks.find(text) if entities is None else entities
        more = self._quoting(chat or self.chat, reply_to, quote) if quote and reply_to else {}
        content = {"text": text, "entities": tuple(found), "reply_to": reply_to, "thread_id": thread_id, "more": more}
        return self._posts(chat, anonymous=anonymous, **content)

    def forwards(self, message_id: int, *, origin: Chat, chat: Chat | None = None, hidden: bool = False) -> int:
        """Forward a message that stands in the chat `origin`; a `hidden` author is only a name."""
        message = origin.messages[message_id]
        body: Json = {"type": "user", "sender_user": message.sender.payload()}
        if hidden:
            body = {"type": "hidden_user", "sender_user_name": message.sender.first_name}
        if origin.kind == "channel":
            body = {"type": "channel", "chat": origin.payload(), "message_id": message_id}
        more = {"forward_origin": {**body, "date": message.date}}
        return self._posts(chat, text=message.text, entities=message.entities, media=message.media, more=more)

    def sends(
        self,
        content: bytes,
        *,
        kind: AttachmentKind = "document",
        filename: str = "file.bin",
        mime_type: str = "application/octet-stream",
        caption: str = "",
        chat: Chat | None = None,
        album: str = "",
        seconds: int = 1,
        reply_to: int | None = None,
    ) -> int:
        """Send an attachment the bot can fetch with getFile; `album` names the media group that it is a part of.

        A voice message, a sound and a video last so many `seconds`: clients say that, nobody checks it.
        """
        media = attachment(self._world, kind, content, filename, mime_type, seconds=seconds)
        if album:
            media["media_group_id"] = album
        return self._posts(chat, text=caption, entities=tuple(marks.find(caption)), media=media, reply_to=reply_to)

    def shares(self, kind: SharedKind, *, chat: Chat | None = None) -> int:
        """Send something that is no file."""
        return self._posts(chat, text="", entities=(), media={kind: _SHARED[kind]})

    def edits(self, message_id: int, text: str, *, chat: Chat | None = None) -> None:
        place = chat or self.chat
        message = self._own(place, message_id)
        changed = replace(message, text=text, entities=tuple(marks.find(text)), edited=self._world.now())
        self._world.change(place, changed)

    def deletes(self, message_id: int, *, chat: Chat | None = None) -> None:
        """Bots are not told."""
        place = chat or self.chat
        self._own(place, message_id)
        self._world.delete(place, message_id)

    def clicks(self, message_id: int, data: str, *, chat: Chat | None = None) -> str:
        """Press the button with this callback data; the id of the query is returned (see `answers`)."""
        place = chat or self.chat
        message = place.messages[message_id]
        if not any(button.get("callback_data") == data for button in message.buttons):
            raise ValueError(f"message {message_id} has no button {data!r}")
        return self._presses(place, message, data)

    def reacts(self, message_id: int, *emoji: str, chat: Chat | None = None) -> None:
        """Set one's reactions; none takes them back."""
        place = chat or self.chat
        message = place.messages[message_id]
        old = message.reactions.get(self.id, ())
        new = tuple({"type": "emoji", "emoji": one} for one in emoji)
        self._world.react(place, message, self.user, new)
        body = {"chat": place.payload(), "message_id": message_id, "user": self.user.payload()}
        body |= {"date": self._world.now(), "old_reaction": list(old), "new_reaction": list(new)}
        self._world.updates.push("message_reaction", body, place.id)

    def stops(self, draft_id: int, *, thread_id: int | None = None) -> None:
        """Press Stop under a draft; it goes, unless the bot asked to keep it."""
        draft = self.chat.drafts.get(thread_id)
        if draft is None or draft.id != draft_id or not draft.can_stop:
            raise ValueError(f"no draft {draft_id} with a Stop button")
        body: Json = {"chat": self.chat.payload(), "draft_id": draft_id}
        if thread_id is not None:
            body["message_thread_id"] = thread_id
        if not draft.keep_on_stop:
            self._world.end_draft(self.chat, thread_id)
        self._world.updates.push("stopped_message_generation", body, self.chat.id)

    def opens_topic(self, name: str, *, chat: Chat | None = None, implicit: bool = False) -> int:
        """Open a topic and return its thread id. An `implicit` name is one that Telegram made up."""
        place = chat or self.chat
        self._require_member(place)
        place.started = True
        told: Json = {"name": name, "icon_color": 7322096, **({"is_name_implicit": True} if implicit else {})}
        return self._world.serve(place, self.user, {"forum_topic_created": told}).id

    def renames_topic(self, thread_id: int, name: str, *, chat: Chat | None = None) -> None:
        self._world.rename_topic(chat or self.chat, thread_id, name, self.user)

    def blocks_bot(self) -> None:
        self._world.set_bot_status(self.chat, "kicked", self.user)

    def unblocks_bot(self) -> None:
        self._world.set_bot_status(self.chat, "member", self.user)

    def _posts(self, chat: Chat | None, *, anonymous: bool = False, **content: Any) -> int:
        place = chat or self.chat
        self._require_member(place)
        if (anonymous or place.kind == "channel") and self.id not in place.admins:
            raise ValueError(f"{self.user.first_name} is no admin of this chat")
        place.started = True
        message_id = self._world.next_id(place)
        sender, more = self.user, content.pop("more", {})
        if anonymous:
            sender, more = ANONYMOUS, {**more, "sender_chat": place.payload()}
        message = Message(id=message_id, chat_id=place.id, sender=sender, date=self._world.now(), more=more, **content)
        return self._world.post(place, message).id

    def _quoting(self, chat: Chat, reply_to: int, quote: str) -> Json:
        """The part of a message that was selected, as `TextQuote`."""
        position = chat.messages[reply_to].text.find(quote)
        if position < 0:
            raise ValueError(f"message {reply_to} does not say {quote!r}")
        return {"quote": {"text": quote, "position": position, "is_manual": True}}

    def _presses(self, chat: Chat, message: Message, data: str) -> str:
        world = self._world
        query = Query(id=str(10_000 + len(world.queries) + 1), chat_id=chat.id, sender=self.user, at=world.clock())
        world.queries[query.id] = query
        body = {
            "id": query.id,
            "from": self.user.payload(),
            "message": message_payload(chat, message),
            "chat_instance": str(abs(chat.id) * 7),
            "data": data,
        }
        world.updates.push("callback_query", body, chat.id)
        return query.id

    def _own(self, chat: Chat, message_id: int) -> Message:
        message = chat.messages[message_id]
        if message.sender.id != self.id:
            raise ValueError(f"message {message_id} is not {self.user.first_name}'s")
        return message

    def _require_member(self, chat: Chat) -> None:
        if self.id not in chat.members:
            raise ValueError(f"{self.user.first_name} is not in this chat")
        if chat.private and chat.bot_status == "kicked":
            raise ValueError(f"{self.user.first_name} blocked the bot")
