"""The database as a whole: checked, backed up, restored, moved."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from bot.errors import ConfigError, ParleyError
from bot.seals import UNSEALED, Seals
from bot.storage import Storage
from bot.storage.copying import Contents, Progress, copy, count
from bot.storage.lock import only_process, sqlite_file
from bot.storage.migrate import differences, downgrade, upgrade
from bot.storage.sealing import Step, tables
from bot.storage.store import HEAD

Say = Callable[[str], None]
Measured = Callable[[str, int], AbstractContextManager[Progress]]
"""Shows how far something of so many rows has come, while the block lasts."""


async def bring_up_to_date(url: str, say: Say) -> None:
    """Upgrade the schema and say from what to what. Raises StorageError."""
    storage = Storage.open(url)
    try:
        before = await storage.revision()
        await storage.upgrade()
        say(f"Database: {before or 'empty'} → {await storage.revision()}")
    finally:
        await storage.close()


async def examine(url: str, say: Say, seals: Seals = UNSEALED) -> bool:
    """Say line by line whether the database is as it should be. True if all is well."""
    storage = Storage.open(url, seals)
    try:
        problems = [*await _schema(storage, url), *await _contents(storage)]
        await storage.recognise()
    except ParleyError as error:
        problems = [str(error)]
    finally:
        await storage.close()
    for problem in problems:
        say(f"✗ {problem}")
    if not problems:
        say(f"✓ schema {HEAD}, and everything in it agrees")
    return not problems


async def _schema(storage: Storage, url: str) -> list[str]:
    revision = await storage.revision()
    if revision != HEAD:
        raise ConfigError([f"the schema is {revision or 'empty'}, this Parley needs {HEAD}: `parley db upgrade`"])
    return await asyncio.to_thread(differences, url)


async def _contents(storage: Storage) -> list[str]:
    async with storage.begin() as work:
        wrong = await work.books.contradictions()
        return [*await work.books.damage(), *(f"{number} {what}" for what, number in wrong.items())]


def go_back(url: str, revision: str) -> None:
    """Take the schema back to an older revision. Raises ConfigError."""
    with only_process(url):
        downgrade(url, revision)


def back_up(url: str, file: Path, measured: Measured, seals: Seals = UNSEALED) -> None:
    """Write everything into an SQLite file that is not there yet, as of one instant, while others go on.

    Raises ConfigError, StorageError.
    """
    if file.exists():
        raise ConfigError([f"{file} exists: a backup replaces nothing"])
    file.parent.mkdir(parents=True, exist_ok=True)
    with _finished(file) as part:
        source = sqlite_file(url)
        if source is not None:
            _clone(source, part)
            return
        target = f"sqlite+aiosqlite:///{part}"
        upgrade(target)
        _copied(url, target, measured, seals)


def restore(
    url: str, file: Path, measured: Measured, seals: Seals = UNSEALED, *, replace: bool
) -> Mapping[str, Contents]:
    """Put a backup into the database, brought to the newest schema first. Raises ConfigError, StorageError."""
    if not file.exists():
        raise ConfigError([f"there is no {file}"])
    with tempfile.TemporaryDirectory() as folder, only_process(url):
        source = Path(folder) / "backup.db"
        _clone(file, source)
        upgrade(f"sqlite+aiosqlite:///{source}")
        Storage.open(url)
        upgrade(url)
        return _copied(f"sqlite+aiosqlite:///{source}", url, measured, seals, replace=replace)


def move(
    url: str, target: str, measured: Measured, seals: Seals = UNSEALED, *, replace: bool
) -> Mapping[str, Contents]:
    """Copy everything into another database, of either kind. Raises ConfigError, StorageError."""
    if url == target:
        raise ConfigError(["source and target are the same database"])
    with only_process(url), only_process(target):
        Storage.open(target)
        upgrade(url)
        upgrade(target)
        return _copied(url, target, measured, seals, replace=replace)


async def reencrypt(url: str, measured: Measured, seals: Seals) -> None:
    """Seal everything as it would be sealed now, a few hundred rows at a time. Raises ConfigError, StorageError."""
    if not seals.known:
        raise ConfigError(["there is no key: set ENCRYPTION_KEYS_FILE or ENCRYPTION_KEYS_COMMAND"])
    with only_process(url):
        storage = Storage.open(url, seals)
        try:
            await storage.upgrade()
            await storage.recognise()
            await _renewed(storage, measured)
            await storage.scrub()
        finally:
            await storage.close()


async def _renewed(storage: Storage, measured: Measured) -> None:
    async with storage.look() as work:
        rows = {table: await work.sealing.count(table) for table in tables()}
    with measured("Sealing", sum(rows.values())) as progress:
        for table in rows:
            step = Step(rows=0, after=())
            while step.after is not None:
                async with storage.begin() as work:
                    step = await work.sealing.renew(table, step.after)
                progress(step.rows)
    async with storage.begin() as work:
        await work.sealing.retire()


def _copied(
    source: str, target: str, measured: Measured, seals: Seals, *, replace: bool = False
) -> Mapping[str, Contents]:
    # Each row is done twice: sent, and read again.
    with measured("Copying and comparing", 2 * count(source)) as progress:
        return copy(source, target, progress, seals=seals, replace=replace)


def _clone(source: Path, target: Path) -> None:
    """SQLite's own way to copy a file that is in use; also what is not in the file itself yet."""
    if not source.exists():
        raise ConfigError([f"there is no {source}"])
    try:
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)
            if other.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise ConfigError([f"the copy of {source} is damaged"])
    except sqlite3.Error as error:
        raise ConfigError([f"{source} cannot be read: {error}"]) from error


@contextmanager
def _finished(file: Path) -> Iterator[Path]:
    """A file that has its name only when it is whole."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        part = Path(folder) / "part.db"
        yield part
        # One file, whatever journal it was written with.
        with closing(sqlite3.connect(part)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
        shutil.move(part, file)
