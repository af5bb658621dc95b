"""A question that is edited is asked anew, and what followed it becomes another branch."""

import pytest

from bot.domain.bursts import edited, joined
from bot.domain.quotas import Meter
from bot.errors import UpstreamDown
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.databases import on

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


def seen(core: Core) -> list[str]:
    """What the model saw last, after its instructions."""
    return [message.text for message in core.model.prompts[-1].messages[1:]]


async def ask(core: Core, *questions: str, user: str = "ada", **more: str) -> None:
    """Ask, each in a message whose id is the question itself."""
    for question in questions:
        await core.say(user, question, message=question, **more)


async def edit(core: Core, message: str, text: str, user: str = "ada", **more: str) -> str:
    return await core.say(user, text, message=message, edited=True, **more)


async def test_the_conversation_goes_on_from_the_edited_question(core: Core) -> None:
    await ask(core, "one", "two", "three")
    assert await edit(core, "two", "zwei") == "echo: zwei"
    assert seen(core) == ["one", "echo: one", "zwei"]
    await ask(core, "four")
    assert seen(core) == ["one", "echo: one", "zwei", "echo: zwei", "four"]


async def test_undoing_it_brings_back_everything_that_had_followed(core: Core) -> None:
    await ask(core, "one", "two", "three")
    await edit(core, "two", "zwei")
    assert "2 turns that it had replaced are back" in await core.say("ada", "/undo")
    await ask(core, "four")
    assert seen(core) == ["one", "echo: one", "two", "echo: two", "three", "echo: three", "four"]


async def test_an_edited_question_can_be_edited_again(core: Core) -> None:
    await ask(core, "one")
    await edit(core, "one", "eins")
    await edit(core, "one", "uno")
    assert seen(core) == ["uno"]


async def test_one_that_failed_is_asked_in_its_new_words(core: Core) -> None:
    core.model.script = [(UpstreamDown("503"),)]
    await ask(core, "one")
    assert await edit(core, "one", "eins") == "echo: eins"


async def test_if_the_new_question_fails_the_old_turns_are_back(core: Core) -> None:
    await ask(core, "one", "two")
    core.model.script = [(UpstreamDown("503"),)]
    await edit(core, "one", "eins")
    await ask(core, "three")
    assert seen(core) == ["one", "echo: one", "two", "echo: two", "three"]


async def test_what_changed_nothing_is_left_alone(core: Core) -> None:
    await ask(core, "one")
    await edit(core, "one", "one")
    assert len(core.platform.sent) == 1


async def test_what_is_for_the_bot_only_since_it_was_edited_is_a_question_like_any_other(core: Core) -> None:
    await ask(core, "one", chat="team")
    await edit(core, "chatter", "hello", chat="team")
    assert seen(core) == ["one", "echo: one", "hello"]
    await edit(core, "chatter", "good evening", chat="team")
    assert seen(core) == ["one", "echo: one", "good evening"]


async def test_a_question_of_a_conversation_that_was_left_is_left_alone(core: Core) -> None:
    await ask(core, "one")
    await core.say("ada", "/new")
    said = len(core.platform.sent)
    await edit(core, "one", "eins")
    assert len(core.platform.sent) == said


async def test_in_a_group_others_keep_what_they_said_since(core: Core) -> None:
    await ask(core, "one", chat="team")
    await ask(core, "bens", user="ben", chat="team")
    await edit(core, "one", "eins", chat="team")
    assert seen(core) == ["bens", "echo: bens", "eins"]


async def test_nobody_edits_somebody_elses_question(core: Core) -> None:
    await ask(core, "one", chat="team")
    await edit(core, "one", "hijacked", user="eve", chat="team")
    assert len(core.platform.sent) == 1


@on("sqlite")
async def test_after_a_crash_the_edited_question_is_answered_once(core: Core, storage: Storage) -> None:
    await ask(core, "one", "two")
    await core.hear("ada", "eins", message="one", edited=True)
    (lease,) = await core.inbox.claim(1)
    async with lease.begin() as work:
        await work.history.edited(
            lease.claim.id, conversation_id=1, account_id=1, message="one", text="eins", alone=False
        )
    again = make_core(storage, daily=MANY)
    await again.inbox.recover()
    await again.work()
    assert [text for _, text in again.platform.sent] == ["echo: eins"]
    assert seen(again) == ["eins"]


def test_an_edit_of_one_message_of_several_changes_its_part_alone() -> None:
    question, messages = joined(["a b", "c", "d"]), [("1", 3), ("2", 1), ("3", 1)]
    assert edited(question, messages, "2", "longer") == ("a b\nlonger\nd", [("1", 3), ("2", 6), ("3", 1)])
