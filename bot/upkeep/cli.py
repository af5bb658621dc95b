"""The command line of both: arguments in, progress and lines out."""

import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from bot.seals import Seals
from bot.settings import Settings

Explained = Callable[[], AbstractContextManager[None]]
"""Errors that an operator can act on end the command with what to do."""

Run = Callable[[Coroutine[Any, Any, Any]], Any]

# As everywhere on the command line, a command imports what it needs when it runs.

_FILE = click.Path(dir_okay=False, path_type=Path)
_REPLACE = click.option("--replace", is_flag=True, help="Delete what is in the target first.")
_IDS = click.argument("ids", nargs=-1, required=True, type=int)


class Upkeep:
    """Makes both groups for a command line that knows how to read settings, run and explain."""

    def __init__(self, settings: Callable[[], Settings], run: Run, explained: Explained) -> None:
        self._settings = settings
        self._run = run
        self._explained = explained

    @property
    def _url(self) -> str:
        return self._settings().database_url

    @property
    def _seals(self) -> Seals:
        from bot.encryption import seals_of

        return seals_of(self._settings())

    def database(self) -> click.Group:
        """`parley db`."""
        group = click.Group("db", help="Look after the database.")
        for make in (
            self._upgrade,
            self._downgrade,
            self._check,
            self._backup,
            self._restore,
            self._copy,
            self._seal,
        ):
            group.add_command(make())
        return group

    def inbox(self) -> click.Group:
        """`parley inbox`."""
        group = click.Group("inbox", help="Look after messages that were put aside: unreadable, or failed each time.")
        for make in (self._list, self._retry, self._drop):
            group.add_command(make())
        return group

    def tail(self) -> click.Command:
        """`parley tail`."""

        @click.command()
        @click.argument("conversation", type=int)
        @click.option("--once", is_flag=True, help="Tell what has happened, and end.")
        def tail(conversation: int, *, once: bool) -> None:
            """Follow the life of CONVERSATION by its number: turns, calls, what was sent. No text is shown."""
            from bot.upkeep.aside import on_database
            from bot.upkeep.tail import follow

            with self._explained(), suppress(KeyboardInterrupt):
                self._run(
                    on_database(self._settings(), lambda storage: follow(storage, conversation, click.echo, once=once))
                )

        return tail

    def _upgrade(self) -> click.Command:
        @click.command()
        def upgrade() -> None:
            """Bring the database's schema up to date; safe to repeat."""
            from bot.upkeep.database import bring_up_to_date

            with self._explained():
                self._run(bring_up_to_date(self._url, click.echo))

        return upgrade

    def _downgrade(self) -> click.Command:
        @click.command()
        @click.argument("revision")
        @click.confirmation_option(prompt="Newer tables and columns go, with what is in them. Is there a backup?")
        def downgrade(revision: str) -> None:
            """Take the schema back to REVISION, before an older version of Parley is started."""
            from bot.upkeep.database import go_back

            with self._explained():
                go_back(self._url, revision)
            click.echo(f"Database: {revision}")

        return downgrade

    def _check(self) -> click.Command:
        @click.command()
        def check() -> None:
            """Check the schema, the file and whether what is in it agrees; safe while the bot runs."""
            from bot.upkeep.database import examine

            with self._explained():
                if not self._run(examine(self._url, click.echo, self._seals)):
                    raise SystemExit(1)

        return check

    def _backup(self) -> click.Command:
        @click.command()
        @click.argument("file", type=_FILE)
        def backup(file: Path) -> None:
            """Write everything into FILE (SQLite, also from PostgreSQL), while the bot runs."""
            from bot.upkeep.database import back_up

            with self._explained():
                back_up(self._url, file, _bar, self._seals)
            click.echo(f"Backup: {file}")

        return backup

    def _restore(self) -> click.Command:
        @click.command()
        @click.argument("file", type=_FILE)
        @_REPLACE
        def restore(file: Path, *, replace: bool) -> None:
            """Put the backup FILE into the database. Stop the bot first."""
            from bot.upkeep.database import restore as run

            with self._explained():
                _tell(run(self._url, file, _bar, self._seals, replace=replace))

        return restore

    def _copy(self) -> click.Command:
        @click.command()
        @click.argument("target")
        @_REPLACE
        def copy(target: str, *, replace: bool) -> None:
            """Copy everything from DATABASE_URL to TARGET, another such address, and compare. Stop the bot first."""
            from bot.upkeep.database import move

            with self._explained():
                target = Settings.load(database_url=target).database_url
                _tell(move(self._url, target, _bar, self._seals, replace=replace))

        return copy

    def _seal(self) -> click.Command:
        @click.command()
        def reencrypt() -> None:
            """Seal everything by the first of the encryption keys, or write it `plain` if that is the first line.

            Safe to break off and repeat. On SQLite stop the bot first.
            """
            from bot.upkeep.database import reencrypt as run

            with self._explained():
                self._run(run(self._url, _bar, self._seals))

        return reencrypt

    def _list(self) -> click.Command:
        @click.command("list")
        @click.option("--most", default=50, show_default=True, help="How many, the latest first.")
        def list_(most: int) -> None:
            """List what was put aside, without what people wrote."""
            from bot.upkeep.aside import on_database, show

            with self._explained():
                self._run(on_database(self._settings(), lambda storage: show(storage, most, click.echo)))

        return list_

    def _retry(self) -> click.Command:
        @click.command()
        @_IDS
        def retry(ids: tuple[int, ...]) -> None:
            """Let messages be handled again, in line with what waits."""
            from bot.upkeep.aside import on_database, retry_with_platforms

            with self._explained():
                settings = self._settings()
                self._run(
                    on_database(
                        settings,
                        lambda storage: retry_with_platforms(storage, settings, ids, click.echo),
                    )
                )

        return retry

    def _drop(self) -> click.Command:
        @click.command()
        @_IDS
        def drop(ids: tuple[int, ...]) -> None:
            """Forget messages for good."""
            from bot.upkeep.aside import drop as run
            from bot.upkeep.aside import on_database

            with self._explained():
                self._run(on_database(self._settings(), lambda storage: run(storage, ids, click.echo)))

        return drop


def _tell(copied: Any) -> None:
    click.echo("".join(f"{name:<20} {one.rows:>10}\n" for name, one in copied.items() if one.rows), nl=False)
    click.echo(f"{'copied and compared':<20} {sum(one.rows for one in copied.values()):>10}")


@contextmanager
def _bar(label: str, rows: int) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=rows, label=label, file=sys.stderr) as bar:
        yield bar.update
