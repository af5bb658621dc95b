"""Searching one's own history, and the way back to what was found."""

import pytest

from bot.domain.quotas import Meter
from bot.storage import Storage
from tests.conftest import Core, make_core

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
async def core(storage: Storage) -> Core:
    core = make_core(storage, daily=MANY)
    await core.say("ada", "how long do I boil Tomato soup", message="m1")
    await core.say("ada", "/new")
    await core.say("ada", "what is 100%_sure?", message="m2")
    return core


async def test_questions_and_answers_are_found_by_their_words_in_any_case(core: Core) -> None:
    core.model.script = [("Zwiebeln",)]
    await core.say("ada", "onions in German")
    assert "boil Tomato soup" in await core.say("ada", "/search SOUP tomato")
    assert "onions in German" not in await core.say("ada", "/search soup")
    assert "Zwiebeln" in await core.say("ada", "/search zwiebel")


async def test_what_is_found_leads_back_to_its_message_and_conversation(core: Core) -> None:
    await core.say("ada", "/search soup")
    assert "The answer: `echo: how long do I boil Tomato soup`" in await core.click("ada", "1")
    assert core.platform.about[-1] == "m1"
    await core.click("ada", "▶ Go on with this conversation")
    await core.say("ada", "and pasta?")
    assert len(core.model.prompts[-1].messages) == 4


async def test_many_results_are_turned_page_by_page(core: Core) -> None:
    for number in range(7):
        await core.say("ada", f"apple {number}")
    assert "apple 6" in await core.say("ada", "/search apple")
    assert "apple 1" in await core.click("ada", "▶")
    assert "▶" not in core.platform.labels[-1]


async def test_nobody_finds_what_others_said(core: Core) -> None:
    assert await core.say("eve", "/search soup") == "Nothing of yours here holds `soup`."
    assert await core.say("eve", "/search open 1") == "That is not here any more."


async def test_what_was_said_in_private_is_not_found_in_a_group(core: Core) -> None:
    assert "Nothing of yours here" in await core.say("ada", "/search soup", chat="team")
    assert await core.say("ada", "/search open 1", chat="team") == "That is not here any more."


@pytest.mark.parametrize(
    ("words", "holds"), [("100%_s", True), ("100_", False), ("soup%", False), ("' OR 1=1 --", False)]
)
async def test_signs_of_the_database_are_words_like_others(core: Core, words: str, holds: bool) -> None:  # noqa: FBT001
    assert ("Found" in await core.say("ada", f"/search {words}")) is holds


async def test_chinese_needs_no_blanks_between_words(core: Core) -> None:
    await core.say("ada", "西红柿汤要煮多久")
    assert "西红柿汤" in await core.say("ada", "/search 汤要煮")
