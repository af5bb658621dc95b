"""What the operator answered, over what environment and file say already; each answer is one that a setting takes."""

import os
import sys
from typing import Any

import click

from bot.domain.people import Identity
from bot.errors import ConfigError
from bot.settings import Settings
from bot.setup.envfile import EnvFile

_MISSING = "-"
"""What no setting with a form of its own takes."""


class Answers:
    """Asks, and keeps what was answered."""

    def __init__(self, file: EnvFile) -> None:
        self._before = file.values()
        self._given: dict[str, str] = {}

    def known(self, name: str) -> str:
        """A setting as it would be now; "" if it has no value."""
        key = name.upper()
        return self._given.get(key) or os.environ.get(key) or self._before.get(key, "")

    def set(self, name: str, value: str) -> None:
        self._given[name.upper()] = value

    def take_back(self, *names: str) -> None:
        """Forget answers: what was there before holds."""
        for name in names:
            self._given.pop(name.upper(), None)

    def changes(self) -> dict[str, str]:
        """What has to be written, by name."""
        return {name: value for name, value in self._given.items() if value and self._before.get(name) != value}

    def admins(self) -> list[Identity]:
        """Raises ConfigError."""
        return sorted(self.settings("admins").admins, key=str)

    def settings(self, *names: str, **values: Any) -> Settings:
        """Settings of which these are known, and of platforms no others. Raises ConfigError."""
        tokens = {name: None for name in Settings.model_fields if name.endswith(("_token", "_signing_secret"))}
        known = {name: self.known(name) for name in names}
        given: dict[str, Any] = tokens | {name: value for name, value in (known | values).items() if value}
        return Settings.load(_env_file=None, **given)

    def ask(self, name: str, question: str, *, default: str = "") -> None:
        """Ask until the setting takes the answer; Enter takes what is known."""
        known = self.known(name) or default
        while not self._take(name, str(click.prompt(question, default=known or None)).strip()):
            pass

    def ask_secret(self, name: str, question: str, *, needed: bool = True) -> None:
        """The same for what is not shown on a terminal."""
        known = self.known(name)
        kept = f" [{_masked(known)}]" if known else "" if needed else " [none]"
        hidden = sys.stdin.isatty()
        while True:
            answer = str(click.prompt(f"{question}{kept}", default="", hide_input=hidden, show_default=False)).strip()
            if (not answer and (known or not needed)) or self._take(name, answer):
                return

    def _take(self, name: str, answer: str) -> bool:
        try:
            self.settings(**{name: answer or _MISSING})
        except ConfigError as error:
            click.echo("\n".join(f"✗ {problem}" for problem in error.problems))
            return False
        self.set(name, answer)
        return True


def _masked(secret: str) -> str:
    """Enough to tell which one it is."""
    return f"…{secret[-4:]}" if len(secret) > 12 else "set"
