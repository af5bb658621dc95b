"""One process for one SQLite database."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ConfigError


@contextmanager
def only_process(url: str) -> Iterator[None]:
    """Hold a lock file beside an SQLite database: a second process would take over what the first is doing.

    Raises ConfigError if another process holds it.
    """
    path = sqlite_file(url)
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError([f"DATABASE_URL: another Parley process uses {path}; stop it first"]) from error
        yield


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, None for one in memory or another database."""
    _, _, path = url.partition(":///")
    return Path(path) if url.startswith("sqlite") and path and path != ":memory:" else None
