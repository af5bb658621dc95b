"""The command line of `parley admin`: a subcommand for each command that admins have in a chat."""

import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.commands import CommandBook

_ABOUT = """What admins do in a chat, from the command line, while the bot runs or not.

Whoever reaches the database is an owner here. The audit log names them cli:USER. Exit codes: 0 done, 1 refused,
2 settings or database, 3 not confirmed.
"""

_ABOUT_IMPORT = """Set plans, roles and limits of many people from FILE, all of it or nothing.

The first line names the columns: id (telegram:11, slack:T1/U2), then any of plan, role, and limits as they stand
after quota set: messages, tokens per week. Cells hold what the command takes; an empty one changes nothing. Columns
called name and note are for you.
"""

Make = Callable[[Settings], Coroutine[Any, Any, int]]
"""What is to be run, given the settings; comes to an exit code."""


class Commands(click.Group):
    """Finds subcommands in the command book, so that there is one list of them for chats and shells.

    `run` reads the settings and explains what an operator has to mend.
    """

    def __init__(self, run: Callable[[Make], int]) -> None:
        super().__init__("admin", help=_ABOUT, short_help="Do what admins do in a chat, from the command line.")
        self._run = run
        self.add_command(self._import())

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(command.name for command in _book())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._from_book(cmd_name)

    def _import(self) -> click.Command:
        return click.Command(
            "import",
            callback=self._import_file,
            help=_ABOUT_IMPORT,
            short_help="Set plans, roles and limits of many people from a CSV file",
            params=[
                click.Argument(["file"], type=click.Path(exists=True, dir_okay=False, path_type=Path)),
                click.Option(["--dry-run", "dry"], is_flag=True, help="Say what would be done, and do nothing."),
            ],
        )

    def _import_file(self, file: Path, *, dry: bool) -> None:
        from bot.admin.importing import import_sheet

        sys.exit(self._run(lambda settings: import_sheet(settings, _book(), file, dry=dry)))

    def _from_book(self, name: str) -> click.Command | None:
        command = _book().get(name)
        if command is None:
            return None
        told = [command.summary.message.format_map(command.summary.values)]
        if command.usage:
            told += [f"Arguments: {command.usage}", f"Example: parley admin {command.name} {command.example}".rstrip()]
        return click.Command(
            name,
            callback=lambda words, as_json, yes: self._call(name, words, as_json=as_json, yes=yes),
            help="\n\n".join(told),
            short_help=told[0],
            params=[
                click.Option(["--json", "as_json"], is_flag=True, help="Answer as JSON."),
                click.Option(["--yes"], is_flag=True, help="Do not ask whether it is meant."),
                click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar=command.usage or "[ARGUMENTS]…"),
            ],
            context_settings={"ignore_unknown_options": True},
        )

    def _call(self, name: str, words: Sequence[str], *, as_json: bool, yes: bool) -> None:
        from bot.admin.asking import ask

        sys.exit(self._run(lambda settings: ask(settings, _book(), [name, *words], as_json=as_json, yes=yes)))


def _book() -> "CommandBook":
    from bot.admin.desk import offered
    from bot.commands import all_commands

    return offered(all_commands())
