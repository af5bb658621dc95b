"""First contact: what somebody reads and can do before they know anything."""

import asyncio

import pytest

from bot.commands.declaration import Choice
from bot.commands.welcome import SUGGESTIONS
from tests.conftest import ADMIN, Core

PHONE = 24
"""Lines of a chat that a phone shows at once, of about 36 letters each."""


def lines_on_a_phone(said: str) -> int:
    return sum(1 + len(line) // 36 for line in said.splitlines())


async def prompts(core: Core) -> list[str]:
    return [prompt.messages[-1].text for prompt in core.model.prompts]


async def test_start_says_in_three_lines_what_it_does_and_what_is_stored(core: Core) -> None:
    said = await core.say("ada", "/start")
    does, stores, more = said.splitlines()
    assert "language model answers" in does
    assert "I store your messages and my answers; /forget deletes" in stores
    assert "/help" in more
    assert "/settings" in more


async def test_start_offers_four_questions_and_a_tap_asks_one(core: Core) -> None:
    await core.say("ada", "/start")
    assert core.platform.labels[-1] == [one.message for one in SUGGESTIONS]
    assert len(SUGGESTIONS) == 4
    assert await core.click("ada", "Explain compound interest simply") == "echo: Explain compound interest simply"


async def test_what_was_asked_by_a_tap_is_part_of_the_conversation_and_charged(core: Core) -> None:
    await core.say("ada", "/start")
    await core.click("ada", "What can you help me with?")
    await core.say("ada", "And what else?")
    said = [message.text for message in core.model.prompts[-1].messages]
    assert said == ["be kind", "What can you help me with?", "echo: What can you help me with?", "And what else?"]
    assert "Messages today: 2 of 5" in await core.say("ada", "/usage")


async def test_a_question_is_asked_in_the_words_of_its_button(core: Core) -> None:
    await core.say("ada", "/start", language="zh-hans")
    label = core.platform.labels[-1][0]
    assert label != SUGGESTIONS[0].message
    assert await core.click("ada", label, language="zh-hans") == f"echo: {label}"


async def test_a_question_waits_for_the_answer_before_it(core: Core) -> None:
    go = asyncio.Event()
    core.model.script = [("slow ", go)]
    await core.hear("ada", "one")
    (lease,) = await core.inbox.claim(1)
    core.dispatcher.start(lease)
    await core.hear("ada", "/ask 1")
    assert await core.inbox.claim(1) == []
    go.set()
    await core.dispatcher.drain(5)
    await core.work()
    assert await prompts(core) == ["one", SUGGESTIONS[0].message]


@pytest.mark.parametrize("number", ["0", "5", "x", "1 2", ""])
async def test_there_are_no_other_questions(core: Core, number: str) -> None:
    assert "Usage" in await core.say("ada", f"/ask {number}")
    assert await prompts(core) == []


async def test_a_blocked_person_cannot_ask_by_a_tap_either(core: Core) -> None:
    await core.say("ada", "/start")
    await core.say(ADMIN, "/block @ada")
    await core.click(ADMIN, "⛔ Block")
    assert "cannot use this bot" in await core.click("ada", "What can you help me with?")
    assert await prompts(core) == []


async def test_help_fits_a_phone(core: Core) -> None:
    assert lines_on_a_phone(await core.say("ada", "/help")) <= PHONE


async def test_every_page_of_help_fits_a_phone(core: Core) -> None:
    await core.say("ada", "/help")
    for label in list(core.platform.labels[-1]):
        assert lines_on_a_phone(await core.click("ada", label)) <= PHONE
        await core.click("ada", "« All commands")


async def test_help_has_each_command_under_one_topic(core: Core) -> None:
    said = await core.say(ADMIN, "/help")
    typed = [command.name for command in core.book if command.topic != "hidden"]
    shown = [word.removeprefix("/") for word in said.split() if word.startswith("/")]
    assert sorted(shown) == sorted([*typed, "help"])  # the last line shows how to ask for more


async def test_commands_of_buttons_are_in_no_list(core: Core) -> None:
    said = await core.say(ADMIN, "/help")
    assert "/thumb" not in said
    assert "/ask" not in said


async def test_a_topic_tells_what_its_commands_are_for(core: Core) -> None:
    await core.say("ada", "/help")
    assert "/usage — What you have used" in await core.click("ada", "📊 Limits")
    assert core.platform.instead_of[-1] == str(len(core.platform.sent) - 1)


async def test_admins_have_a_topic_of_their_own(core: Core) -> None:
    assert "🛠 Admins" not in await core.say("ada", "/help")
    await core.say(ADMIN, "/help")
    assert "Name people by replying" in await core.click(ADMIN, "🛠 Admins")
    assert "do not know the command `admins`" in await core.say("ada", "/help admins")


async def test_a_command_is_explained_with_its_usage_and_an_example(core: Core) -> None:
    said = await core.say("ada", "/help export")
    assert said.splitlines() == [
        "/export — Get this conversation as a file, or all that is stored of you",
        "Usage: `/export [md|html|json|everything]`",
        "For example: `/export html`",
    ]
    assert await core.say("ada", "/help /export") == said


async def test_a_command_is_explained_as_far_as_one_may_use_it(core: Core) -> None:
    assert "Usage: `/quota request [WHAT]`" in await core.say("ada", "/help quota")
    assert "For example" not in core.platform.sent[-1][1]
    assert "Usage: `/quota show|set" in await core.say(ADMIN, "/help quota")


@pytest.mark.parametrize("name", ["dance", "block", "`x`", "y" * 500])
async def test_a_command_that_one_does_not_have_is_not_explained(core: Core, name: str) -> None:
    said = await core.say("ada", f"/help {name}")
    assert said.startswith("I do not know the command `")
    assert len(said) < 200


def test_every_example_and_button_fits() -> None:
    assert all(Choice.fits(f"ask {number}") for number in range(1, len(SUGGESTIONS) + 1))
