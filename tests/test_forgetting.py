"""What people have forgotten is gone: from tables, caches and files. What others said, and what it cost, stays."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from bot.domain.quotas import Meter
from bot.domain.terms import key
from bot.errors import StorageError
from bot.scrubbing import Scrubbing
from bot.storage import KeptAnswer, NewPiece, Storage
from bot.storage.tables import call, conversation, inbox, memory, metadata, piece, posting, summary
from tests.conftest import Core, make_core
from tests.databases import legible, on

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}
SECRET = "xyzzy"


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


async def forget(core: Core, user: str = "ada", scope: str = "Everything", **more: str) -> str:
    """Somebody clicks through to the end."""
    await core.say(user, "/forget", **more)
    for label in (scope, "🗑 Forget", "🗑 Yes, for good"):
        await core.click(user, label, **more)
    return core.platform.sent[-1][1]


async def found(core: Core, word: str) -> list[str]:
    """Every column of every table in which a word stands."""
    places = []
    async with core.storage.begin() as work:
        for table in metadata.sorted_tables:
            for column in table.columns:
                values = await work.history._connection.scalars(sa.select(column))
                places += [str(column)] if any(word in json.dumps(value, default=str) for value in values) else []
    return places


def holds(path: Path) -> bool:
    return SECRET.encode() in path.read_bytes()


async def tell_everything(core: Core) -> None:
    """Ada says it in every way there is."""
    await core.say("ada", f"my word is {SECRET}")
    await core.say("ada", f"/new {SECRET}")
    core.model.script = [(f"yes, {SECRET}",)]
    await core.say("ada", "what is my word?")
    for words in ("/retry", "/undo", "/fork", "/chats", f"/chats rename 1 {SECRET}", f"/quota {SECRET}", f"/{SECRET}"):
        await core.say("ada", words)
    await core.say("ada", f"again {SECRET}", chat="team")
    await core.say("ada", f"/help {SECRET}", chat="team")
    async with core.storage.begin() as work:
        values = {"conversation_id": 1, "upto": 1, "text": f"Her word is {SECRET}.", "tokens": 4, "written_at": 0}
        await work.history._connection.execute(sa.insert(summary).values(values))
        await work.answers.put("key", KeptAnswer(text=f"yes, {SECRET}", model="m", at=0))


async def test_nothing_of_it_is_left_in_the_database(core: Core) -> None:
    await tell_everything(core)
    assert len(await found(core, SECRET)) > 5
    assert await forget(core) == "Forgotten: 5 questions with their answers."
    assert await found(core, SECRET) == []


async def test_nothing_of_it_is_left_in_the_index(core: Core) -> None:
    await core.say("ada", f"the {SECRET}")
    new = NewPiece(turn_id=1, answer=False, starts=0, ends=3, tokens=1, terms=[key(SECRET)], dates=[])
    async with core.storage.begin() as work:
        await work.memories.add(1, 1, [new])
    await forget(core)
    async with core.storage.begin() as work:
        for table in (memory, piece, posting):
            assert (await work.history._connection.execute(sa.select(table))).all() == []


@legible
@on("sqlite")
async def test_nothing_of_it_is_left_in_the_files(core: Core, storage: Storage) -> None:
    await tell_everything(core)
    path = Path(str(make_url(storage._url).database))
    files = [path, path.with_name(f"{path.name}-wal")]
    assert any(holds(file) for file in files)
    await forget(core)
    assert [file.name for file in files if file.exists() and holds(file)] == []


@on("sqlite")
async def test_a_file_that_somebody_else_reads_is_not_written_anew_and_holds_nothing_of_it_all_the_same(
    core: Core, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.store._PATIENCE", 0.01)
    await tell_everything(core)
    path = Path(str(make_url(storage._url).database))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turn").fetchone()
        await forget(core)
    await storage.scrub()
    assert not holds(path)


async def test_a_cache_that_cannot_be_reached_is_emptied_when_it_can_be(storage: Storage) -> None:
    outcomes: list[Exception | None] = [StorageError("Redis: ConnectionError"), None]

    async def clear() -> None:
        if trouble := outcomes.pop(0):
            raise trouble

    core = make_core(storage, daily=MANY, doers={"scrub": Scrubbing(storage, {}, clear)})
    await core.say("ada", f"the {SECRET}")
    await forget(core)
    assert len(outcomes) == 1
    await core.later()
    assert outcomes == []


async def test_one_conversation_is_forgotten_and_the_others_are_not(core: Core) -> None:
    await core.say("ada", "soup")
    await core.say("ada", "/new")
    await core.say("ada", f"the {SECRET}")
    assert await forget(core, scope="This conversation") == "Forgotten: 1 question with its answer."
    assert await found(core, SECRET) == []
    assert "`soup`" in await core.say("ada", "/chats")
    await core.say("ada", "rain")
    assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["rain"]


async def test_in_a_group_others_keep_their_words(core: Core) -> None:
    await core.say("ada", f"the {SECRET}", chat="team")
    await core.say("ben", "hello", chat="team")
    await forget(core, scope="This conversation", chat="team")
    assert await found(core, SECRET) == []
    await core.say("ben", "again", chat="team")
    assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["hello", "echo: hello", "again"]


async def test_nobody_forgets_their_own_by_somebody_elses_button(core: Core) -> None:
    await core.say("ben", f"the {SECRET}", chat="team")
    await core.say("ada", "/forget everything sure", chat="team")
    await core.click("ben", "🗑 Yes, for good")
    assert "turn.question" in await found(core, SECRET)


@pytest.mark.parametrize("words", ["this", "everything", "everything sure", "1 sure", "nothing"])
async def test_nothing_is_deleted_before_it_was_asked_twice(core: Core, words: str) -> None:
    await core.say("ada", f"the {SECRET}")
    await core.say("ada", f"/forget {words}")
    assert "turn.question" in await found(core, SECRET)


@pytest.mark.parametrize("words", ["7", "1 confirmed x", "this sure thing"])
async def test_what_it_cannot_read_is_answered_with_its_usage(core: Core, words: str) -> None:
    await core.say("ada", f"the {SECRET}")
    assert "Usage: `/forget" in await core.say("ada", f"/forget {words}")


async def test_a_conversation_of_another_place_cannot_be_forgotten_from_here(core: Core) -> None:
    await core.say("ada", f"the {SECRET}")
    assert "Usage:" in await core.say("ada", "/forget 1", chat="team")
    assert "turn.question" in await found(core, SECRET)


async def test_what_it_cost_stays(core: Core) -> None:
    await core.say("ada", f"the {SECRET}")
    await forget(core)
    async with core.storage.begin() as work:
        rows = await work.history._connection.execute(
            sa.select(call.c.input_tokens, conversation.c.title).join(conversation)
        )
        assert rows.all() == [(10, None)]


async def test_what_was_said_afterwards_stays(core: Core) -> None:
    await core.say("ada", "/forget everything sure")
    await core.click("ada", "🗑 Yes, for good")
    await core.say("ada", "hello")
    assert {"turn.question", "inbox.payload"} <= set(await found(core, "hello"))


async def test_numbers_of_arrivals_are_not_used_again(core: Core) -> None:
    await core.say("ada", f"the {SECRET}")
    async with core.storage.begin() as work:
        count = sa.select(sa.func.count()).select_from(inbox)
        before = (await work.history._connection.execute(count)).scalar_one()
    await forget(core)
    async with core.storage.begin() as work:
        assert (await work.history._connection.execute(count)).scalar_one() > before
