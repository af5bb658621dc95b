"""What becomes of chats on Telegram: groups that grow, people who block the bot, topics with names."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.telegram.emulator import Limits, Message, TelegramEmulator
from adapters.telegram.emulator.chats import Chat
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.domain.quotas import Rule
from bot.domain.windows import Window
from bot.storage import Storage
from tests.conftest import Core, make_core
from tests.scenarios.serving import serving

TOKEN = "100:TEST"
LONG = 60.0
"""Seconds that a busy machine may take."""
GROUP, GROWN = "telegram:-12", "telegram:-100345"
SLOW = "This is an answer that takes its time, and so it is shown before it is over. It goes on."


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off(), reads_all_group_messages=True) as telegram:
        yield telegram


@pytest.fixture
async def platform(tg: TelegramEmulator) -> AsyncIterator[TelegramPlatform]:
    one = TelegramPlatform(TOKEN, api_url=tg.url, commands=all_commands(), clock=SystemClock(), poll_seconds=1)
    yield one
    await one.close()


def by_bot(tg: TelegramEmulator, chat: Chat) -> list[Message]:
    return [one for one in tg.messages(chat) if one.sender.is_bot and not one.service]


async def answer(tg: TelegramEmulator, chat: Chat, number: int = 1) -> Message:
    """The n-th message of the bot's in a chat, once it is there."""
    await tg.until(lambda: len(by_bot(tg, chat)) >= number, limit=LONG)
    return by_bot(tg, chat)[number - 1]


async def title(core: Core, place: str) -> str | None:
    async with core.storage.begin() as work:
        here = await work.conversations.going_on(place)
        talk = await work.conversations.find(place, here) if here else None
    return talk.title if talk else None


async def until_title(core: Core, place: str, wanted: str) -> None:
    async with asyncio.timeout(LONG):
        while await title(core, place) != wanted:  # noqa: ASYNC110 - other tasks write it
            await asyncio.sleep(0.02)


@asynccontextmanager
async def unparking(core: Core) -> AsyncIterator[None]:
    """Lanes that wait are looked at again, inside of the block."""

    async def look() -> None:
        while True:
            await asyncio.sleep(0.1)
            async with core.storage.begin() as work:
                found = await work.inbox.unpark()
            if found:
                core.inbox.wake()

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


class TestGroupsThatGrow:
    async def test_conversation_and_limits_go_along(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
        team = tg.group(id=-12, title="Team", members=(ada,), basic=True)
        async with storage.begin() as work:
            only_two = Rule(meter="messages", window=Window(span="day"), limit=2)
            await work.limits.set(f"chat:{GROUP}", only_two)
        async with serving(core, platform), unparking(core):
            ada.says("@parley_bot one", chat=team)
            await answer(tg, team)
            await core.dispatcher.settle()
            grown = tg.migrate(team, -100345, by=ada)
            ada.says("@parley_bot two", chat=grown)
            assert (await answer(tg, grown)).text == "echo: two"
            assert [one.text for one in core.model.prompts[-1].messages[1:]] == ["one", "echo: one", "two"]
            ada.says("@parley_bot three", chat=grown)
            refused = await answer(tg, grown, 2)
        assert "echo" not in refused.text
        assert len(core.model.prompts) == 2

    async def test_what_is_asked_in_the_old_one_is_answered_before_the_new_one_goes_on(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
        team = tg.group(id=-12, title="Team", members=(ada,), basic=True)
        go_on = asyncio.Event()
        core.model.script = [(SLOW, go_on)]
        async with serving(core, platform), unparking(core):
            ada.says("@parley_bot one", chat=team)
            await tg.until(lambda: bool(by_bot(tg, team)), limit=LONG)
            grown = tg.migrate(team, -100345, by=ada)
            ada.says("@parley_bot two", chat=grown)
            await tg.until(lambda: not len(tg.world.updates), limit=LONG)
            go_on.set()
            # What was shown stayed behind, and the whole of it comes here.
            await tg.until(lambda: len(by_bot(tg, grown)) == 2, limit=LONG)
        assert [one.text for one in by_bot(tg, grown)] == [SLOW, "echo: two"]
        assert [one.text for one in core.model.prompts[-1].messages[1:]] == ["one", SLOW, "two"]

    async def test_admins_are_told_when_a_setting_names_the_old_id(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        ada, root = tg.person(id=11, first_name="Ada"), tg.person(id=12, first_name="Root")
        policy = AccessPolicy(allowed={Identity(platform="telegram", user="-12")})
        owner = Identity(platform="telegram", user="12")
        core = make_core(storage, others=[platform], policy=policy, more_admins=[owner])
        team = tg.group(id=-12, title="Team", members=(ada,), basic=True)
        async with serving(core, platform), unparking(core):
            root.says("hello")
            await answer(tg, root.chat)
            tg.migrate(team, -100345, by=ada)
            told = await answer(tg, root.chat, 2)
        assert GROWN in told.text


class TestPeopleWhoBlock:
    async def test_an_answer_that_could_not_come_comes_when_they_unblock(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
        go_on = asyncio.Event()
        core.model.script = [("An answer that ", go_on, "nobody hears.")]

        async def undelivered() -> bool:
            async with storage.begin() as work:
                return bool((await work.broadcasts._connection.exec_driver_sql(
                    "SELECT 1 FROM outbox WHERE failure = 'RecipientGone'"
                )).first())  # fmt: skip

        async with serving(core, platform):
            ada.says("one")
            await tg.until(lambda: tg.drafts(ada.chat), limit=LONG)
            ada.blocks_bot()
            go_on.set()
            async with asyncio.timeout(LONG):
                while not await undelivered():  # noqa: ASYNC110 - other tasks write it
                    await asyncio.sleep(0.02)
            tries = [one for one in tg.calls if one.method == "sendMessage"]
            async with storage.begin() as work:
                assert await work.broadcasts.audience("telegram", ["telegram"], after=0, most=9) == []
            ada.unblocks_bot()
            assert (await answer(tg, ada.chat)).text == "An answer that nobody hears."
        assert len(tries) == 1
        assert len(core.model.prompts) == 1
        async with storage.begin() as work:
            assert len(await work.broadcasts.audience("telegram", ["telegram"], after=0, most=9)) == 1


class TestTopics:
    async def test_a_topic_in_private_is_renamed_as_its_conversation_is(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform], titles=True), tg.person(id=11, first_name="Ada")
        topic = ada.opens_topic("New Topic", implicit=True)
        core.model.script = ["Boil them.", "All about eggs"]
        async with serving(core, platform):
            ada.says("How do I boil eggs?", thread_id=topic)
            await tg.until(lambda: ada.chat.topics[topic] == "All about eggs", limit=LONG)
            ada.says("/new Soup", thread_id=topic)
            await tg.until(lambda: ada.chat.topics[topic] == "Soup", limit=LONG)
            ada.renames_topic(topic, "Stew")
            await until_title(core, f"telegram:11#{topic}", "Stew")
        assert {one.thread_id for one in by_bot(tg, ada.chat)} == {topic}

    async def test_topics_are_conversations_of_their_own(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
        one, other = ada.opens_topic("One", implicit=True), ada.opens_topic("Other", implicit=True)
        async with serving(core, platform):
            ada.says("first", thread_id=one)
            await answer(tg, ada.chat)
            ada.says("second", thread_id=other)
            await answer(tg, ada.chat, 2)
        assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["second"]

    async def test_a_topic_of_a_forum_names_its_conversation_and_keeps_its_name(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core, ada = make_core(storage, others=[platform], titles=True), tg.person(id=11, first_name="Ada")
        forum = tg.group(id=-1001, title="Forum", members=(ada,), forum=True)
        tg.promote_bot(forum, by=ada)
        older = ada.opens_topic("Older than the bot", chat=forum)
        tg.world.updates.clear()
        async with serving(core, platform):
            ada.says("@parley_bot hello", chat=forum, thread_id=older)
            await answer(tg, forum)
            assert await title(core, f"telegram:-1001#{older}") == "Older than the bot"
            ada.renames_topic(older, "Renamed", chat=forum)
            await until_title(core, f"telegram:-1001#{older}", "Renamed")
            ada.says("/new Mine", chat=forum, thread_id=older)
            await answer(tg, forum, 2)
            fresh = ada.opens_topic("Fresh", chat=forum)
            await until_title(core, f"telegram:-1001#{fresh}", "Fresh")
        assert forum.topics == {older: "Renamed", fresh: "Fresh"}
