"""Bringing a conversation back from a file that anybody may have written: all of it, or nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.tables import conversation, turn
from bot.transcripts.reading import MOST_BYTES, from_record
from tests.conftest import Core, make_core

MANY: Mapping[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


async def exported(core: Core) -> bytes:
    """A conversation with a branch."""
    await core.say("ada", "/new Soup")
    core.model.script = [("first",), ("second",)]
    for words in ("how long?", "/retry", "/export json"):
        await core.say("ada", words)
    (file,) = core.platform.files[-1]
    return file.content


async def imported(core: Core, content: bytes, user: str = "ada") -> str:
    core.platform.uploads["f.json"] = content
    return await core.say(user, "/import", file="f.json")


async def count(core: Core) -> list[int]:
    async with core.storage.begin() as work:
        return [
            (await work.history._connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in (conversation, turn)
        ]


def seen(core: Core) -> list[str]:
    return [message.text for message in core.model.prompts[-1].messages[1:]]


async def test_a_conversation_comes_back_and_goes_on(core: Core) -> None:
    content = await exported(core)
    assert await imported(core, content, "ben") == "Imported: 2 questions. The conversation goes on here from now."
    await core.say("ben", "and then?")
    assert seen(core) == ["how long?", "second", "and then?"]
    assert "▶ 1. `Soup`" in await core.say("ben", "/chats")


async def test_its_branches_come_back_too(core: Core) -> None:
    content = await exported(core)
    await imported(core, content, "ben")
    assert "1 turn that it had replaced is back" in await core.say("ben", "/undo")
    await core.say("ben", "/export json")
    again = json.loads(core.platform.files[-1][0].content)
    assert [one["answer"] for one in again["turns"]] == ["first", "second"]


async def test_the_other_conversation_is_one_tap_away(core: Core) -> None:
    await core.say("ada", "soup")
    await imported(core, await exported(core))
    await core.click("ada", "↩ Back to the other one")
    assert "▶" in await core.say("ada", "/chats")


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda record: {key: value for key, value in record.items() if key != name}


def with_turn(**change: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda record: {**record, "turns": [record["turns"][0], {**record["turns"][1], **change}]}


BAD: list[Callable[[dict[str, Any]], Any]] = [
    without("format"),
    without("turns"),
    lambda record: {**record, "format": "another"},
    lambda record: {**record, "version": 2},
    lambda record: {**record, "extra": 1},
    lambda record: {**record, "title": "x" * 201},
    lambda record: {**record, "turns": []},
    lambda record: {**record, "turns": record["turns"] * 1001},
    lambda record: [record],
    with_turn(question=""),
    with_turn(question=7),
    with_turn(question="x" * 500_001),
    with_turn(answer=None),
    with_turn(state="deleted"),
    with_turn(replaced_by=0),
    with_turn(replaced_by=99),
    with_turn(replaced_by="1"),
    with_turn(asked_at="yesterday"),
    with_turn(asked_at="0001-01-01T00:00:00+00:00"),
    with_turn(asked_at="2026-01-01T00:00:00"),
    with_turn(ending="x" * 33),
    with_turn(inbox_id=1),
]


@pytest.mark.parametrize("spoil", BAD)
async def test_what_is_not_as_it_was_written_changes_nothing(core: Core, spoil: Callable[[Any], Any]) -> None:
    record = json.loads(await exported(core))
    before = await count(core)
    assert "I cannot use that file" in await imported(core, json.dumps(spoil(record)).encode())
    assert await count(core) == before


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"format": "\\ud800"}', b"null", b"1e999"]
)
def test_what_is_no_json_is_no_transcript(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_record(content)


async def test_a_sign_that_no_database_takes_is_refused(core: Core) -> None:
    content = (await exported(core)).replace(b"how long?", b"\\ud800")
    assert "I cannot use that file" in await imported(core, content)


async def test_a_file_that_is_too_large_is_not_even_fetched(core: Core) -> None:
    assert "too large" in await imported(core, b"x" * (MOST_BYTES + 1))


async def test_without_a_file_it_says_how(core: Core) -> None:
    assert "as its caption" in await core.say("ada", "/import")


async def test_what_was_imported_is_forgotten_with_the_rest(core: Core) -> None:
    await imported(core, await exported(core))
    await core.say("ada", "/forget everything sure")
    await core.click("ada", "🗑 Yes, for good")
    assert (await count(core))[1] == 0
