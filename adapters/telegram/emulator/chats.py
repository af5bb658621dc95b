"""A chat: its members, what is visible in it, and whether the bot may write there."""

from dataclasses import dataclass, field

from adapters.telegram.emulator.refusals import ApiError, bad_request, forbidden
from adapters.telegram.emulator.values import ChatKind, Draft, Json, Message, User

# Topic ids are ids of the messages that made them; the General topic is always 1.
GENERAL_TOPIC = 1


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """One chat. A private chat has the id of its person and starts once that person has written."""

    id: int
    kind: ChatKind
    title: str = ""
    members: dict[int, User] = field(default_factory=dict)
    admins: set[int] = field(default_factory=set)
    forum: bool = False
    topics: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    drafts: dict[int | None, Draft] = field(default_factory=dict)
    watched_drafts: set[int | None] = field(default_factory=set)
    actions: dict[int | None, tuple[str, float]] = field(default_factory=dict)
    started: bool = False
    bot_status: str = "member"
    migrated_to: int | None = None
    last_id: int = 0

    @property
    def private(self) -> bool:
        return self.kind == "private"

    @property
    def peer(self) -> User:
        """The person of a private chat."""
        return self.members[self.id]

    def payload(self) -> Json:
        if self.private:
            person = self.peer.payload()
            person.pop("is_bot")
            person.pop("language_code", None)
            return {**person, "type": "private"}
        body: Json = {"id": self.id, "title": self.title, "type": self.kind}
        if self.forum:
            body["is_forum"] = True
        return body

    def require_writable(self) -> None:
        """Raise what the Bot API answers when the bot may not write here."""
        refusal = self._private_refusal() if self.private else self._group_refusal()
        if refusal:
            raise refusal

    def _private_refusal(self) -> ApiError | None:
        if not self.started:
            return forbidden("bot can't initiate conversation with a user")
        if self.bot_status == "kicked":
            return forbidden("bot was blocked by the user")
        return None

    def _group_refusal(self) -> ApiError | None:
        if self.migrated_to is not None:
            text = "group chat was upgraded to a supergroup chat"
            return bad_request(text, migrate_to_chat_id=self.migrated_to)
        if self.bot_status == "kicked":
            return forbidden(f"bot was kicked from the {self.kind} chat")
        if self.kind == "channel" and self.bot_status != "administrator":
            return bad_request("need administrator rights in the channel chat")
        if self.bot_status == "left":
            return forbidden(f"bot is not a member of the {self.kind} chat")
        return None

    def require_thread(self, thread_id: int | None) -> int | None:
        """The thread as stored: none for none, and for the General topic of a forum."""
        if not thread_id:
            return None
        if self.forum and thread_id == GENERAL_TOPIC:
            return None
        if thread_id not in self.topics:
            raise bad_request("message thread not found")
        return thread_id

    def last_shown(self) -> list[Message]:
        return list(self.messages.values())
