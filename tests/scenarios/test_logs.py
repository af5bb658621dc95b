"""What people say, what models answer and what is secret stands in no line of the log, whatever goes wrong."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.telegram.emulator import TelegramEmulator
from bot.llm.emulator import ModelEmulator
from bot.llm.emulator.faults import Fault
from bot.llm.emulator.replies import Problem
from tests.scenarios.process import BotProcess, settings

PATIENCE = 30.0
WORD = "xylophone"
"""In everything that people or models say; no line may hold it."""

SECRETS = {
    "TELEGRAM_BOT_TOKEN": "100:TEST-secret-of-telegram-0001",
    "SLACK_BOT_TOKEN": "xoxb-secret-of-slack",
    "SLACK_APP_TOKEN": "xapp-secret-of-slack",
    "OPENAI_API_KEY": "sk-secret-of-the-model",
}


@dataclass(slots=True, kw_only=True)
class World:
    telegram: TelegramEmulator
    slack: SlackEmulator
    model: ModelEmulator
    bot: BotProcess
    said: int = field(default=0)

    async def tells(self, text: str, user: int = 11) -> None:
        """Somebody writes in Telegram, and something is answered."""
        person = self.telegram.person(id=user, first_name=f"Ada {WORD}", username="ada" if user == 11 else "root")
        before = len(self._answers(user))
        person.says(text)
        await self.telegram.until(lambda: len(self._answers(user)) > before, PATIENCE)

    def _answers(self, user: int) -> list[Any]:
        chat = self.telegram.world.chats.get(user)
        return [one for one in self.telegram.messages(chat) if one.sender.is_bot] if chat else []


def echoing(status: int) -> Fault:
    """A server whose complaint quotes what it was sent, as some do."""
    return Fault(name="echo", reply=Problem(message=f"cannot read: {WORD} and more", code="x").reply(status))


@pytest.fixture(params=["json", "console"])
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator(token=SECRETS["TELEGRAM_BOT_TOKEN"]))
        slack = await stack.enter_async_context(
            SlackEmulator(bot_token=SECRETS["SLACK_BOT_TOKEN"], app_token=SECRETS["SLACK_APP_TOKEN"])
        )
        model = await stack.enter_async_context(ModelEmulator(answer=lambda _: f"An answer with a {WORD}."))
        environment = (
            settings(telegram, model)
            | SECRETS
            | {
                "SLACK_API_URL": slack.url,
                "ADMINS": "telegram:12",
                "SYSTEM_PROMPT": f"Never say {WORD}.",
                "LOG_LEVEL": "DEBUG",
                "LOG_FORMAT": request.param,
                "TITLES": "true",
                "METRICS": "true",
                "BURST_SECONDS": "0",
            }
        )
        bot = await stack.enter_async_context(BotProcess(tmp_path, environment))
        await bot.ready(telegram)
        await slack.until(lambda: slack.connections >= 1, PATIENCE)
        yield World(telegram=telegram, slack=slack, model=model, bot=bot)


async def everything_is_said(world: World) -> None:
    """Words on every path there is: questions, commands, files, buttons, and what breaks on the way."""
    await world.tells(f"What is a {WORD}?")
    for command in (f"new {WORD}", f"search {WORD}", "context", "export md", f"nonsense {WORD}", "usage", "chats"):
        await world.tells(f"/{command}")
    for command in (f"persona add {WORD} You are a {WORD}.", f"quota set @ada messages {WORD}", f"user {WORD}"):
        await world.tells(f"/{command}", user=12)
    ada = world.telegram.person(id=11, first_name=f"Ada {WORD}", username="ada")
    ada.sends(f"a {WORD}".encode(), filename=f"{WORD}.txt", mime_type="text/plain", caption=WORD)
    ben = world.slack.person("U1", name=WORD)
    direct = world.slack.dm(ben)
    await ben.says(f"a {WORD}?", direct)
    await ben.runs("/parley", f"search {WORD}", direct)
    await world.slack.until(lambda: sum(one.from_bot for one in world.slack.messages(direct)) >= 2, PATIENCE)


async def everything_breaks(world: World) -> None:
    for status in (400, 403, 500, 429):
        world.model.faults.when(lambda _: True, echoing(status))
        await world.tells(f"a {WORD} and {status}")
        world.model.faults.clear()


async def logged(world: World) -> str:
    await world.bot.stop()
    return world.bot.log


async def test_no_line_has_what_was_said_or_what_is_secret(world: World) -> None:
    await everything_is_said(world)
    await everything_breaks(world)
    log = await logged(world)
    assert "turn_done" in log
    assert "turn_failed" in log
    found = [line for line in log.splitlines() if WORD in line or any(one in line for one in SECRETS.values())]
    assert found == []


async def test_what_prometheus_reads_has_none_of_it_either(world: World) -> None:
    await everything_is_said(world)
    served = next(line for line in world.bot.log.splitlines() if "http_served" in line)
    found = re.search(r"port\W+(\d+)", served)
    assert found
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{found[1]}/metrics") as answer:
        text = await answer.text()
    assert "parley_turn_seconds_count" in text
    assert not [word for word in (WORD, *SECRETS.values()) if word in text]


async def test_a_crash_tells_where_and_not_what(world: World) -> None:
    # An update that nobody expects: its text is a number where a text should be, and its sender has words for an id.
    world.telegram.world.updates.push("message", {"message_id": 1, "date": 1, "text": WORD, "from": WORD}, 11)
    for _ in range(100):
        if "arrival_quarantined" in world.bot.log:
            break
        await asyncio.sleep(0.2)
    log = await logged(world)
    assert "arrival_quarantined" in log
    assert WORD not in log
