"""The reference pages, as they follow from the code: settings, and what the command line takes."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import click

from bot.__main__ import main
from bot.commands import all_commands
from bot.settings import Settings
from tests.house.repository import read

SECTION = re.compile(r"# --- (.+?) -+$")
NAMES = {name.upper() for name in Settings.model_fields}
ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)$")


@dataclass(slots=True, kw_only=True)
class Entry:
    """What .env.example says of one setting, or of several in one breath."""

    section: str
    told: list[str]
    settings: list[tuple[str, str]] = field(default_factory=list)


def settings_page() -> str:
    """A heading for every setting, with what .env.example says of it, its default, and what it takes."""
    lines: list[str] = []
    section = ""
    for entry in _entries():
        if entry.section != section:
            section = entry.section
            lines += [f"## {section.partition(':')[0]}", ""]
        names = ", ".join(f"`{name}`" for name, _ in entry.settings)
        lines += [f"### {names}", "", _linked(" ".join(entry.told)), ""]
        lines += [*(f"- `{name}={default}`: {_takes(name)}" for name, default in entry.settings), ""]
    return "\n".join(lines).strip()


def command_line_page() -> str:
    """Every command of `parley` with its arguments and options; those of `parley admin` are those of the chat."""
    return "\n\n".join(_told(main, "parley"))


def _entries() -> Iterator[Entry]:
    """Settings in the order of .env.example. One without words of its own belongs to the one before."""
    section, told, entry = "", list[str](), None
    for line in read(".env.example").splitlines():
        if found := SECTION.match(line):
            section, told = found[1], []
        elif line.startswith("#"):
            told.append(line.lstrip("# "))
        elif found := ASSIGNMENT.match(line):
            if told or entry is None:
                if entry:
                    yield entry
                entry = Entry(section=section, told=told or ["Like the one before."])
            entry.settings.append((found[1], found[2]))
            told = []
    if entry:
        yield entry


def _takes(name: str) -> str:
    return Settings.model_fields[name.lower()].description or ""


def _linked(text: str) -> str:
    """With names of settings as code, and documents to click."""
    text = re.sub(r"\b[A-Z][A-Z_]+\b", lambda found: f"`{found[0]}`" if found[0] in NAMES else found[0], text)
    return re.sub(r"docs/(\w+)\.md", r"[\1](../\1.md)", text)


def _told(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    if isinstance(command, click.Group):
        if command is not main:
            yield f"## `{name} …`\n\n{_prose(command)}"
        for one in command.list_commands(context):
            # What a chat has too stands in the page about commands.
            if name == "parley admin" and all_commands().get(one):
                continue
            found = command.get_command(context, one)
            assert found
            yield from _told(found, f"{name} {one}")
        return
    arguments = " ".join(one.make_metavar(context) for one in command.params if isinstance(one, click.Argument))
    heading = f"{'#' * (name.count(' ') + 1)} `{f'{name} {arguments}'.strip()}`"
    yield "\n\n".join(filter(None, [heading, _prose(command), _options(command, context)]))


def _prose(command: click.Command) -> str:
    """Its help, a paragraph a line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(command.help or ""))


def _options(command: click.Command, context: click.Context) -> str:
    records = (one.get_help_record(context) for one in command.params if isinstance(one, click.Option))
    return "\n".join(f"- `{names}`: {told.replace('  ', ' ')}" for names, told in filter(None, records))
