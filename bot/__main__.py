"""The command line: `parley serve|setup|console|demo|doctor|db|inbox|tail|privacy|slack|admin|batch`."""

import asyncio
import ctypes
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from bot.admin.cli import Commands
from bot.errors import ConfigError, PlatformMisconfigured, StorageError, UpstreamMisconfigured
from bot.needs import check_serving
from bot.settings import Part, Settings
from bot.telemetry import configure
from bot.upkeep.cli import Upkeep

# Each command imports what it needs when it runs: `parley --help` answers at once, and a bot without Slack does not
# carry Slack's SDK in memory.

EXIT_CONFIG = 2

_ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""

_T = TypeVar("_T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parley")
def main() -> None:
    """Parley: a chat bot for Telegram and Slack that keeps history, streams answers and holds everyone to quotas."""


@main.command()
@click.option(
    "--role",
    type=click.Choice(["all", "ingest", "work"]),
    default="all",
    show_default=True,
    help="Take events in, handle them, or both. Anything but all needs PostgreSQL.",
)
def serve(role: Part) -> None:
    """Run the bot on the platforms whose tokens are set."""
    from bot.entrypoints import serve as run

    with _explained():
        settings = _settings()
        check_serving(settings, role)
        _run(run(settings, _stop_signal, role))


@main.command()
def console() -> None:
    """Chat in this terminal through the same core; with the scripted model unless a real one is set."""
    from bot.entrypoints import console as run

    with _explained():
        _run(run(_settings(quiet=True), _stop_signal))


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the page; 0 takes any free one.")
def demo(port: int) -> None:
    """Show a Telegram chat and a Slack workspace side by side in the browser; needs no account."""
    from bot.entrypoints import demo as run

    with _explained():
        _run(run(_settings(quiet=True), _stop_signal, port=port, announce=click.echo))


@main.command()
def doctor() -> None:
    """Check settings, database, model and platforms, and say what is wrong."""
    from bot.doctor import examine

    with _explained():
        settings = _settings(quiet=True)
        healthy = _run(examine(settings, click.echo))
    sys.exit(0 if healthy else 1)


@main.command()
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), default=Path(".env"), show_default=True, help="Where to."
)
@click.option("--wait", default=120.0, show_default=True, help="Seconds to wait for you to write to the bot.")
def setup(file: Path, wait: float) -> None:
    """Ask for tokens and the model, check each, write .env and send a test message."""
    from bot.setup.envfile import EnvFile
    from bot.setup.wizard import Wizard

    configure("ERROR", "console", ())
    with _explained():
        Wizard(EnvFile.read(file), _run, patience=wait).go()


def _in_admin(make: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    with _explained():
        return _run(make(_settings(quiet=True)))


main.add_command(Commands(_in_admin))


@main.command()
@click.option("--format", "form", type=click.Choice(["md", "html"]), default="md", show_default=True)
def privacy(form: str) -> None:
    """Print what is done with people's data by the settings in force: a record of processing (GDPR, article 30)."""
    from datetime import UTC, datetime

    from bot.processing import as_page, record_of

    with _explained():
        record = _run(record_of(_settings(quiet=True), datetime.now(UTC)))
    click.echo(as_page(record) if form == "html" else record, nl=False)


@main.group()
def slack() -> None:
    """What the Slack app needs to be made."""


@slack.command("manifest")
@click.option("--name", default="Parley", show_default=True, help="What app and bot are called.")
@click.option("--agent/--plain", default=None, help="An app declared as an agent, or not; SLACK_AGENT unless said.")
@click.option("--follow/--mention", default=None, help="Hear threads without a mention; SLACK_FOLLOW_THREADS.")
@click.option("--url", default="", help="Where Slack sends events, as https://…/slack/events; Socket Mode without.")
def slack_manifest(name: str, agent: bool | None, follow: bool | None, url: str) -> None:  # noqa: FBT001 - an option
    """Print the manifest to paste at api.slack.com/apps, filled in."""
    from bot.platforms import slack_manifest as filled

    with _explained():
        click.echo(filled(_settings(quiet=True), name=name, agent=agent, follow=follow, url=url), nl=False)


@main.group()
def batch() -> None:
    """Prompts that nobody waits for, at half the price."""


@batch.command("run")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--model", help="Which model, as endpoint/name; the first of the default chain unless said.")
def run_batch(file: Path, model: str | None) -> None:
    """Send FILE (a JSON object with `custom_id` and `prompt` or `messages` per line) and wait for the results.

    It may take a day. Ctrl-C leaves; the same command goes on later and sends nothing twice.
    """
    from bot.batch import run_batch as run
    from bot.llm.batch import BatchTrouble

    with _explained():
        try:
            status = _run(run(_settings(quiet=True), file, model, _stop_signal, click.echo))
        except BatchTrouble as trouble:
            _quit(trouble.headline, trouble.problems)
    sys.exit(status)


def _settings(*, quiet: bool = False) -> Settings:
    """Settings, with logging set up by them; `quiet` keeps all but warnings off a terminal that shows other things."""
    settings = Settings.load()
    level = "WARNING" if quiet and settings.log_level == "INFO" else settings.log_level
    configure(level, settings.log_format, settings.secrets())
    return settings


@contextmanager
def _explained() -> Iterator[None]:
    """Errors an operator can act on end the command with what to do, not with a traceback."""
    try:
        yield
    except ConfigError as error:
        _quit("Parley cannot start:", error.problems)
    except (PlatformMisconfigured, UpstreamMisconfigured) as error:
        _quit("Parley cannot start:", [error.hint or str(error)])
    except StorageError as error:
        _quit("The database cannot be used (DATABASE_URL):", [str(error)])


def _quit(headline: str, problems: tuple[str, ...] | list[str]) -> NoReturn:
    click.echo("\n  • ".join([headline, *problems]), err=True)
    sys.exit(EXIT_CONFIG)


def _run(doing: Coroutine[Any, Any, _T]) -> _T:
    _one_heap()
    if sys.platform == "win32":
        return asyncio.run(doing)
    import uvloop

    return uvloop.run(doing)


def _one_heap() -> None:
    """Let threads share glibc's heap: one for each keeps some megabytes that it no longer needs."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM or Ctrl-C; a second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_to_stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, begin_to_stop, number)
    return stop


_upkeep = Upkeep(partial(_settings, quiet=True), _run, _explained)
main.add_command(_upkeep.database())
main.add_command(_upkeep.inbox())
main.add_command(_upkeep.tail())


if __name__ == "__main__":
    main()
