"""What becomes of messages that come while an answer is written: they wait, are answered together, or are left out."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.tables import InboxState, inbox
from tests.conftest import Core, make_core

MANY: Mapping[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


def questions(core: Core) -> list[str]:
    return [prompt.messages[-1].text for prompt in core.model.prompts]


async def begin(core: Core, text: str, *, words: str = "", **more: str) -> asyncio.Event:
    """Ada asks; the model says `words` and then waits for the event."""
    go = asyncio.Event()
    core.model.script = [(words, go, "rest") if words else (go, "rest")]
    asked = len(core.model.prompts)
    await core.hear("ada", text, **more)
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await until(lambda: len(core.model.prompts) > asked)
    if words:
        await core.platform.shown(words)
    return go


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def finish(core: Core) -> None:
    await core.dispatcher.drain(5)
    await core.work()


async def choose(core: Core, mode: str) -> None:
    await core.say("ada", f"/settings busy {mode}")
    core.platform.sent.clear()


async def test_without_a_choice_the_message_waits(core: Core) -> None:
    go = await begin(core, "one")
    await core.hear("ada", "two")
    go.set()
    await finish(core)
    assert questions(core) == ["one", "two"]


async def test_the_settings_show_and_change_it_by_buttons(core: Core) -> None:
    assert "waits until I am done" in await core.say("ada", "/settings busy")
    assert "go on with both" in await core.click("ada", "Go on with both")
    assert "leave the new message out" in await core.click("ada", "Leave it out")
    assert core.platform.labels[-1] == ["Let it wait", "Go on with both", "« Settings"]


class TestSteer:
    @pytest.fixture(autouse=True)
    async def chosen(self, core: Core) -> None:
        await choose(core, "steer")

    async def test_before_the_first_word_both_are_one_question(self, core: Core) -> None:
        await begin(core, "one")
        await core.hear("ada", "two")
        await finish(core)
        assert questions(core) == ["one", "one\ntwo"]
        assert [text for _, text in core.platform.sent] == ["↪ Going on with your next message.", "echo: one\ntwo"]

    async def test_after_some_words_they_stay_and_the_next_question_follows_them(self, core: Core) -> None:
        await begin(core, "one", words="so far")
        await core.hear("ada", "two")
        await finish(core)
        assert core.platform.sent[0][1] == "so far\n\n↪ Going on with your next message."
        assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["one", "so far", "two"]

    async def test_again_and_again_everything_is_kept(self, core: Core) -> None:
        await begin(core, "one")
        await core.hear("ada", "two")
        await core.dispatcher.drain(5)
        go = asyncio.Event()
        core.model.script = [(go, "rest")]
        (lease,) = await core.inbox.claim(1)
        core.dispatcher.start(lease)
        await until(lambda: len(core.model.prompts) == 2)
        await core.hear("ada", "three")
        await finish(core)
        assert questions(core)[-1] == "one\ntwo\nthree"

    async def test_somebody_elses_message_stops_nothing(self, core: Core) -> None:
        go = await begin(core, "one", chat="team")
        await core.hear("ben", "two", chat="team")
        await asyncio.sleep(0.1)
        go.set()
        await finish(core)
        assert questions(core) == ["one", "two"]
        assert core.platform.sent[0][1] == "rest"

    async def test_what_gave_way_is_taken_along_once(self, core: Core) -> None:
        await begin(core, "one")
        await core.hear("ada", "two")
        await finish(core)
        await core.say("ada", "three")
        assert questions(core)[-1] == "three"

    async def test_everything_is_done_in_the_end(self, core: Core) -> None:
        await begin(core, "one")
        await core.hear("ada", "two")
        await finish(core)
        async with core.storage.begin() as work:
            states = (await work.history._connection.execute(sa.select(inbox.c.state))).scalars()
            assert set(states) == {InboxState.DONE}


class TestIgnore:
    @pytest.fixture(autouse=True)
    async def chosen(self, core: Core) -> None:
        await choose(core, "ignore")

    async def test_what_comes_meanwhile_is_left_out_and_told(self, core: Core) -> None:
        go = await begin(core, "one")
        await asyncio.sleep(0.01)
        await core.hear("ada", "two")
        await asyncio.sleep(0.01)
        go.set()
        await finish(core)
        assert questions(core) == ["one"]
        assert [text for _, text in core.platform.sent] == [
            "rest",
            "I was still answering, so I left this out, as you chose in /settings.",
        ]

    async def test_what_comes_afterwards_is_answered(self, core: Core) -> None:
        await core.say("ada", "one")
        await asyncio.sleep(0.01)
        assert await core.say("ada", "two") == "echo: two"

    async def test_others_are_answered(self, core: Core) -> None:
        go = await begin(core, "one", chat="team")
        await core.hear("ben", "two", chat="team")
        go.set()
        await finish(core)
        assert questions(core) == ["one", "two"]
