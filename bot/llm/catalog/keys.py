"""The keys of an endpoint, from wherever the models file says they are."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotenv import dotenv_values

from bot.domain.models import Key
from bot.domain.secrets import usable
from bot.llm.catalog.problems import Problems
from bot.llm.catalog.schema import EndpointPiece, KeySource


def surroundings(env_file: Path = Path(".env")) -> Mapping[str, str]:
    """What `{env = …}` is looked up in: the environment over `.env`, as for the settings."""
    written = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return written | os.environ


class KeyRing:
    """Finds keys and notes those it cannot find or use."""

    def __init__(self, folder: Path, environment: Mapping[str, str], problems: Problems) -> None:
        self._folder = folder
        self._environment = environment
        self._problems = problems

    def of(self, endpoint: EndpointPiece, place: str) -> Sequence[Key]:
        """The keys of an endpoint; one that opens nothing, if it asks for none."""
        if endpoint.keys is None and endpoint.base_url.startswith("https://"):
            self._problems.add(
                f"{place}, keys:", 'is missing: write keys = [{ env = "NAME" }], or keys = [] if it asks for none'
            )
        keys: list[Key] = []
        for number, source in enumerate(endpoint.keys or ()):
            self._take(keys, source, f"{place}, keys[{number}]:")
        return keys or [Key.none()]

    def _take(self, keys: list[Key], source: KeySource, place: str) -> None:
        key = self._find(source, place)
        if key is None:
            return
        if not usable(key.secret):
            self._problems.add(place, f"the key in {key.name} is empty or has spaces or odd characters: copy it again")
        elif any(other.secret == key.secret for other in keys):
            self._problems.add(place, f"the key in {key.name} is the same as one before it: leave one out")
        else:
            keys.append(key)

    def _find(self, source: KeySource, place: str) -> Key | None:
        if source.env is not None:
            return self._in_environment(source.env, place)
        if source.file is not None:
            return self._in_file(source.file, place)
        secret = source.plain.get_secret_value() if source.plain else ""
        return Key(name="the models file", secret=secret)

    def _in_environment(self, name: str, place: str) -> Key | None:
        secret = self._environment.get(name, "").strip()
        if secret:
            return Key(name=name, secret=secret)
        self._problems.add(place, f"the variable {name} is not set: set it in .env or the environment")
        return None

    def _in_file(self, name: str, place: str) -> Key | None:
        try:
            return Key(name=name, secret=(self._folder / name).read_text("utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            self._problems.add(place, f"the file {name} cannot be read ({type(error).__name__}): check its path")
            return None
