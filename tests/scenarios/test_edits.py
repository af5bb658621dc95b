"""Editing one's message on Telegram: the real adapter against the emulator, the real core and database."""

from collections.abc import AsyncIterator

import pytest

from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.storage import Storage
from tests.conftest import make_core
from tests.scenarios.serving import serving

TOKEN = "100:TEST"


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off()) as telegram:
        yield telegram


async def test_an_edited_question_is_answered_from_there_under_its_quote(
    storage: Storage, tg: TelegramEmulator
) -> None:
    platform = TelegramPlatform(TOKEN, api_url=tg.url, commands=all_commands(), clock=SystemClock(), poll_seconds=1)
    core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
    async with serving(core, platform):
        first = ada.says("one")
        await tg.until(lambda: len(tg.messages(ada.chat)) == 2)
        ada.says("two")
        await tg.until(lambda: len(tg.messages(ada.chat)) == 4)
        ada.edits(first, "eins")
        await tg.until(lambda: len(tg.messages(ada.chat)) == 5)
    answer = tg.messages(ada.chat)[-1]
    assert (answer.text, answer.reply_to) == ("echo: eins", first)
    assert [message.text for message in core.model.prompts[-1].messages[1:]] == ["eins"]
    await platform.close()
