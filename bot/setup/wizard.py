"""The dialogue of `parley setup`: platforms, model, who runs it. Each step is checked before the next one."""

import os
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import click

from bot.clock import SystemClock
from bot.commands import all_commands
from bot.doctor import check_platform
from bot.domain.models import Catalog
from bot.domain.people import Identity
from bot.domain.updates import Place
from bot.errors import ConfigError, ModelError, PlatformError
from bot.llm import list_models
from bot.needs import check_serving
from bot.platforms import platforms_of
from bot.ports import Platform
from bot.settings import OPENAI_URL, Settings
from bot.setup import guide
from bot.setup.answers import Answers
from bot.setup.envfile import EnvFile
from bot.setup.greeting import first_words, greet

_T = TypeVar("_T")

_TOKENS: Mapping[str, tuple[str, ...]] = {
    "telegram": ("telegram_bot_token",),
    "slack": ("slack_bot_token", "slack_app_token"),
}
_SHOWN = 20


class Run(Protocol):
    """Runs a coroutine to its end."""

    def __call__(self, doing: Coroutine[Any, Any, _T]) -> _T: ...


class Wizard:
    """One conversation with an operator.

    Args:
        file: where the answers go.
        run: runs what has to be asked of a platform or an endpoint.
        patience: seconds to wait for somebody to write to the bot.
    """

    def __init__(self, file: EnvFile, run: Run, *, patience: float) -> None:
        self._file = file
        self._run = run
        self._patience = patience
        self._answers = Answers(file)
        self._connected: list[str] = []

    def go(self) -> None:
        """Ask everything, write the file, say what is left to do. Raises ConfigError, click.Abort."""
        self._answers.settings()  # what the environment has wrong, no answer puts right
        click.echo(guide.WELCOME + f"Your answers go into {self._file.path}, which nobody else may read.")
        for name in _TOKENS:
            self._platform(name)
        self._model()
        click.echo(guide.OWNER if self._connected else "")
        for name in self._connected:
            self._owner(name)
        self._write()
        self._afterwards()

    def _platform(self, name: str) -> None:
        click.echo(guide.PLATFORMS[name])
        tokens, usual = _TOKENS[name], bool(self._answers.known(_TOKENS[name][0])) or name == "telegram"
        while click.confirm(f"Connect {name.title()}?", default=usual):
            for token in tokens:
                self._answers.ask_secret(token, guide.TOKENS[token])
            if self._run(self._with(name, lambda platform: check_platform(platform, click.echo))):
                self._connected.append(name)
                return
            if click.confirm("Keep it anyway?", default=False):
                return
        self._answers.take_back(*tokens)
        if self._answers.known(tokens[0]):
            click.echo(f"! {tokens[0].upper()} stays as it is: take it out of the file to leave {name.title()} out")

    async def _with(self, name: str, use: Callable[[Platform], Coroutine[Any, Any, _T]]) -> _T:
        """Ask something of a platform."""
        (platform,) = platforms_of(self._answers.settings(*_TOKENS[name], f"{name}_api_url"), all_commands())
        try:
            return await use(platform)
        finally:
            await platform.close()

    def _model(self) -> None:
        if models := self._answers.known("parley_models"):
            click.echo(f"\nThe models are those of {models} (PARLEY_MODELS); `parley doctor` checks them.")
            return
        click.echo(guide.MODEL)
        while not self._chosen():
            if click.confirm("Keep it anyway?", default=False):
                return

    def _chosen(self) -> bool:
        """Ask for endpoint, key and model; whether the endpoint has that model."""
        self._answers.ask("openai_base_url", "Address of the endpoint", default=OPENAI_URL)
        self._answers.ask_secret("openai_api_key", "Key", needed=False)
        address = self._answers.known("openai_base_url")
        offered = self._run(self._offered(address))
        if offered:
            click.echo(f"✓ model: {address} offers {_some(offered)}")
        self._answers.ask("model", "Model", default=next(iter(offered)) if len(offered) == 1 else "")
        model = self._answers.known("model")
        if offered and model not in offered:
            click.echo(f"✗ model: {address} does not offer {model}")
        return model in offered

    async def _offered(self, address: str) -> Mapping[str, int | None]:
        """The endpoint's models; none if it cannot be asked, and then why is said."""
        key = self._answers.known("openai_api_key") or None
        (endpoint,) = Catalog.single(base_url=address, key=key, model="any", window=1).endpoints.values()
        try:
            return await list_models(endpoint, SystemClock())
        except ModelError as error:
            advice = getattr(error, "hint", "") or "check the address and the key"
            click.echo(f"✗ model: {address}: {type(error).__name__} {error}; {advice}")
            return {}

    def _owner(self, name: str) -> None:
        title, mine = name.title(), [one for one in self._answers.admins() if one.platform == name]
        known = f" Known so far: {', '.join(map(str, mine))}." if mine else ""
        if click.confirm(f"Shall I learn on {title} who you are?{known}", default=not mine):
            click.echo(f"Write anything to the bot on {title}, in private.")
            click.echo(f"I wait for it, {self._patience:.0f} seconds at most; Ctrl-C goes on without …")
            if place := self._met(name):
                self._test(name, place)
        elif mine and click.confirm(f"Send a test message to {mine[0]}?", default=True):
            self._test(name, mine[0])

    def _met(self, name: str) -> Place | None:
        """Where the owner wrote, who is known from now on; None if nobody did, or it was somebody else."""
        try:
            update = self._run(self._with(name, lambda platform: first_words(platform, self._patience)))
        except PlatformError as error:
            click.echo(f"✗ {name}: {getattr(error, 'hint', '') or error}")
            return None
        except KeyboardInterrupt:
            return None
        if update is None:
            click.echo("Nobody wrote. Run `parley setup` again, or set ADMINS by hand.")
            return None
        who = update.sender.identity
        if not click.confirm(f"{update.sender.name!r} ({who}) wrote. Is that you?", default=True):
            return None
        self._answers.set("admins", ",".join(sorted({*map(str, self._answers.admins()), str(who)})))
        return update.place

    def _test(self, name: str, to: Identity | Place) -> None:
        try:
            self._run(self._with(name, lambda platform: greet(platform, to)))
        except PlatformError as error:
            click.echo(f"✗ {name}: the test message could not be sent: {type(error).__name__} {error}")
            return
        click.echo(f"✓ {name}: a test message was sent")

    def _write(self) -> None:
        changes = self._answers.changes()
        if not changes:
            click.echo(f"\n{self._file.path} stays as it is.")
            return
        click.echo(f"\nTo be written into {self._file.path}: {', '.join(changes)}")
        click.confirm("Write it?", default=True, abort=True)
        backup = self._file.write(changes, datetime.now(UTC))
        click.echo(f"✓ written{f'; as it was: {backup}' if backup else ''}")
        for name, value in changes.items():
            if os.environ.get(name, value) != value:
                click.echo(f"! {name} is set in the environment too, which goes before the file")

    def _afterwards(self) -> None:
        for name in self._connected:
            click.echo(guide.AFTERWARDS[name])
        try:
            check_serving(Settings.load(_env_file=self._file.path))
        except ConfigError as error:
            click.echo("\n".join(["\nParley cannot start yet:", *(f"✗ {problem}" for problem in error.problems)]))
            return
        click.echo("\n`parley doctor` checks all of it again, `parley serve` starts the bot.")


def _some(offered: Mapping[str, int | None]) -> str:
    return ", ".join(sorted(offered)[:_SHOWN]) + (", …" if len(offered) > _SHOWN else "")
