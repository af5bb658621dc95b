"""A command is a value, declared once: both platforms' menus, /help and the parsing are made from it."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bot.domain.updates import Invocation, Place
from bot.texts import Text


class Role(IntEnum):
    """Who may use a command; a higher role may use what a lower one may."""

    MEMBER = 0
    ADMIN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAgain:
    """What a command comes to when not it answers, but the model: a question of the person's, whose turn has begun."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    Args:
        name: lower case, `[a-z]{1,32}`, as typed after the slash (Telegram) or after `/parley` (Slack).
        summary: one line for menus and /help.
        handler: `async (Call) -> Text | AskAgain`; see `bot.commands.call`.
        usage: the arguments, as /help shows them; "" if it takes none.
        example: a call that works, without the slash.
        role: who may use it; for everybody else the command does not exist.
        overtakes: handled at once, even while the conversation is busy. `/new` does not: it has its place in line.
        spoken: what the arguments must look like for `@Parley name arguments` to be a command and not a sentence
            ("help me write a poem"); a full match is asked for.
    """

    name: str
    summary: Text
    handler: Callable[[Any], Awaitable[Text | AskAgain]]
    usage: str = ""
    example: str = ""
    role: Role = Role.MEMBER
    overtakes: bool = True
    spoken: re.Pattern[str] = re.compile("")


class CommandBook:
    """All commands, found by name."""

    def __init__(self, commands: Sequence[Command]) -> None:
        self._commands = {command.name: command for command in commands}

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def get(self, name: str) -> Command | None:
        return self._commands.get(name.lower())

    def menu(self, role: Role) -> list[Command]:
        """What somebody of that role may use, in the order of declaration."""
        return [command for command in self if command.role <= role]

    def spoken(self, text: str) -> Invocation | None:
        """Read `quota set …` said to the bot without a slash; None if it is an ordinary sentence."""
        name, _, arguments = text.strip().partition(" ")
        command = self.get(name)
        if command is None or not command.spoken.fullmatch(arguments.strip()):
            return None
        return Invocation(name=command.name, arguments=arguments.strip())

    def lane(self, place: Place, invocation: Invocation | None) -> str:
        """The lane of what was said at `place`: commands that overtake have one of their own."""
        command = self.get(invocation.name) if invocation else None
        return f"{place.key}!" if command and command.overtakes else place.key
