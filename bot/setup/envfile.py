"""The file `.env`: read as the settings read it, and changed so that everything else in it stays as it is."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Self

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.errors import ConfigError

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_FRESH = "# Written by `parley setup`. Every setting there is, with what it does: .env.example\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """What stands in the file; "" if there is none yet."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises ConfigError if it cannot be read. A link is followed: what it leads to is the file."""
        path = path.resolve()
        try:
            return cls(path=path, text=path.read_text("utf-8") if path.exists() else "")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"{path} cannot be read: {error}"]) from error

    def values(self) -> dict[str, str]:
        """Every setting in it that has a value, by name."""
        return {name: value for name, value in dotenv_values(stream=StringIO(self.text)).items() if value}

    def changed(self, values: Mapping[str, str]) -> str:
        """The text with these settings in it, each where it stands already, else at the end. The rest is kept."""
        missing, kept = dict(values), ""
        for binding in parse_stream(StringIO(self.text)):
            name, original = binding.key or "", binding.original.string
            if name in values:
                blank = original[: len(original) - len(original.lstrip())]
                original = blank + _line(name, values[name])
                missing.pop(name, None)
            kept += original
        kept = kept or _FRESH
        return kept + ("" if kept.endswith("\n") else "\n") + "".join(_line(*one) for one in missing.items())

    def write(self, values: Mapping[str, str], now: datetime) -> Path | None:
        """Change the file, whole or not at all, so that only its owner reads it. Returns where the old one is kept.

        Raises ConfigError if it cannot be written.
        """
        try:
            backup = self._back_up(now) if self.text else None
            fresh = self.path.with_name(f"{self.path.name}.new")
            fresh.unlink(missing_ok=True)
            _write(fresh, self.changed(values))
            fresh.replace(self.path)
        except OSError as error:
            raise ConfigError([f"{self.path} cannot be written: {error}"]) from error
        return backup

    def _back_up(self, now: datetime) -> Path:
        backup = self.path.with_name(f"{self.path.name}.{now:%Y%m%d-%H%M%S}")
        backup.unlink(missing_ok=True)
        _write(backup, self.text)
        return backup


def _write(path: Path, text: str) -> None:
    """It has tokens in it: nobody else may read it, not even for the moment between two calls."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}\n"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'\n"
