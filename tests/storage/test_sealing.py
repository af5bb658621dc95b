"""What was said is sealed wherever it is stored, everything works on it all the same, and keys can change."""

import ast
import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import cast

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.abc import Buffer
from sqlalchemy.engine import make_url

from bot.domain.context import ContextPolicy
from bot.domain.pictures import Picture
from bot.domain.quotas import Meter
from bot.errors import ConfigError, Unreadable
from bot.seals import UNSEALED, Seals
from bot.storage import KeptAnswer, Storage
from bot.storage.copying import Progress
from bot.storage.sealing import tables
from bot.storage.tables import metadata, turn
from bot.storage.tables.sealed import SEALED, SealedText
from bot.upkeep.database import examine, move, reencrypt
from tests.conftest import ADMIN, Core, make_core
from tests.databases import on, plain, rows
from tests.house.repository import product, tree

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
SEALS = Seals.of([OLD])
ROTATED = Seals.of([NEW, OLD])
STOPPED = Seals.of([OLD], plain=True)

SECRET = "xyzzy"
MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}

_READABLE = {
    "who it is, as platforms and admins call them": {
        "account.language",
        "account.zone",
        "admission.decided_by",
        "audit.actor",
        "audit.subject",
        "broadcast.author",
        "dashboard_link.who",
        "identity.belonging",
        "identity.folded",
        "identity.handle",
        "identity.language",
        "identity.name",
        "identity.platform",
        "identity.user",
        "identity.username",
        "invite.made_by",
        "request.decided_by",
        "session.who",
    },
    "where it is, in numbers of platforms": {
        "charge.chat",
        "conversation.place",
        "group_setting.key",
        "group_setting.only_in",
        "inbox.event",
        "inbox.lane",
        "inbox.source",
        "lane.key",
        "lane.person",
        "outbox.platform",
        "outbox.sent_as",
        "pace.person",
        "place.key",
        "progress.platform",
        "quota.subject",
        "turn.messages",
        "usage.subject",
        "warning.subject",
    },
    "a word out of a few, or a name that operators and admins gave": {
        "account.busy",
        "account.persona",
        "account.pinned_model",
        "account.plan",
        "account.role",
        "alert.kind",
        "alert.subject",
        "audit.action",
        "budget.scope",
        "budget.span",
        "call.answered",
        "call.asked",
        "call.ending",
        "call.payer",
        "call.endpoint",
        "call.platform",
        "call.purpose",
        "charge.model",
        "charge.tier",
        "conversation.persona",
        "credit.meter",
        "credit.scope",
        "hold.scope",
        "hold.span",
        "leadership.duty",
        "lesson.model",
        "outbox.failure",
        "own_key.endpoint",
        "persona.name",
        "picture.media_type",
        "place.persona",
        "plan.name",
        "quota.meter",
        "quota.scope",
        "quota.span",
        "response_cache.model",
        "strike.categories",
        "switch.name",
        "turn.ending",
        "usage.model",
        "usage.tier",
        "variant.label",
        "variant.persona",
        "warning.meter",
        "warning.scope",
        "warning.span",
    },
    "a digest, or a name of a process or key": {
        "dashboard_link.digest",
        "invite.digest",
        "lane.owner",
        "leadership.owner",
        "link_code.digest",
        "response_cache.key",
        "seal.name",
        "session.digest",
    },
}


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    database = Storage.open(database_url, SEALS)
    await database.recognise()
    yield database
    await database.close()


def remembering(storage: Storage) -> Core:
    core = make_core(storage, window=8000, daily=MANY, context=ContextPolicy(budget=200))
    core.model.always = ("That is how they have always been hanging.",)
    return core


@contextmanager
def silent(_label: str, _total: int) -> Iterator[Progress]:
    yield lambda _rows: None


async def tell(core: Core) -> None:
    """Somebody says the word in every way there is, until it has left the prompts."""
    await core.say("ada", f"My word is {SECRET}.")
    for words in ("/retry", "/fork", f"/chats rename 1 {SECRET}", f"/quota {SECRET}", f"/quota request {SECRET}"):
        await core.say("ada", words)
    for words in (f"/persona new poet {SECRET}", f"/broadcast {SECRET}", f"/maintenance on {SECRET}"):
        await core.say(ADMIN, words)
    await core.say(ADMIN, "/maintenance off")
    await core.say("ada", f"/new {SECRET}")
    await core.say("ada", f"My word is {SECRET}, and it opens the gate.")
    async with core.storage.begin() as work:
        picture = Picture(content=SECRET.encode(), media_type="image/jpeg", width=9, height=9)
        await work.pictures.put(1, [picture])
        await work.answers.put("key", KeptAnswer(text=SECRET, model="m", at=0))
    for number in range(20):
        core.clock.pass_(minutes=1)
        await core.say("ada", f"{number} green bottles are hanging on the wall")


def whole(url: str) -> bytes:
    """Everything there is of a database: the files of SQLite, of PostgreSQL what a dump holds."""
    path = make_url(url).database or ""
    if url.startswith("sqlite"):
        return b"".join(file.read_bytes() for file in Path(path).parent.glob(f"{Path(path).name}*"))
    with psycopg.connect(plain(url)) as server:
        copies = (server.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) for name in metadata.tables)
        return b"".join(bytes(line) for one in copies for line in _lines(one))


def _lines(copying: AbstractContextManager[psycopg.Copy]) -> Iterator[Buffer]:
    with copying as copy:
        yield from copy


def test_every_column_that_can_hold_words_is_sealed_or_known_not_to() -> None:
    wide = (sa.String, sa.JSON, sa.LargeBinary)
    readable = {str(one) for table in metadata.sorted_tables for one in table.columns if isinstance(one.type, wide)}
    assert readable == {name for names in _READABLE.values() for name in names}


def test_what_was_sealed_for_one_column_opens_in_no_other() -> None:
    columns = [one for table in tables() for one in table.columns if isinstance(one.type, SEALED)]
    assert [cast("SealedText", one.type).about for one in columns] == [str(one) for one in columns]
    with pytest.raises(Unreadable, match="belongs elsewhere"):
        SEALS.open(SEALS.seal(b"hello", "turn.question"), "turn.answer")


@pytest.mark.parametrize(
    "compared", [lambda one: one == "a", lambda one: one.like("a"), lambda one: one.in_(["a"]), lambda one: one + "a"]
)
def test_sql_cannot_look_into_what_is_sealed(compared: Callable[[sa.ColumnElement[str]], object]) -> None:
    with pytest.raises(TypeError, match="is sealed"):
        compared(turn.c.question)


def test_no_function_of_sql_is_given_what_is_sealed() -> None:
    every = [one for table in metadata.sorted_tables for one in table.columns]
    # Whose name tells that they are sealed.
    names = {one.name for one in every} - {one.name for one in every if not isinstance(one.type, SEALED)}
    assert names >= {"question", "payload", "part", "title"}
    given = [
        f"{name}:{call.lineno}"
        for name in product()
        if name.startswith("bot/storage/")
        for call in ast.walk(tree(name))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith(("sa.func.", "sa.cast", "sa.case"))
        if not ast.unparse(call.func).endswith("func.length")  # of what is stored
        for argument in call.args
        if isinstance(argument, ast.Attribute) and ast.unparse(argument.value).endswith(".c")
        if argument.attr in names or ast.unparse(argument) == "turn.c.answer"
    ]
    assert given == []


async def test_nothing_that_was_said_can_be_read_in_the_database(storage: Storage, database_url: str) -> None:
    await tell(remembering(storage))
    everything = whole(database_url)
    assert b"sealed:1:" in everything
    assert [word for word in (SECRET, "bottles", "hanging", "echo") if word.encode() in everything] == []
    filled = {name for name in {table.name for table in tables()} if rows(database_url, f"SELECT 1 FROM {name}")}  # noqa: S608
    assert filled >= {"audit", "inbox", "memory", "outbox", "persona", "picture", "request", "response_cache", "turn"}


async def test_what_left_the_prompt_is_recalled_and_found(storage: Storage, database_url: str) -> None:
    core = remembering(storage)
    await tell(core)
    assert rows(database_url, "SELECT count(*) FROM posting")[0][0] > 50
    await core.say("ada", "Which word opens the gate?")
    assert SECRET in core.model.prompts[-1].messages[-1].text
    assert SECRET in await core.say("ada", f"/search {SECRET.upper()} gate")


@on("sqlite")
async def test_the_index_of_one_memory_tells_nothing_about_another(storage: Storage, database_url: str) -> None:
    core = remembering(storage)
    for user in ("ada", "ben"):
        for number in range(20):
            core.clock.pass_(minutes=1)
            await core.say(user, f"{number} green bottles are hanging on the wall")
    terms: dict[int, set[int]] = defaultdict(set)
    for memory_id, term in rows(database_url, "SELECT memory_id, term FROM posting"):
        terms[memory_id].add(term)
    ada, ben = terms.values()
    assert ada.isdisjoint(ben)


@on("sqlite")
async def test_what_was_changed_in_the_database_is_refused(storage: Storage, database_url: str) -> None:
    core = remembering(storage)
    await core.say("ada", "hello")
    async with storage.begin() as work:
        await work.history._connection.exec_driver_sql(
            "UPDATE turn SET question = substr(question, 1, length(question) - 8) || 'AAAAAAA='"
        )
    with pytest.raises(Unreadable, match="was changed"):
        async with storage.begin() as work:
            await work.transcripts.read(1)


@pytest.mark.parametrize(
    ("seals", "advice"), [(UNSEALED, "set ENCRYPTION_KEYS_FILE"), (Seals.of([NEW]), "add the old key below")]
)
async def test_nothing_starts_without_the_key(storage: Storage, database_url: str, seals: Seals, advice: str) -> None:
    opened = Storage.open(database_url, seals)
    with pytest.raises(ConfigError, match=advice) as refused:
        await opened.recognise()
    assert SEALS.current is not None
    assert SEALS.current.name.hex() in str(refused.value)
    await opened.close()


@pytest.mark.parametrize("said", ["sealed:1:AAAA", "sealed::x", "sealed: with a kiss"])
async def test_words_that_look_sealed_are_words(database_url: str, said: str) -> None:
    opened = Storage.open(database_url, UNSEALED)
    core = remembering(opened)
    await core.say("ada", said)
    await core.say("ada", "and?")
    assert core.model.prompts[-1].messages[1].text == said
    await opened.close()


async def works_with(url: str, seals: Seals) -> None:
    """It starts, remembers and finds."""
    opened = Storage.open(url, seals)
    await opened.recognise()
    core = remembering(opened)
    await core.say("ada", "Which word opens the gate?")
    assert SECRET in core.model.prompts[-1].messages[-1].text
    assert SECRET in await core.say("ada", f"/search {SECRET}")
    await opened.close()


async def test_what_was_said_before_there_was_a_key_is_sealed_afterwards(database_url: str) -> None:
    opened = Storage.open(database_url, UNSEALED)
    await tell(remembering(opened))
    await opened.close()
    assert SECRET.encode() in whole(database_url)
    await works_with(database_url, SEALS)  # mixed
    await reencrypt(database_url, silent, SEALS)
    if database_url.startswith("sqlite"):  # PostgreSQL overwrites what was there when it likes
        assert SECRET.encode() not in whole(database_url)
    assert [name for name, sealed in stored(database_url) if not sealed] == []
    await works_with(database_url, SEALS)


def stored(url: str) -> Iterator[tuple[str, bool]]:
    """Every value of a sealed column, by the name of the column: whether it is sealed."""
    for table in tables():
        for column in table.columns:
            if isinstance(column.type, SEALED):
                for (value,) in rows(url, f'SELECT "{column.name}" FROM "{table.name}"'):  # noqa: S608
                    text = bytes(value) if isinstance(value, bytes | memoryview) else json.dumps(value).encode()
                    if value is not None and value != "null":
                        yield str(column), b"sealed:1:" in text


async def test_a_key_is_replaced_by_another(storage: Storage, database_url: str) -> None:
    await tell(remembering(storage))
    await storage.close()
    await works_with(database_url, ROTATED)
    await reencrypt(database_url, silent, ROTATED)
    await works_with(database_url, Seals.of([NEW]))


async def test_sealing_is_given_up_again(storage: Storage, database_url: str) -> None:
    await tell(remembering(storage))
    await storage.close()
    await reencrypt(database_url, silent, STOPPED)
    assert [name for name, sealed in stored(database_url) if sealed] == []
    await works_with(database_url, UNSEALED)


async def test_sealing_that_was_broken_off_goes_on(storage: Storage, database_url: str) -> None:
    await tell(remembering(storage))
    await storage.close()

    @contextmanager
    def broken(_label: str, _total: int) -> Iterator[Progress]:
        def more(_rows: int) -> None:
            raise InterruptedError

        yield more

    with pytest.raises(InterruptedError):
        await reencrypt(database_url, broken, ROTATED)
    assert {name for (name,) in rows(database_url, "SELECT name FROM seal")} == {one.hex() for one in ROTATED.known}, (
        "until it is done both keys are asked for"
    )
    await reencrypt(database_url, silent, ROTATED)
    await works_with(database_url, Seals.of([NEW]))


@on("sqlite")
async def test_a_copy_is_sealed_by_the_newest_key(storage: Storage, database_url: str, tmp_path: Path) -> None:
    await tell(remembering(storage))
    await storage.close()
    target = f"sqlite+aiosqlite:///{tmp_path}/copy.db"
    said: list[str] = []
    await asyncio.to_thread(move, database_url, target, silent, ROTATED, replace=False)
    assert await examine(target, said.append, Seals.of([NEW])), said
    await works_with(target, Seals.of([NEW]))
    assert SECRET.encode() not in whole(target)


async def test_a_check_says_that_a_key_is_missing(storage: Storage, database_url: str) -> None:
    said: list[str] = []
    assert not await examine(database_url, said.append, UNSEALED)
    assert "ENCRYPTION_KEYS_FILE" in said[-1]


@on("sqlite")
async def test_a_memory_keeps_its_key_when_a_new_one_seals(storage: Storage, database_url: str) -> None:
    await tell(remembering(storage))
    before = rows(database_url, "SELECT * FROM posting")
    await storage.close()
    await reencrypt(database_url, silent, ROTATED)
    assert rows(database_url, "SELECT * FROM posting") == before
    assert rows(database_url, 'SELECT count(*) FROM memory WHERE "key" IS NULL') == [(0,)]
    assert len(rows(database_url, "SELECT name FROM seal")) == 1
