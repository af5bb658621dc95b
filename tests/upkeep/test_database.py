"""Backups, restores and moves bring every row, and say so only when it is true."""

import shutil
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.pictures import Picture
from bot.domain.updates import Arrival
from bot.errors import ConfigError
from bot.storage import Storage
from bot.storage.lock import only_process
from bot.storage.migrate import upgrade
from bot.storage.tables import metadata
from bot.upkeep.database import back_up, examine, go_back, move, restore
from tests.conftest import Core, make_core
from tests.databases import on, own_database, rows


@contextmanager
def measured(_label: str, total: int) -> Iterator[Callable[[int], None]]:
    done = 0

    def more(number: int) -> None:
        nonlocal done
        done += number

    yield more
    assert done == total, "the bar reaches its end"


@pytest.fixture
async def lived(core: Core) -> Core:
    """A database in which things happened: one message waits, and the row with the last number is gone."""
    await core.storage.recognise()
    for user, text in (("ada", "hello\0there"), ("ben", "one"), ("ada", "two"), ("root", "/quota show ada")):
        await core.say(user, text)
    await core.hear("cleo", "waiting")
    await core.hear("cleo", "gone")
    async with core.storage.begin() as work:
        first = (await work.inbox._connection.execute(sa.text("SELECT min(id) FROM turn"))).scalar_one()
        await work.pictures.put(first, [Picture(content=b"\0\xff", media_type="image/jpeg", width=9, height=9)])
        await work.inbox._connection.execute(sa.text("DELETE FROM inbox WHERE id = 6"))
        await work.inbox._connection.execute(sa.text("UPDATE lane SET pending = 1 WHERE pending = 2"))
    return core


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, not even with a schema."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/target/a.db"
        return
    with own_database() as url:
        yield url


def everything(url: str) -> dict[str, int]:
    """How many rows there are, by table."""
    return {name: rows(url, f'SELECT count(*) FROM "{name}"')[0][0] for name in metadata.tables}  # noqa: S608


async def next_arrival(url: str) -> int:
    """The number that the next message gets."""
    storage = Storage.open(url)
    async with storage.begin() as work:
        await work.inbox.put(Arrival(source="fake:bot", event="next", lane="x", order=1, payload={}))
    await storage.close()
    return int(rows(url, "SELECT max(id) FROM inbox")[0][0])


async def test_a_move_brings_every_row_and_goes_on_counting(lived: Core, database_url: str, target: str) -> None:
    before = everything(database_url)
    copied = await to_thread(move, database_url, target, measured, lived.storage.seals, replace=False)
    assert {name: one.rows for name, one in copied.items()} == before == everything(target)
    assert (before["turn"], before["picture"]) == (3, 1)
    content = bytes(rows(target, "SELECT content FROM picture")[0][0])
    assert lived.storage.seals.open(content, "picture.content") == b"\0\xff"
    assert await next_arrival(target) == 7, "the number of a row that is gone is not given again"


async def test_the_bot_goes_on_where_it_was(lived: Core, database_url: str, target: str) -> None:
    await to_thread(move, database_url, target, measured, lived.storage.seals, replace=False)
    storage = Storage.open(target)
    moved = make_core(storage)
    await moved.work()
    assert moved.platform.sent == [("cleo", "echo: waiting")]
    await moved.say("ada", "three")
    said = [message.text for message in moved.model.prompts[-1].messages]
    assert [text.replace("\N{REPLACEMENT CHARACTER}", "\0") for text in said[-5:]] == [
        "hello\0there",
        "echo: hello\0there",
        "two",
        "echo: two",
        "three",
    ]
    await storage.close()


async def test_what_is_there_already_is_not_mixed_with_what_comes(lived: Core, database_url: str, target: str) -> None:
    await to_thread(move, database_url, target, measured, lived.storage.seals, replace=False)
    with pytest.raises(ConfigError, match="not empty"):
        await to_thread(move, database_url, target, measured, lived.storage.seals, replace=False)
    await to_thread(move, database_url, target, measured, lived.storage.seals, replace=True)
    assert everything(target) == everything(database_url)


async def test_a_backup_is_made_while_the_bot_runs_and_can_be_put_back(
    lived: Core, database_url: str, tmp_path: Path, target: str
) -> None:
    file = tmp_path / "backups" / "one.db"
    await to_thread(back_up, database_url, file, measured, lived.storage.seals)
    before = everything(database_url)
    await lived.say("ada", "after the backup")
    await to_thread(restore, target, file, measured, lived.storage.seals, replace=False)
    assert everything(target) == before
    assert not file.with_name("one.db-wal").exists(), "a backup is one file"


async def test_a_backup_replaces_nothing(lived: Core, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "there.db").write_text("mine")
    with pytest.raises(ConfigError, match="exists"):
        await to_thread(back_up, database_url, tmp_path / "there.db", measured)


async def test_what_is_no_backup_is_told(target: str, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database at all, only a text of some length")
    with pytest.raises(ConfigError, match="cannot be read"):
        await to_thread(restore, target, tmp_path / "text.db", measured, replace=False)


@on("sqlite")
async def test_nothing_is_moved_away_under_a_running_bot(lived: Core, database_url: str, tmp_path: Path) -> None:
    with only_process(database_url), pytest.raises(ConfigError, match="another Parley process"):
        await to_thread(move, database_url, f"sqlite+aiosqlite:///{tmp_path}/b.db", measured, replace=False)


async def test_a_database_in_order_is_found_in_order(lived: Core, database_url: str) -> None:
    said: list[str] = []
    assert await examine(database_url, said.append, lived.storage.seals)
    assert said[0].startswith("✓ schema")


async def test_a_contradiction_is_named(lived: Core, database_url: str) -> None:
    async with lived.storage.begin() as work:
        await work.inbox._connection.execute(sa.text("UPDATE lane SET pending = 5 WHERE \"key\" = 'fake:ada'"))
        await work.inbox._connection.execute(sa.text("UPDATE charge SET state = 0 WHERE inbox_id = 1"))
    said: list[str] = []
    assert not await examine(database_url, said.append, lived.storage.seals)
    assert said == [
        "✗ 1 conversations that count their waiting messages wrong",
        "✗ 1 messages that are done and still reserve quota",
    ]


async def test_an_older_schema_is_told_with_what_to_do(target: str) -> None:
    Storage.open(target)
    await to_thread(upgrade, target)
    await to_thread(go_back, target, "0001")
    said: list[str] = []
    assert not await examine(target, said.append)
    assert "parley db upgrade" in said[0]


async def test_a_revision_nobody_knows_is_refused(target: str) -> None:
    Storage.open(target)
    await to_thread(upgrade, target)
    with pytest.raises(ConfigError, match="no revision"):
        await to_thread(go_back, target, "9999")


@on("sqlite")
async def test_a_damaged_file_is_noticed(lived: Core, database_url: str, tmp_path: Path) -> None:
    await lived.storage.close()
    damaged = tmp_path / "damaged.db"
    shutil.copy(tmp_path / "parley.db", damaged)
    with damaged.open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 4096)
    said: list[str] = []
    assert not await examine(f"sqlite+aiosqlite:///{damaged}", said.append)
