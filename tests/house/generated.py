"""The parts of documents that follow from the code. `python -m tests.house.generated` writes them anew."""

import re
from collections.abc import Callable, Iterable, Mapping

from bot.commands import Command, Role, all_commands
from tests.house.repository import ROOT, docstring, product, read
from tests.transcript import transcript

_WHOLE = "/emulator/"
"""Emulators are listed as one line: whoever looks into one begins with its own package."""


_WHO = {
    Role.NEWCOMER: "everybody",
    Role.GUEST: "everybody",
    Role.MEMBER: "members",
    Role.SUPPORT: "support",
    Role.ADMIN: "admins",
    Role.OWNER: "owners",
}
"""A role, and with it every higher one."""


def code_map() -> str:
    """One line for every module and package: its path and the first line of its docstring."""
    return "\n".join(f"- `{_shown(name)}` — {docstring(name)}" for name in sorted(_mapped(), key=_shown))


def command_table() -> str:
    """A row for every command: how it is called, what it does and who may use it."""
    head = ["| Command | What it does | Who |", "|---|---|---|"]
    return "\n".join([*head, *(_row(command) for command in all_commands())])


GENERATED: Mapping[tuple[str, str], Callable[[], str]] = {
    ("ARCHITECTURE.md", "code map"): code_map,
    ("README.md", "commands"): command_table,
    ("docs/quotas.md", "transcript"): transcript,
}
"""Which document has which part, between two comments with its name."""


def between(text: str, part: str) -> str:
    """What stands in a document between `<!-- part -->` and `<!-- /part -->`."""
    found = _marked(part).search(text)
    return found[2].strip() if found else ""


def main() -> None:
    """Write every generated part into its document."""
    for (document, part), make in GENERATED.items():
        text = _marked(part).sub(lambda found, make=make: f"{found[1]}\n{make()}\n{found[3]}", read(document))  # type: ignore[misc]
        (ROOT / document).write_text(text, "utf-8")


def _marked(part: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {part} -->)(.*?)(<!-- /{part} -->)", re.DOTALL)


def _mapped() -> Iterable[str]:
    return (name for name in product() if _WHOLE not in name or name.endswith("/emulator/__init__.py"))


def _shown(name: str) -> str:
    """A package goes by its folder."""
    return name.removesuffix("__init__.py")


def _row(command: Command) -> str:
    call = f"/{command.name} {command.usage}".strip().replace("|", "\\|")
    who = ", ".join(_WHO[role] for role in sorted({command.role, command.least}))
    return f"| `{call}` | {command.summary.message} | {who} |"


if __name__ == "__main__":
    main()
