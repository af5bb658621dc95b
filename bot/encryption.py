"""The operator's keys for what people say, from a file or from what a command prints, such as one of a vault's.

A key is a line: 32 bytes in base64. The first one seals, all of them open; `plain` in its place stops sealing.
"""

import shlex
import subprocess
from base64 import b64decode
from pathlib import Path

from bot.errors import ConfigError
from bot.seals import KEY, UNSEALED, Seals
from bot.settings import Settings

_PATIENCE = 30.0
"""Seconds for the command."""

_PLAIN = "plain"


def seals_of(settings: Settings) -> Seals:
    """What seals and opens. Raises ConfigError."""
    file, command = settings.encryption_keys_file, settings.encryption_keys_command
    if file is not None and command:
        raise ConfigError(["ENCRYPTION_KEYS_FILE and ENCRYPTION_KEYS_COMMAND are both set: leave one out"])
    if file is not None:
        return _read(_of_file(file), "ENCRYPTION_KEYS_FILE")
    return _read(_printed_by(command), "ENCRYPTION_KEYS_COMMAND") if command else UNSEALED


def _of_file(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"ENCRYPTION_KEYS_FILE: {file} cannot be read ({type(error).__name__})"]) from None


def _printed_by(command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own
            shlex.split(command), stdout=subprocess.PIPE, timeout=_PATIENCE, check=True, text=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # Without its words: what a command printed may be a key.
        raise ConfigError([f"ENCRYPTION_KEYS_COMMAND failed ({type(error).__name__}): run it by hand"]) from None
    return done.stdout


def _read(text: str, setting: str) -> Seals:
    lines = [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]
    plain = lines[:1] == [_PLAIN]
    keys = [_key(line, number, setting) for number, line in enumerate(lines[plain:], 1)]
    if not keys:
        raise ConfigError([f"{setting}: there is no key; make one with `openssl rand -base64 32`"])
    return Seals.of(keys, plain=plain)


def _key(line: str, number: int, setting: str) -> bytes:
    try:
        key = b64decode(line, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY:
        raise ConfigError([f"{setting}: key {number} is not {KEY} bytes in base64; try `openssl rand -base64 {KEY}`"])
    return key
