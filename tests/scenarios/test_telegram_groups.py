"""Groups, channels and the words of others on Telegram: the real adapter against the emulator, the real core."""

from collections.abc import AsyncIterator

import pytest

from adapters.telegram.emulator import Limits, Message, Person, TelegramEmulator
from adapters.telegram.emulator.chats import Chat
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.scenarios.serving import serving

TOKEN = "100:TEST"
LONG = 60.0
"""Seconds that a busy machine may take."""


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        yield telegram


@pytest.fixture
async def platform(tg: TelegramEmulator) -> AsyncIterator[TelegramPlatform]:
    one = TelegramPlatform(
        TOKEN,
        api_url=tg.url,
        commands=all_commands(),
        clock=SystemClock(),
        poll_seconds=1,
        triggers=["Parley"],
        channels=True,
    )
    yield one
    await one.close()


def two(tg: TelegramEmulator) -> tuple[Person, Person]:
    return tg.person(id=11, first_name="Ada", username="ada"), tg.person(id=12, first_name="Ben", username="ben")


async def answer(tg: TelegramEmulator, chat: Chat, number: int = 1) -> Message:
    """The n-th message of the bot's in a chat, once it is there."""

    def by_bot() -> list[Message]:
        return [one for one in tg.messages(chat) if one.sender.is_bot and not one.more]

    await tg.until(lambda: len(by_bot()) >= number, limit=LONG)
    return by_bot()[number - 1]


def asked(core: Core) -> str:
    return core.model.prompts[-1].messages[-1].text


async def test_a_trigger_word_calls_the_bot_and_the_answer_quotes_the_question(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, ben = make_core(storage, others=[platform]), *two(tg)
    team = tg.group(id=-1001, title="Team", members=(ada, ben))
    async with serving(core, platform):
        ben.says("nobody asks you", chat=team)
        question = ada.says("Parley, what time is it?", chat=team)
        ben.says("not me", chat=team)
        told = await answer(tg, team)
    assert (told.text, told.reply_to) == ("echo: what time is it?", question)
    assert len(core.model.prompts) == 1


async def test_the_model_is_told_whose_words_are_forwarded_and_quoted(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, ben = make_core(storage, others=[platform]), *two(tg)
    team = tg.group(id=-1001, title="Team", members=(ada, ben))
    said = ben.says("The earth is flat.", chat=team)
    async with serving(core, platform):
        ada.forwards(said, origin=team)
        await answer(tg, ada.chat)
        assert asked(core) == "[Forwarded, written by Ben:]\n> The earth is flat."
        ada.says("Parley, why?", chat=team, reply_to=said, quote="flat")
        await answer(tg, team)
    assert asked(core) == "[About these words by Ben:]\n> flat\n\nwhy?"


async def test_anonymous_admins_are_answered_as_the_group_and_may_nothing_more(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, _ = make_core(storage, others=[platform]), *two(tg)
    team = tg.group(id=-1001, title="Team", members=(ada,))
    team.admins.add(ada.id)
    async with serving(core, platform):
        ada.says("Parley, hello", chat=team, anonymous=True)
        assert (await answer(tg, team)).text == "echo: hello"
        ada.says("/users", chat=team, anonymous=True)
        assert (await answer(tg, team, 2)).text.startswith("I do not know the command users.")
    async with storage.begin() as work:
        audience = await work.broadcasts.audience("telegram", ["telegram"], after=0, most=10)
    assert audience == []


async def test_a_post_in_a_channel_that_calls_the_bot_is_answered_there(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, _ = make_core(storage, others=[platform]), *two(tg)
    news = tg.channel(id=-1009, title="News", admins=[ada])
    async with serving(core, platform):
        ada.says("The news of today", chat=news)
        post = ada.says("@parley_bot sum it up", chat=news)
        told = await answer(tg, news)
    assert (told.text, told.reply_to) == ("echo: sum it up", post)


async def test_an_admin_of_the_group_lets_the_bot_answer_in_one_topic_only(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, ben = make_core(storage, others=[platform]), *two(tg)
    forum = tg.group(id=-1001, title="Forum", members=(ada, ben), forum=True)
    forum.admins.add(ada.id)
    topic, other = ada.opens_topic("Ask Parley", chat=forum), ada.opens_topic("Other", chat=forum)
    async with serving(core, platform):
        ben.says("/group only here", chat=forum, thread_id=topic)
        assert (await answer(tg, forum)).text == "Only admins of this group can change that."
        ada.says("/group", chat=forum, thread_id=topic)
        shown = await answer(tg, forum, 2)
        (narrow,) = [one["callback_data"] for one in shown.buttons]
        ada.clicks(shown.id, narrow, chat=forum)
        await tg.until(lambda: "in this topic only" in forum.messages[shown.id].text, limit=LONG)
        ben.says("Parley, hello", chat=forum, thread_id=other)
        assert (await answer(tg, forum, 3)).text == "In this group I answer in the topic Ask Parley only."
        ben.says("Parley, hello", chat=forum, thread_id=topic)
        assert (await answer(tg, forum, 4)).text == "echo: hello"
        ada.says("/group everywhere", chat=forum, thread_id=topic, anonymous=True)
        assert "everywhere" in (await answer(tg, forum, 5)).text
    assert len(core.model.prompts) == 1


async def test_a_message_that_calls_the_bot_after_an_edit_is_answered(
    storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
) -> None:
    core, ada, _ = make_core(storage, others=[platform]), *two(tg)
    team = tg.group(id=-1001, title="Team", members=(ada,))
    async with serving(core, platform):
        forgotten = ada.says("what time is it?", chat=team)
        ada.edits(forgotten, "Parley, what time is it?", chat=team)
        told = await answer(tg, team)
    assert (told.text, told.reply_to) == ("echo: what time is it?", forgotten)
