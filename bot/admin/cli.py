"""The command line of `parley admin`: a subcommand for each command that admins have in a chat."""

import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import click

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.commands import CommandBook

_ABOUT = """What admins do in a chat, from the command line, while the bot runs or not.

Whoever reaches the database is an owner here. The audit log names them cli:USER. Exit codes: 0 done, 1 refused,
2 settings or database, 3 not confirmed.
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

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(command.name for command in _book())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._from_book(cmd_name)

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
