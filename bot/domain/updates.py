"""What happens on a platform: the stored arrival, the update parsed from it, the buttons that lead to another."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from bot.domain.people import Identity, Sender

MOST_COMMAND_BYTES = 64

LONGEST_KEY = 160
"""Characters of the name of an event or a lane."""

_LONGEST_SOURCE = 64
_BIGGEST = 2**63

OVERTAKING = "!"
"""What the lane of commands that overtake is called, after the name of the lane they overtake."""

NOTICE = "notice"
"""The second half of the source of arrivals that nobody sent: sentences of ours on their way to somebody."""

CONTENT = "content"
"""The key of a file's bytes in a part."""

_NOT_IN_NAMES = frozenset('"<>:|?*')

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
    def group(self) -> str:
        """Names the group or channel as a whole, whatever the thread; "" in private."""
        return "" if self.private else f"{self.platform}:{self.chat}"

    @property
    def key(self) -> str:
        """Names the place in the database; the same place has the same key for ever."""
        return f"{self.platform}:{self.chat}#{self.thread}" if self.thread else f"{self.platform}:{self.chat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A platform event as it is stored before it is acknowledged.

    `source` names platform and bot (`telegram:100`), `event` the platform's own key of the event: together they
    are unique, a second arrival of the same pair is a redelivery. Events of one `lane` are handled one at a time in
    the order of `order` (the platform's sequence: message id, event time). `sender` is who it is of, None if nobody in
    particular. What `follows` a place (its key) is only stored if somebody has talked to us there. A `poison` arrival
    could not be read: it is kept for the operator and never handled.
    """

    source: str
    event: str
    lane: str
    order: int
    payload: Mapping[str, Any]
    sender: Identity | None = None
    follows: str = ""
    poison: bool = False

    def __post_init__(self) -> None:
        short = max(len(self.event), len(self.lane)) <= LONGEST_KEY and len(self.source) <= _LONGEST_SOURCE
        if not short or not -_BIGGEST <= self.order < _BIGGEST:
            raise ValueError(f"no arrival: {self.source[:80]!r}, {self.event[:80]!r}")

    @property
    def overtakes(self) -> bool:
        """Whether it is handled beside what waits at its place."""
        return self.lane.endswith(OVERTAKING)

    @property
    def waiting(self) -> Identity | None:
        """Who waits in line for it, so that people with many lanes leave room for others."""
        return None if self.overtakes else self.sender


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


def safe_name(name: str) -> str:
    """A file's name without folders and whatever could mislead a person or a program; at most 100 characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in _NOT_IN_NAMES).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:80]}{dot}{ending[:19]}" if dot else kept[:100] or "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that goes with an answer. Pictures are shown, everything else is there to be saved.

    Args:
        name: with its ending; may be a stranger's choice, so adapters use `safe_name`.
        content: at most `MOST_FILE_BYTES`.
        media_type: `image/png`, `text/csv`.
    """

    name: str
    content: bytes
    media_type: str

    def __post_init__(self) -> None:
        if not 0 < len(self.content) <= MOST_FILE_BYTES:
            raise ValueError(f"a file of {len(self.content)} bytes")

    @property
    def safe_name(self) -> str:
        return safe_name(self.name)

    @property
    def is_picture(self) -> bool:
        """Whether chats show it instead of offering it."""
        return self.media_type in {"image/png", "image/jpeg"}

    def packed(self) -> dict[str, str]:
        """As JSON, to be stored in a part; see `bot.ports.Part`."""
        return {"file": self.safe_name, "media_type": self.media_type, CONTENT: b64encode(self.content).decode()}

    @classmethod
    def unpacked(cls, part: Mapping[str, Any]) -> Self:
        """The file that was packed into a part. Raises KeyError and ValueError if there is none."""
        content = b64decode(part[CONTENT], validate=True)
        return cls(name=part["file"], media_type=part["media_type"], content=content)


AttachmentKind = Literal[
    "file", "picture", "voice", "sound", "video", "sticker", "location", "contact", "poll", "other"
]
"""What the platform takes it for; what a file really is, its bytes tell. A voice is what somebody says to the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a page: a text (Markdown) with the buttons that belong to it."""

    text: str
    buttons: Sequence[Button] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """What is filled in at one place of a form.

    Args:
        label: what it is called.
        kind: `line`, `lines` (of text), `person`, or `choice` of `options` (shown, and meant).
        before: words of the command that precede the value.
        value: what stands there at first.
        optional: whether it may be left out, with what precedes it.
        longest: characters, 0 for no limit of ours.
    """

    label: str
    kind: Literal["line", "lines", "person", "choice"] = "line"
    before: str = ""
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    optional: bool = False
    longest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A command that is asked for instead of typed: `command`, followed by what is filled in.

    Whoever sends it gives that command. `otherwise` says how it is typed, where the form comes too late.
    """

    title: str
    send: str
    close: str
    command: str
    blanks: Sequence[Blank]
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What came with a message beside its words, or with the one it replies to. Nothing of it was fetched yet.

    `size` is what the platform says, in bytes, and `seconds` how long a sound lasts, rounded up; both may be wrong, and
    0 if it does not say. `handle` is opaque to the core, and "" for what cannot be fetched: a place, or a file that the
    platform keeps from us.
    """

    name: str
    size: int
    handle: str
    kind: AttachmentKind = "file"
    seconds: int = 0

    @property
    def safe_name(self) -> str:
        return safe_name(self.name)


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
        attachments: what came with it, or with the message it replies to if nothing did.
        album: names the album that it is a part of, "" if none: its other pictures are messages of their own.
        clicked: whether it is a click on a button.
        edited: whether `message` was said before, in other words.
        pieces: what it is made of, if of several messages: the id of each, and how many characters of `text` are its.
        overheard: whether it was said in a conversation of ours without naming us; whoever may not talk to us then
            hears nothing of it.
        anew: whether the question was asked before, and the answer wanted is another one.
        topic: what the thread is called, as far as the message tells.
        page: the page of the person's own that they look at or clicked on; what is answered stands there. `home` shows
            what the command of that name says, `start` suggests what to begin with.
        answer_by: opaque to the core: what the adapter needs to answer (a response URL), kept short.
    """

    sender: Sender
    place: Place
    text: str
    message: str = ""
    invocation: Invocation | None = None
    replied_to: Identity | None = None
    mentioned: tuple[Sender, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    album: str = ""
    clicked: bool = False
    edited: bool = False
    pieces: tuple[tuple[str, int], ...] = ()
    overheard: bool = False
    anew: bool = False
    topic: str = ""
    page: Literal["", "home", "start"] = ""
    answer_by: str = ""

    @property
    def attached(self) -> Attachment | None:
        """The first file of any kind that can be fetched."""
        return next((one for one in self.attachments if one.handle), None)

    @property
    def messages(self) -> Sequence[tuple[str, int]]:
        """What `text` is made of, as far as the platform names its messages."""
        return self.pieces or ([(self.message, len(self.text))] if self.message else [])
