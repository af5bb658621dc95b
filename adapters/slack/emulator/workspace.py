"""One workspace: people, channels, messages. State only; nobody is told of changes here."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from adapters.slack.emulator.values import ApiError, Json, Message

Kind = Literal["im", "channel", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A member as users.info describes one."""

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    is_guest: bool = False
    team: str = "T1"
    is_bot: bool = False


@dataclass(slots=True, kw_only=True)
class Channel:
    """A place to talk. `members` are people; whether the bot is in is kept apart."""

    id: str
    name: str
    kind: Kind = "channel"
    members: set[str] = field(default_factory=set)
    bot: bool = True
    shared: bool = False
    """Shared with another organisation (Slack Connect)."""
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def is_dm(self) -> bool:
        return self.kind == "im"


class Workspace:
    """Names follow Slack: the bot is one user of the team, its app and bot have ids of their own."""

    def __init__(self, *, clock: Callable[[], float], bot_name: str = "parley") -> None:
        self.team = "T1"
        self.domain = "emulated"
        self.app_id = "A1"
        self.bot_id = "B1"
        self.bot = Profile(id="UBOT", name=bot_name, real_name=bot_name.title(), is_bot=True)
        self.people: dict[str, Profile] = {self.bot.id: self.bot}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Message] = []
        self._clock = clock
        self._last_micros = 0
        self._ids = itertools.count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):08X}"

    def new_ts(self) -> str:
        """Time with microseconds, unique in the workspace and growing."""
        self._last_micros = max(self._last_micros + 1, int(self._clock() * 1_000_000))
        seconds, micros = divmod(self._last_micros, 1_000_000)
        return f"{seconds}.{micros:06d}"

    def join(self, profile: Profile) -> Profile:
        self.people[profile.id] = profile
        return profile

    def open(self, channel: Channel) -> Channel:
        return self.channels.setdefault(channel.id, channel)

    def dm(self, user: str) -> Channel:
        return self.open(Channel(id=f"D{user}", name=user, kind="im", members={user}))

    def person(self, user: str) -> Profile:
        if user not in self.people:
            raise ApiError("user_not_found")
        return self.people[user]

    def seen_by_bot(self, name: str) -> Channel:
        """The channel of that id or `#name`; a person's id means the direct messages with them."""
        channel = self._find(name)
        if channel is None or (channel.kind == "group" and not channel.bot):
            raise ApiError("channel_not_found")
        return channel

    def writable(self, name: str) -> Channel:
        channel = self.seen_by_bot(name)
        if not channel.bot:
            raise ApiError("not_in_channel")
        return channel

    def _find(self, name: str) -> Channel | None:
        if name in self.channels:
            return self.channels[name]
        if name in self.people and name != self.bot.id:
            return self.dm(name)
        rooms = (room for room in self.channels.values() if not room.is_dm)
        return next((room for room in rooms if room.name == name.removeprefix("#")), None)

    def put(self, message: Message) -> Message:
        if message.ephemeral_for is None:
            self.channels[message.channel].messages[message.ts] = message
        else:
            self.ephemerals = [old for old in self.ephemerals if old.ts != message.ts] + [message]
        return message

    def change(self, message: Message, **changes: Any) -> Message:
        return self.put(replace(message, **changes))

    def remove(self, message: Message) -> None:
        self.channels[message.channel].messages.pop(message.ts, None)
        self.ephemerals = [old for old in self.ephemerals if old.ts != message.ts]

    def message(self, channel: Channel, ts: str) -> Message:
        if ts not in channel.messages:
            raise ApiError("message_not_found")
        return channel.messages[ts]

    def own_message(self, channel: Channel, ts: str, otherwise: str) -> Message:
        message = self.message(channel, ts)
        if not message.from_bot:
            raise ApiError(otherwise)
        return message

    def root(self, channel: Channel, thread_ts: str | None) -> str | None:
        """The parent's ts. A reply's own ts leads to its parent, as on the real service."""
        if thread_ts is None:
            return None
        if thread_ts not in channel.messages:
            raise ApiError("thread_not_found")
        return channel.messages[thread_ts].thread_ts or thread_ts

    def thread(self, channel: Channel, root: str) -> list[Message]:
        found = (message for message in channel.messages.values() if root in (message.ts, message.thread_ts))
        return sorted(found, key=lambda message: message.ts)

    def visible(self, channel: Channel, thread_ts: str | None) -> list[Message]:
        here = [message for message in self.ephemerals if message.channel == channel.id]
        everything = sorted([*channel.messages.values(), *here], key=lambda message: message.ts)
        if thread_ts is None:
            return everything
        return [message for message in everything if thread_ts in (message.ts, message.thread_ts)]

    def as_json(self, message: Message) -> Json:
        """A message as the Web API and events carry it."""
        result: Json = {"type": "message", "user": message.user, "text": message.stored, "ts": message.ts}
        result |= {"team": self.person(message.user).team}
        if message.from_bot:
            result |= {"bot_id": self.bot_id, "app_id": self.app_id, "bot_profile": self._bot_profile()}
        if message.client_msg_id:
            result["client_msg_id"] = message.client_msg_id
        return result | self._optional(message)

    def _optional(self, message: Message) -> Json:
        optional: Json = {
            "thread_ts": message.thread_ts,
            "blocks": list(message.blocks),
            "files": list(message.files),
            "edited": message.edited and {"user": message.user, "ts": message.edited},
            "subtype": "file_share" if message.files and not message.from_bot else None,
            "reactions": [
                {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
            ],
            "streaming_state": ("in_progress" if message.streaming else None),
            "metadata": message.metadata,
        }
        return {key: value for key, value in optional.items() if value}

    def _bot_profile(self) -> Json:
        return {
            "id": self.bot_id,
            "app_id": self.app_id,
            "user_id": self.bot.id,
            "name": self.bot.name,
            "team_id": self.team,
            "deleted": False,
        }


def ids(members: Iterable[Any]) -> set[str]:
    return {member if isinstance(member, str) else member.id for member in members}
