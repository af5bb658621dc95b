"""One person against the others: `parley serve`, flooded."""

from pathlib import Path

import pytest

from adapters.telegram.emulator import Limits, TelegramEmulator
from bot.llm.emulator import ChatRequest, ModelEmulator
from tests.databases import rows
from tests.scenarios.process import BotProcess, settings

FLOOD = 1500


def answer(request: ChatRequest) -> str:
    return f"You said: {request.said}"


@pytest.fixture
def telegram() -> TelegramEmulator:
    return TelegramEmulator(limits=Limits.off())


async def test_others_are_answered_in_the_middle_of_a_flood(telegram: TelegramEmulator, tmp_path: Path) -> None:
    async with telegram, ModelEmulator(answer=answer) as model:
        environment = settings(telegram, model) | {"MESSAGES_PER_MINUTE": "20", "LANGUAGE": "en"}
        async with BotProcess(tmp_path, environment) as bot:
            await bot.ready(telegram)
            mallory, ada = (telegram.person(id=id_, first_name=name) for id_, name in ((666, "Mallory"), (11, "Ada")))
            for number in range(FLOOD):
                mallory.says(f"/help {number}" if number % 2 else f"Question {number}")
                if number == FLOOD // 2:
                    ada.says("Is anybody there?")
            await telegram.until(lambda: "You said: Is anybody there?" in said(telegram, ada.id), 60)
            await telegram.until(lambda: not telegram.world.updates, 60)
            await telegram.until(lambda: any("20 messages within" in one for one in said(telegram, 666)), 60)
            await bot.stop()
        assert len([one for one in said(telegram, 666) if "20 messages within" in one]) == 1
        stored = rows(
            f"sqlite:///{tmp_path}/data/parley.db", "SELECT count(*) FROM inbox WHERE source = 'telegram:100'"
        )
        assert stored == [(2 * 20 + 1,)]
        assert bot.log.count("flood_begun") == 2


def said(telegram: TelegramEmulator, chat: int) -> list[str]:
    return [one.text for one in telegram.messages(telegram.world.chats[chat]) if one.sender.is_bot]
