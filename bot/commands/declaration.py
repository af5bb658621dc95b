"""A command is a value, declared once: both platforms' menus, /help and the parsing are made from it."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.commands.inquiry import Inquiry
from bot.commands.questionnaires import Questionnaire
from bot.domain.access import turned_away
from bot.domain.people import Role
from bot.domain.updates import MOST_COMMAND_BYTES, OVERTAKING, Attachment, File, Invocation, Place
from bot.errors import UnknownCommand
from bot.texts import Text

__all__ = [
    "MOST_CHOICES",
    "Answer",
    "Ask",
    "AskAgain",
    "Choice",
    "Command",
    "CommandBook",
    "Reversal",
    "Role",
    "Sayable",
    "Silence",
    "Table",
]

Topic = Literal["conversation", "answers", "limits", "you", "admins", "hidden"]
"""What a command is about, in the order of /help. Commands of buttons are hidden: nobody types them."""

MOST_CHOICES = 100
"""Telegram takes no more under one message."""

_LONGEST_REFUSED = 64
"""Characters of a refused command that are kept: what is beyond is nobody's command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button under an answer. A click is `command`, given by whoever clicks: it is authorised like any other.

    `command` has its arguments and no slash; at most 64 bytes of UTF-8.
    """

    label: Text
    command: str

    def __post_init__(self) -> None:
        if not self.fits(self.command):
            raise ValueError(f"too long for a button: {self.command!r}")

    @staticmethod
    def fits(command: str) -> bool:
        """Whether a button can carry a command."""
        return 0 < len(command.encode()) <= MOST_COMMAND_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under their columns' names. Cells are facts as in a `Text`; numbers stand at the right of their column."""

    columns: Sequence[Text]
    rows: Sequence[Sequence[Any]]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("a row needs a cell for each column")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers when a sentence is not enough.

    Args:
        said: the sentence.
        choices: buttons under it.
        files: pictures and documents that go with it.
        table: follows the sentence.
        listed: whether the sentence says what the table does, in lines that are read in a chat; the table is then for
            the command line alone.
        in_place: whether it replaces the message whose button was clicked, if it was a click: pages, confirmations.
        sections: what follows on a page, each with its own choices; in a chat all of it is one message.
        about: the platform's id of an older message in this chat that it is about; quoted where that leads there.
        language: in which it is said, if the person has just chosen another one than they were known to read.
        only_choices: whether, if it was a click, nothing changes but the choices under what was clicked. The sentence
            is for where buttons cannot change alone.
    """

    said: Text
    choices: Sequence[Choice] = ()
    files: Sequence[File] = ()
    table: Table | None = None
    listed: bool = False
    in_place: bool = False
    about: str = ""
    language: str | None = None
    only_choices: bool = False
    sections: "Sequence[Answer]" = ()

    def __post_init__(self) -> None:
        choices = len(self.choices) + sum(len(one.choices) for one in self.sections)
        if choices > MOST_CHOICES:
            raise ValueError(f"{choices} choices")


Sayable = Text | Answer | Questionnaire
"""What a command may come to that is said at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """An answer that takes time, such as a picture: made when the call's transaction is over, with nothing open.

    `make` is given what renders a sentence in the reader's language. It may raise a UserError. After a crash the
    command begins again, so this is for commands that change nothing.
    """

    make: Callable[[Callable[[Text], str]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """What a command comes to that needs the file it was given: fetched when the call's transaction is over.

    `read` makes something of at most `most` bytes; it raises ValueError, which is told, if it cannot. `use` has a
    transaction of its own for what comes of it. After a crash before that one, the command begins again.
    """

    attachment: Attachment
    most: int
    read: Callable[[bytes], Awaitable[Any]]
    use: Callable[[Any, Any], Awaitable[Text | Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IfPresiding:
    """What a command comes to that only those may give who run the place where it was given, as the platform knows.

    It is asked when the call's transaction is over. `use` then has one of its own, and nothing else to work with.
    """

    use: Callable[[Any, Any], Awaitable[Text | Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain:
    """What a command comes to when not it answers, but the model: a question of the person's, whose turn has begun."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a command comes to when it asks the model something for the person, in their language."""

    question: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What a command comes to when nothing is to be said: what it did is seen."""


Said = Text | Answer | Later | Fetch | IfPresiding | Inquiry | AskAgain | Ask | Silence
"""What a command comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """How the acts of a command are taken back by `/revert`: declared beside the handler that does them.

    Args:
        actions: the acts' names in the audit log. All of them change the same thing of their subject, and their facts
            tell what it was `before` and is `after`, as plain JSON values.
        current: `async (Call, AuditRecord)` -> what the thing is now, in the form of those facts.
        restore: `async (Call, AuditRecord)` makes it what it was before. Raises UserError if the caller may not.
        said: how such a value is told.
        key: the fact that tells which of several such things was changed, such as "meter"; "" if there is but one.
    """

    actions: Sequence[str]
    current: Callable[[Any, Any], Awaitable[Any]]
    restore: Callable[[Any, Any], Awaitable[None]]
    said: Callable[[Any], Text]
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Args:
        name: lower case, `[a-z]{1,32}`, as typed after the slash (Telegram) or after `/parley` (Slack).
        summary: one line for menus and /help.
        handler: `async (Call) -> Said`; see `bot.commands.call`.
        usage: the arguments, as /help shows them; "" if it takes none.
        open_usage: the same for those who may use it only because of `roles`; "" if that is no difference.
        example: a call that works, without the slash.
        role: who may use it; for everybody else the command does not exist.
        roles: who may use it when it begins with a certain word ("" for no word at all), where that is not `role`:
            `{"show": Role.SUPPORT}` lets those who may look, and change nothing, do just that.
        overtakes: handled at once, even while the conversation is busy. `/new` does not: it has its place in line.
        topic: under what it stands in /help; what only admins may use stands apart.
        spoken: what the arguments must look like for `@Parley name arguments` to be a command and not a sentence
            ("help me write a poem"); a full match is asked for.
        reversals: how what it changed is taken back.
        forms: what asks for the arguments where a platform has forms, by their first word: `async (Call) ->
            Questionnaire`, or None if they are complete.
        secret: whether its arguments are nobody's business: as soon as it is answered the event is emptied, and the
            message deleted where the platform permits it.
    """

    name: str
    summary: Text
    handler: Callable[[Any], Awaitable[Said]]
    usage: str = ""
    open_usage: str = ""
    example: str = ""
    role: Role = Role.GUEST
    roles: Mapping[str, Role] = field(default_factory=dict)
    overtakes: bool = True
    topic: Topic = "conversation"
    spoken: re.Pattern[str] = re.compile("")
    reversals: Sequence[Reversal] = ()
    forms: Mapping[str, Callable[[Any], Awaitable[Questionnaire | None]]] = field(default_factory=dict)
    secret: bool = False

    @property
    def least(self) -> Role:
        """Who may use at least a part of it."""
        return min((self.role, *self.roles.values()))

    @property
    def shown_under(self) -> Topic:
        """Under what it stands in /help."""
        return "admins" if self.least >= Role.SUPPORT else self.topic

    def usage_for(self, role: Role) -> str:
        """The arguments that somebody of that role may give."""
        return self.usage if role >= self.role else self.open_usage or self.usage

    def needs(self, words: Sequence[str]) -> Role:
        """Who may call it with these arguments."""
        return self.roles.get(words[0] if words else "", self.role)


class CommandBook:
    """All commands, found by name."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = {command.name: command for command in commands}

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def get(self, name: str) -> Command | None:
        return self._commands.get(name.lower())

    def allowed(self, invocation: Invocation, words: Sequence[str], role: Role) -> Command:
        """The command that somebody of that role calls. Raises UnknownCommand, AccessDenied, NotAdmitted."""
        command = self.get(invocation.name)
        if command is not None and command.needs(words) <= role:
            return command
        if role < Role.GUEST:
            raise turned_away(role)
        if command is None:
            raise UnknownCommand(invocation.name)
        called = " ".join((command.name, *words[:1]))[:_LONGEST_REFUSED]
        raise UnknownCommand(called if command.least <= role else invocation.name, refused=called)

    def reversal(self, action: str) -> Reversal | None:
        """How acts of that name are taken back, None if they are not."""
        found = (one for command in self for one in command.reversals if action in one.actions)
        return next(found, None)

    def menu(self, role: Role) -> list[Command]:
        """What somebody of that role may type, in the order of declaration."""
        return [command for command in self if command.least <= role and command.topic != "hidden"]

    def spoken(self, text: str) -> Invocation | None:
        """Read `quota set …` said to the bot without a slash; None if it is an ordinary sentence."""
        name, _, arguments = text.strip().partition(" ")
        command = self.get(name)
        if command is None or not command.spoken.fullmatch(arguments.strip()):
            return None
        return Invocation(name=command.name, arguments=arguments.strip())

    def lane(self, place: Place, invocation: Invocation | None) -> str:
        """The lane of what was said at `place`: commands that overtake have one of their own."""
        return f"{place.key}{OVERTAKING}" if self.overtakes(invocation) else place.key

    def overtakes(self, invocation: Invocation | None) -> bool:
        """Whether it is a command that does not wait for the turns of its conversation."""
        command = self.get(invocation.name) if invocation else None
        return command is not None and command.overtakes
