"""What happens on a platform: the stored arrival, the update parsed from it, the buttons that lead to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.people import Identity, Sender

MOST_COMMAND_BYTES = 64

MOST_FILE_BYTES = 8 * 1024 * 1024
"""What we send of our own is far smaller. It stands in the database until it is sent, and both platforms take more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people talk. `chat` is the platform's id (Slack: `T1/C1`), `thread` is "" outside of threads."""

    platform: str
    chat: str
    thread: str = ""
    private: bool

    @property
    def key(self) -> str:
        """Names the place in the database; the same place has the same key for ever."""
        return f"{self.platform}:{self.chat}#{self.thread}" if self.thread else f"{self.platform}:{self.chat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A platform event as it is stored before it is acknowledged.

    `source` names platform and bot (`telegram:100`), `event` the platform's own key of the event: together they
    are unique, a second arrival of the same pair is a redelivery. Events of one `lane` are handled one at a time in
    the order of `order` (the platform's sequence: message id, event time). A `poison` arrival could not be
    read: it is kept for the operator and never handled.
    """

    source: str
    event: str
    lane: str
    order: int
    payload: Mapping[str, Any]
    poison: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command as it was typed: `/quota set @ada messages 5` is `quota` with `set @ada messages 5`."""

    name: str
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a message. A click counts as the command it names, given by whoever clicks.

    `command` has its arguments and no slash; at most 64 bytes of UTF-8, which is what Telegram carries.
    """

    label: str
    command: str

    def __post_init__(self) -> None:
        if not self.label.strip() or not 0 < len(self.command.encode()) <= MOST_COMMAND_BYTES:
            raise ValueError(f"not a button: {self.label!r} for {self.command!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that goes with an answer. Pictures are shown, everything else is there to be saved.

    Args:
        name: with its ending; may have been chosen by a stranger.
        content: at most `MOST_FILE_BYTES`.
        media_type: `image/png`, `text/csv`; decides how it is shown.
    """

    name: str
    content: bytes
    media_type: str

    def __post_init__(self) -> None:
        if not 0 < len(self.content) <= MOST_FILE_BYTES:
            raise ValueError(f"a file of {len(self.content)} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something a person said to the bot.

    Args:
        sender: who spoke.
        place: where, and with it which conversation.
        text: what was said, without the mention of the bot; plain text or light Markdown, in the platform's words.
        message: the platform's id of the message, "" if it has none (slash commands); of a click, that of the message
            with the button.
        invocation: set when it is a command.
        replied_to: the author of the message this one replies to, never the bot itself.
        mentioned: people named in the text in order, as far as the platform tells who they are. In
            `invocation.arguments` each stands as its `str(identity)` (`slack:T1/U2`) or as `@username`.
        clicked: whether it is a click on a button.
        anew: whether the question was asked before, and the answer wanted is another one.
        answer_by: opaque to the core: what the adapter needs to answer (a response URL), kept short.
    """

    sender: Sender
    place: Place
    text: str
    message: str = ""
    invocation: Invocation | None = None
    replied_to: Identity | None = None
    mentioned: tuple[Sender, ...] = ()
    clicked: bool = False
    anew: bool = False
    answer_by: str = ""
