"""What a person can do in the Slack client."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.interactions import Interactions
from adapters.slack.emulator.values import Json, Message, escape
from adapters.slack.emulator.workspace import Channel, Profile


@dataclass(frozen=True, slots=True)
class Person:
    """A user at the keyboard. Channels are given as `Channel` or id; impossible deeds raise `LookupError`."""

    profile: Profile
    _core: Core
    _interactions: Interactions

    @property
    def id(self) -> str:
        return self.profile.id

    @property
    def name(self) -> str:
        return self.profile.name

    async def says(
        self, text: str, channel: Channel | str, thread_ts: str | None = None, *, files: tuple[Json, ...] = ()
    ) -> str:
        """Type and send. `@name` and `<@U…>` of members become mentions, the rest is escaped. Returns the ts."""
        room = self._room(channel)
        message = Message(
            ts=self._core.workspace.new_ts(),
            channel=room.id,
            user=self.id,
            text=self._typed(text),
            thread_ts=self._core.workspace.root(room, thread_ts),
            client_msg_id=str(uuid4()),
            files=files,
        )
        return self._core.post(message).ts

    async def edits(self, ts: str, text: str, channel: Channel | str) -> None:
        message = self._own(ts, channel)
        self._core.edit(message, text=self._typed(text), edited=self._core.workspace.new_ts())

    async def deletes(self, ts: str, channel: Channel | str) -> None:
        self._core.delete(self._own(ts, channel))

    async def runs(self, command: str, text: str, channel: Channel | str) -> None:
        """`/command text`. Works wherever the person is, the bot need not be there.

        `@name` of members arrives as `<@U…|name>`: the command is declared with `should_escape`.
        """
        typed = self._typed(text, named=True)
        self._interactions.command(self.profile, self._room(channel), command, typed)

    async def clicks(self, channel: Channel | str, ts: str, action_id: str, value: str | None = None) -> None:
        """Press a button of a message; `value` chooses among equal ids, and the thumb of feedback buttons."""
        self._interactions.click(self.profile, self._message(ts, channel), action_id, value)

    async def clicks_home(self, action_id: str, value: str | None = None) -> None:
        self._interactions.click_home(self.profile, action_id, value)

    async def submits(self, view_id: str, values: Json | None = None) -> None:
        """Send a modal. `values` are `view.state.values`: block id → action id → state."""
        self._interactions.submit(self.profile, view_id, values or {})

    async def fills(self, view_id: str, given: Mapping[str, str]) -> None:
        """Fill in a modal by the labels of its inputs (people by id, choices by what is shown), and send it."""
        self._interactions.fill(self.profile, view_id, given)

    async def opens_home(self, tab: str = "home") -> None:
        self._core.events.home_opened(self.id, tab, self._core.counter.homes.get(self.id))

    async def stops(self, channel: Channel | str, ts: str) -> None:
        """The Stop button of a thread: under a running stream, or while its session is `processing`."""
        message = self._message(ts, channel)
        root = message.thread_ts or message.ts
        room = self._core.workspace.channels[message.channel]
        streaming = [reply.ts for reply in self._core.workspace.thread(room, root) if reply.streaming]
        session = self._core.threads.sessions.get((room.id, root))
        if not streaming and (session is None or session.status != "processing"):
            raise LookupError(f"nothing to stop in {root}")
        self._core.streams.stopped_by_user(room.id, streaming)
        self._core.events.session_stopped(self.id, room, root, streaming)

    async def reacts(self, channel: Channel | str, ts: str, name: str) -> None:
        message = self._message(ts, channel)
        users = (*message.reactions.get(name, ()), self.id)
        self._core.grow(message, reactions={**message.reactions, name: users})
        item = {"type": "message", "channel": message.channel, "ts": ts}
        event = {"type": "reaction_added", "user": self.id, "reaction": name, "item": item}
        event |= {"item_user": message.user, "event_ts": self._core.workspace.new_ts()}
        self._core.events.emit(event, self._core.workspace.channels[message.channel])

    async def invites_bot(self, channel: Channel | str) -> None:
        room = self._room(channel)
        room.bot = True
        self._core.events.joined(self._core.workspace.bot.id, room, self.id)

    async def removes_bot(self, channel: Channel | str) -> None:
        room = self._room(channel)
        room.bot = False
        event: Json = {"type": "channel_left", "channel": room.id, "actor_id": self.id}
        self._core.events.emit(event | {"event_ts": self._core.workspace.new_ts()}, room)

    def _typed(self, text: str, *, named: bool = False) -> str:
        """What the composer makes of it: mentions of members stay control sequences."""
        for profile in self._core.workspace.people.values():
            mention = f"<@{profile.id}|{profile.name}>" if named else f"<@{profile.id}>"
            text = re.sub(rf"(?<![\w<@|])@{re.escape(profile.name)}\b", mention, text)
        parts = re.split(r"(<@[UW]\w*(?:\|[^<>]*)?>|<#C\w*(?:\|[^<>]*)?>)", text)
        return "".join(part if at % 2 else escape(part) for at, part in enumerate(parts))

    def _room(self, channel: Channel | str) -> Channel:
        name = channel if isinstance(channel, str) else channel.id
        room = self._core.workspace.channels[name]
        if self.id not in room.members:
            raise LookupError(f"{self.id} is not in {name}")
        return room

    def _message(self, ts: str, channel: Channel | str) -> Message:
        room = self._room(channel)
        ephemeral = {m.ts: m for m in self._core.workspace.ephemerals if m.ephemeral_for == self.id}
        found = room.messages.get(ts) or ephemeral.get(ts)
        if found is None:
            raise LookupError(f"no message {ts} in {room.id}")
        return found

    def _own(self, ts: str, channel: Channel | str) -> Message:
        message = self._message(ts, channel)
        if message.user != self.id:
            raise LookupError(f"{ts} is not by {self.id}")
        return message
