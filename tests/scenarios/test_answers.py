"""Buttons, pages and tables from end to end: the real adapters, the emulators over real sockets."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.emulator import Message as SlackMessage
from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import Limits, Message, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import Command, CommandBook, all_commands
from bot.commands.declaration import Answer, Choice
from bot.storage import Storage
from bot.texts import text
from tests.conftest import make_core
from tests.scenarios.serving import serving


async def page(call: Any) -> Answer:
    number = int(call.words[0]) if call.words else 1
    return Answer(
        said=text("Page {number}.", number=number),
        choices=[Choice(label=text("Page {number}", number=one), command=f"page {one}") for one in range(1, 8)],
        in_place=True,
    )


PAGE = Command(name="page", summary=text("Turn a page"), handler=page)
BOOK = CommandBook((*all_commands(), PAGE))


class TestTelegram:
    @pytest.fixture
    async def tg(self) -> AsyncIterator[TelegramEmulator]:
        async with TelegramEmulator(token="100:TEST", limits=Limits.off()) as telegram:
            yield telegram

    @pytest.fixture
    async def platform(self, tg: TelegramEmulator) -> AsyncIterator[TelegramPlatform]:
        one = TelegramPlatform("100:TEST", api_url=tg.url, commands=BOOK, clock=SystemClock())
        yield one
        await one.close()

    async def test_a_page_is_turned_in_place_as_often_as_one_likes(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core = make_core(storage, others=[platform], more_commands=[PAGE])
        ada = tg.person(id=11, first_name="Ada")

        def shown() -> list[Message]:
            return [message for message in tg.messages(ada.chat) if message.sender.is_bot]

        async with serving(core, platform):
            ada.says("/page")
            await tg.until(lambda: [one.text for one in shown()] == ["Page 1."])
            assert [len(row) for row in rows_of(shown()[0])] == [4, 3]
            for number in (2, 2, 3):  # the second click changes nothing, which Telegram calls an error
                ada.clicks(shown()[0].id, f"page {number}", chat=ada.chat)
            await tg.until(lambda: [one.text for one in shown()] == ["Page 3."])
            assert len(shown()[0].buttons) == 7

    async def test_a_page_whose_message_is_gone_is_said_anew(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core = make_core(storage, others=[platform], more_commands=[PAGE])
        ada = tg.person(id=11, first_name="Ada")
        async with serving(core, platform):
            ada.says("/page")
            below = {"message_id": 404, "chat": ada.chat.payload(), "date": 0}
            tg.inject({"callback_query": {"id": "1", "from": ada.user.payload(), "message": below, "data": "page 2"}})
            await tg.until(lambda: [one.text for one in tg.messages(ada.chat)] == ["/page", "Page 1.", "Page 2."])

    async def test_what_was_used_is_seen_in_a_picture(
        self, storage: Storage, tg: TelegramEmulator, platform: TelegramPlatform
    ) -> None:
        core = make_core(storage, others=[platform])
        ada = tg.person(id=11, first_name="Ada")
        async with serving(core, platform):
            ada.says("hello")
            ada.says("/usage picture")
            await tg.until(lambda: any(one.media for one in tg.messages(ada.chat)), 15)
        picture = tg.messages(ada.chat)[-1]
        assert (list(picture.media), picture.text.startswith("Tokens of the last 30 days")) == (["photo"], True)


def rows_of(message: Message) -> list[Any]:
    return list((message.reply_markup or {})["inline_keyboard"])


class TestSlack:
    @pytest.fixture
    async def slack(self) -> AsyncIterator[SlackEmulator]:
        async with SlackEmulator(limits=Tiers.off()) as emulator:
            yield emulator

    @pytest.fixture
    async def platform(self, slack: SlackEmulator) -> AsyncIterator[SlackPlatform]:
        one = SlackPlatform("xoxb-test", app_token="xapp-test", api_url=slack.url, commands=BOOK, clock=SystemClock())
        yield one
        await one.close()

    @pytest.mark.parametrize("typed", ["page", "/parley page"])
    async def test_a_page_is_turned_in_place(
        self, storage: Storage, slack: SlackEmulator, platform: SlackPlatform, typed: str
    ) -> None:
        core = make_core(storage, others=[platform], more_commands=[PAGE])
        ada = slack.person("U1", name="ada")
        room = slack.dm(ada)

        def shown() -> list[SlackMessage]:
            return [one for one in slack.messages(room) if one.from_bot]

        async with serving(core, platform):
            await slack.until(lambda: slack.connections == 2)
            await (ada.runs("/parley", "page", room) if typed.startswith("/") else ada.says(typed, room))
            await slack.until(lambda: len(shown()) == 1)
            first = shown()[0]
            assert [len(block["elements"]) for block in first.blocks if block["type"] == "actions"] == [5, 2]
            await ada.clicks(room, first.ts, "parley.page.1", "2")
            await slack.until(lambda: shown()[0].visible.startswith("Page 2."))
            assert len(shown()) == 1

    async def test_what_was_used_is_seen_in_a_picture_by_who_asked_and_nobody_else(
        self, storage: Storage, slack: SlackEmulator, platform: SlackPlatform
    ) -> None:
        core = make_core(storage, others=[platform])
        ada = slack.person("U1", name="ada")
        room, alone = slack.channel("C1", "general", members=[ada]), slack.dm(ada)
        async with serving(core, platform):
            await slack.until(lambda: slack.connections == 2)
            await ada.runs("/parley", "usage picture", room)
            await slack.until(lambda: any(one.files for one in slack.messages(alone)), 15)
        assert [one.ephemeral_for for one in slack.messages("C1")] == ["U1"]
        (picture,) = slack.messages(alone)
        assert picture.files[0]["name"] == "usage.png"
