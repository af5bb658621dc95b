"""Extensions: packages beside Parley that bring commands and platforms. Installing one switches it on.

They are found by the entry points of their distributions: `parley.commands` names a sequence of `Command`,
`parley.platforms` a function from `Host` to a `Platform`, or to None if it is not set up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from bot.commands.declaration import Command, CommandBook
from bot.errors import ConfigError
from bot.ports import Clock, Platform

COMMANDS, PLATFORMS = "parley.commands", "parley.platforms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What an extension gets to open its platform with.

    Args:
        commands: every command there is, to read what people type.
        clock: time and waiting.
        environment: the process's, and `.env` below it: an extension has no fields in `bot.settings`.
    """

    commands: CommandBook
    clock: Clock
    environment: Mapping[str, str]


Open = Callable[[Host], Platform | None]


def extended(commands: Sequence[Command]) -> CommandBook:
    """Parley's commands and those of extensions. Raises ConfigError if one cannot be loaded, or is there already."""
    known, problems = {command.name for command in commands}, []
    added: list[Command] = []
    for entry, brought in _loaded(COMMANDS):
        problems += [f"{_origin(entry)}: there is a command {one.name} already" for one in brought if one.name in known]
        known |= {one.name for one in brought}
        added += brought
    if problems:
        raise ConfigError(problems)
    return CommandBook([*commands, *added])


def platform_names() -> tuple[str, ...]:
    """What the platforms of extensions are called: as their entry points are."""
    return tuple(sorted(entry.name for entry in entry_points(group=PLATFORMS)))


def platforms(host: Host) -> list[Platform]:
    """The platforms of extensions that are set up. Raises ConfigError if one cannot be loaded, or says so itself."""
    opened = (open_(host) for _, open_ in _loaded(PLATFORMS))
    return [platform for platform in opened if platform is not None]


def _loaded(group: str) -> Iterator[tuple[EntryPoint, Any]]:
    for entry in sorted(entry_points(group=group), key=lambda one: one.name):
        try:
            yield entry, entry.load()
        except Exception as error:  # whatever a stranger's module does when it is imported
            raise ConfigError([f"{_origin(entry)} cannot be loaded: {type(error).__name__}: {error}"]) from error


def _origin(entry: EntryPoint) -> str:
    """The package that brings it."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
