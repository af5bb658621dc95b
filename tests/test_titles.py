"""Titles are written by a light model when nobody waits, and never over a title of a person's."""

from collections.abc import Mapping

import pytest

from bot.domain.quotas import Meter
from bot.errors import UpstreamDown
from bot.storage import Storage
from tests.conftest import Core, make_core

MANY: Mapping[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY, titles=True)


async def titled(core: Core, title: str) -> str:
    """Ada asks, the model answers and then names the conversation; returns the list."""
    core.model.script = [("an answer",), (title,)]
    await core.say("ada", "how long do I boil soup")
    return await core.say("ada", "/chats")


async def test_after_the_first_answer_the_conversation_has_a_title(core: Core) -> None:
    assert "`Boiling soup`" in await titled(core, ' "Boiling soup"\n(a title)')
    assert core.model.prompts[1].purpose == "title"


async def test_nothing_in_it_turns_around_what_follows(core: Core) -> None:
    assert "`Boiling soup`" in await titled(core, "\u202eBoiling\u2066 soup\u200b")


async def test_it_is_written_once(core: Core) -> None:
    await titled(core, "Boiling soup")
    await core.say("ada", "and pasta")
    assert [prompt.purpose for prompt in core.model.prompts] == ["chat", "title", "chat"]


async def test_a_title_of_a_persons_stays(core: Core) -> None:
    await core.say("ada", "/new Mine")
    assert "`Mine`" in await titled(core, "Boiling soup")


async def test_without_one_it_goes_by_its_first_words(core: Core) -> None:
    core.model.script = [("an answer",), (UpstreamDown("503"),)]
    await core.say("ada", "how long do I boil soup")
    assert "`how long do I boil soup`" in await core.say("ada", "/chats")


async def test_an_answer_never_waits_for_it(core: Core) -> None:
    core.model.script = [("an answer",), (UpstreamDown("503"),)]
    assert await core.say("ada", "hello") == "an answer"
