"""Everything the parts of the emulator share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.slack.emulator.counter import Counter
from adapters.slack.emulator.delivery import Delivery
from adapters.slack.emulator.events import Events
from adapters.slack.emulator.journal import Journal
from adapters.slack.emulator.socket_mode import SocketMode
from adapters.slack.emulator.streams import Streams
from adapters.slack.emulator.threads import Threads
from adapters.slack.emulator.values import Json, Message, Timing
from adapters.slack.emulator.workspace import Workspace


@dataclass(slots=True, kw_only=True)
class Core:
    workspace: Workspace
    journal: Journal
    delivery: Delivery
    socket: SocketMode
    events: Events
    streams: Streams
    threads: Threads
    counter: Counter
    timing: Timing
    clock: Callable[[], float]
    agent: bool
    """Whether the app is declared as an agent (`agent_view`)."""
    origin: str = ""
    """`http://127.0.0.1:PORT`, known once the server listens."""

    def post(self, message: Message) -> Message:
        """A new message: kept, shown to onlookers, told to the app."""
        self.workspace.put(message)
        if message.from_bot and message.ephemeral_for is None:
            self.clear_status(message.channel, message.thread_ts)
        self.note("message", message)
        self.events.posted(message)
        return message

    def edit(self, message: Message, **changes: Any) -> Message:
        edited = self.workspace.change(message, **changes)
        self.note("message_changed", edited)
        self.events.changed(edited, message)
        return edited

    def grow(self, message: Message, **changes: Any) -> Message:
        """Like `edit`, without an event: a stream tells the app nothing while it runs."""
        grown = self.workspace.change(message, **changes)
        self.note("message_changed", grown)
        return grown

    def delete(self, message: Message) -> None:
        self.workspace.remove(message)
        self.note("message_deleted", message)
        self.events.deleted(message)

    def note(self, kind: str, message: Message) -> None:
        """Costs next to nothing while nobody looks: a hundred streams may run."""
        if self.journal.watched:
            self.journal.note({"type": kind, "channel": message.channel, "message": as_seen(message)})
        else:
            self.journal.changed()

    def clear_status(self, channel: str, thread_ts: str | None) -> None:
        if self.threads.clear_status(channel, thread_ts):
            self.journal.note({"type": "status", "channel": channel, "thread_ts": thread_ts, "status": None})


def as_seen(message: Message) -> Json:
    """A message for the page a person looks at: `values.Message` as JSON."""
    return {
        "ts": message.ts,
        "channel": message.channel,
        "user": message.user,
        "text": message.text,
        "markdown": message.markdown,
        "blocks": list(message.blocks),
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "streaming": message.streaming,
        "ephemeral_for": message.ephemeral_for,
        "from_bot": message.from_bot,
        "files": list(message.files),
        "tasks": list(message.tasks.values()),
        "plan": message.plan,
        "reactions": {name: list(users) for name, users in message.reactions.items()},
    }
