"""`parley setup`, as an operator meets it: a process of its own, against the emulators of platforms and model."""

import asyncio
import os
import stat
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from telegram import Bot

from adapters.slack.emulator import SlackEmulator
from adapters.slack.scopes import FOLLOWING, SCOPES
from adapters.telegram.emulator import TelegramEmulator
from bot.llm.emulator import ModelEmulator

TOKEN = "100:TEST"
PATIENCE = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(kw_only=True)
class Terminal:
    """A running wizard: what it has said so far, and what is typed."""

    process: Process
    said: str = ""
    _seen: int = field(default=0)

    async def asked(self, words: str, answer: str) -> None:
        """Wait for a question, and answer it."""
        await self.told(words)
        assert self.process.stdin
        self.process.stdin.write(f"{answer}\n".encode())
        await self.process.stdin.drain()

    async def told(self, words: str) -> None:
        """Wait until it says something, after what was waited for before."""
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE):
            while words not in self.said[self._seen :]:
                more = await self.process.stdout.read(4096)
                assert more, f"it ended without {words!r}:\n{self.said}"
                self.said += more.decode()
        self._seen = self.said.index(words, self._seen) + len(words)

    async def end(self) -> int:
        """Nothing more is typed. The exit status; `said` is then everything."""
        assert self.process.stdin
        self.process.stdin.close()
        rest, _ = await asyncio.wait_for(self.process.communicate(), PATIENCE)
        self.said += rest.decode()
        return self.process.returncode or 0


@dataclass(kw_only=True)
class World:
    telegram: TelegramEmulator
    slack: SlackEmulator
    model: ModelEmulator
    folder: Path

    @property
    def env(self) -> Path:
        return self.folder / ".env"

    def settings(self) -> dict[str, str]:
        """The file, as lines of it."""
        lines = [line for line in self.env.read_text().splitlines() if "=" in line]
        return dict(line.split("=", 1) for line in lines)

    async def start(self, more: Mapping[str, str] | None = None, *, wait: float = PATIENCE) -> Terminal:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "TELEGRAM_API_URL": self.telegram.url,
            "SLACK_API_URL": self.slack.url,
        }
        program = (sys.executable, "-m", "bot", "setup", "--wait", str(wait))
        process = await asyncio.create_subprocess_exec(
            *program, cwd=self.folder, env=environment | dict(more or {}), stdin=PIPE, stdout=PIPE, stderr=STDOUT
        )
        return Terminal(process=process)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramEmulator(token=TOKEN))
        slack = await stack.enter_async_context(
            SlackEmulator(bot_token="xoxb-test", app_token="xapp-test", scopes=SCOPES | FOLLOWING)
        )
        model = await stack.enter_async_context(ModelEmulator())
        yield World(telegram=telegram, slack=slack, model=model, folder=tmp_path)


async def choose_model(terminal: Terminal, world: World) -> None:
    await terminal.asked("Address of the endpoint", world.model.url)
    await terminal.asked("Key", "any-key")
    await terminal.asked("Model", "")


async def test_telegram_is_set_up_and_its_owner_gets_a_test_message(world: World) -> None:
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "")
    await terminal.asked("Token of the bot", TOKEN)
    await terminal.told("✓ telegram: @parley_bot (100)")
    await terminal.asked("Connect Slack?", "")
    await choose_model(terminal, world)
    await terminal.asked("Shall I learn on Telegram who you are?", "y")
    await terminal.told("Write anything")
    ada = world.telegram.person(id=11, first_name="Ada", username="ada")
    ada.says("hi")
    await terminal.asked("'Ada' (telegram:11) wrote. Is that you?", "y")
    await terminal.told("✓ telegram: a test message was sent")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert "/setprivacy" in terminal.said
    assert "`parley serve` starts the bot" in terminal.said
    assert world.telegram.messages(ada.chat)[-1].text.startswith("This is Parley. It is set up")
    assert world.settings() == {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "OPENAI_BASE_URL": world.model.url,
        "OPENAI_API_KEY": "any-key",
        "MODEL": "scripted-1",
        "ADMINS": "telegram:11",
    }
    assert stat.S_IMODE(world.env.stat().st_mode) == 0o600


async def test_slack_is_set_up_beside_what_there_is(world: World) -> None:
    world.env.write_text(f"# mine\nTELEGRAM_BOT_TOKEN={TOKEN}\nOTHER=1\nADMINS=telegram:11\nMODEL=scripted-1\n")
    boss = world.slack.person("U1", name="boss")
    direct = world.slack.dm(boss)
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "")
    await terminal.asked("Token of the bot [set]", "")
    await terminal.asked("Connect Slack?", "y")
    await terminal.asked("Bot User OAuth Token", "xoxb-test")
    await terminal.asked("App-Level Token", "xapp-test")
    await terminal.told("✓ slack: @parley in emulated (T1), Socket Mode")
    await choose_model(terminal, world)
    await terminal.asked("Known so far: telegram:11", "n")
    await terminal.asked("Send a test message to telegram:11?", "n")
    await terminal.asked("Shall I learn on Slack who you are?", "y")
    await terminal.told("Write anything")
    await world.slack.until(lambda: world.slack.connections > 0, PATIENCE)
    await boss.says("hello", direct)
    await terminal.asked("(slack:T1/U1) wrote. Is that you?", "y")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert world.env.read_text().startswith(
        f"# mine\nTELEGRAM_BOT_TOKEN={TOKEN}\nOTHER=1\nADMINS=slack:T1/U1,telegram:11\n"
    )
    assert any("set up" in message.visible for message in world.slack.messages(direct) if message.from_bot)
    assert len(list(world.folder.glob(".env.2*"))) == 1


async def test_what_is_wrong_is_told_at_once_and_asked_again(world: World) -> None:
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "y")
    await terminal.asked("Token of the bot", "nonsense")
    await terminal.told("✗ TELEGRAM_BOT_TOKEN does not look like such a token")
    await terminal.asked("Token of the bot", "100:OTHER")
    await terminal.told("✗ telegram: TELEGRAM_BOT_TOKEN is not accepted")
    await terminal.asked("Keep it anyway?", "n")
    await terminal.asked("Connect Telegram?", "y")
    await terminal.asked("Token of the bot", TOKEN)
    await terminal.told("✓ telegram")
    await terminal.asked("Connect Slack?", "n")
    await terminal.asked("Address of the endpoint", "no address")
    await terminal.told("✗ OPENAI_BASE_URL is no http(s) address")
    await terminal.asked("Address of the endpoint", "http://127.0.0.1:9/v1")
    await terminal.asked("Key", "")
    await terminal.told("✗ model: http://127.0.0.1:9/v1")
    await terminal.asked("Model", "scripted-1")
    await terminal.asked("Keep it anyway?", "n")
    await terminal.asked("Address of the endpoint", world.model.url)
    await terminal.asked("Key", "any-key")
    await terminal.asked("Model", "gpt-none")
    await terminal.told("does not offer gpt-none")
    await terminal.asked("Keep it anyway?", "n")
    await terminal.asked("Address of the endpoint", "")
    await terminal.asked("Key", "")
    await terminal.asked("Model [gpt-none]", "scripted-1")
    await terminal.asked("who you are?", "n")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert world.settings()["TELEGRAM_BOT_TOKEN"] == TOKEN
    assert "nonsense" not in world.env.read_text()


async def test_nobody_writes_and_the_rest_is_written_all_the_same(world: World) -> None:
    terminal = await world.start(wait=0.1)
    await terminal.asked("Connect Telegram?", "y")
    await terminal.asked("Token of the bot", TOKEN)
    await terminal.asked("Connect Slack?", "n")
    await choose_model(terminal, world)
    await terminal.asked("who you are?", "y")
    await terminal.told("Nobody wrote.")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert "ADMINS" not in world.settings()


async def test_somebody_else_who_writes_becomes_no_owner(world: World) -> None:
    eve = world.telegram.person(id=66, first_name="Eve", username="eve")
    eve.says("let me in")
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "y")
    await terminal.asked("Token of the bot", TOKEN)
    await terminal.asked("Connect Slack?", "n")
    await choose_model(terminal, world)
    await terminal.asked("who you are?", "y")
    await terminal.asked("'Eve' (telegram:66) wrote. Is that you?", "n")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert "ADMINS" not in world.settings()
    assert [message.text for message in world.telegram.messages(eve.chat)] == ["let me in"]


async def test_what_was_written_to_the_bot_meanwhile_still_waits_for_it(world: World) -> None:
    ada = world.telegram.person(id=11, first_name="Ada", username="ada")
    ada.says("hi")
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "y")
    await terminal.asked("Token of the bot", TOKEN)
    await terminal.asked("Connect Slack?", "n")
    await choose_model(terminal, world)
    await terminal.asked("who you are?", "y")
    await terminal.asked("Is that you?", "y")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    # With no offset that confirms it, Telegram gives it to the next poll again.
    async with Bot(TOKEN, base_url=f"{world.telegram.url}/bot") as bot:
        assert [update.message and update.message.text for update in await bot.get_updates()] == ["hi"]


@pytest.mark.parametrize("typed", ["", "y\n", f"y\n{TOKEN}\nn\n"])
async def test_who_leaves_in_the_middle_changes_nothing(world: World, typed: str) -> None:
    world.env.write_text("MODEL=mine\n")
    terminal = await world.start()
    assert terminal.process.stdin
    terminal.process.stdin.write(typed.encode())
    assert await terminal.end() == 1
    assert "Aborted" in terminal.said
    assert "Traceback" not in terminal.said
    assert [one.name for one in world.folder.iterdir()] == [".env"]
    assert world.env.read_text() == "MODEL=mine\n"


async def test_without_a_platform_it_says_why_the_bot_cannot_start(world: World) -> None:
    terminal = await world.start()
    await terminal.asked("Connect Telegram?", "n")
    await terminal.asked("Connect Slack?", "n")
    await choose_model(terminal, world)
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert "Parley cannot start yet:\n✗ TELEGRAM_BOT_TOKEN or SLACK_BOT_TOKEN is missing" in terminal.said


async def test_what_the_environment_says_differently_is_told(world: World) -> None:
    terminal = await world.start({"MODEL": "other"})
    await terminal.asked("Connect Telegram?", "n")
    await terminal.asked("Connect Slack?", "n")
    await terminal.asked("Address of the endpoint", world.model.url)
    await terminal.asked("Key", "any-key")
    await terminal.asked("Model [other]", "scripted-1")
    await terminal.asked("Write it?", "y")
    assert await terminal.end() == 0
    assert "! MODEL is set in the environment too" in terminal.said


async def test_what_the_environment_has_wrong_is_named(world: World) -> None:
    terminal = await world.start({"SLACK_API_URL": "nowhere"})
    assert await terminal.end() == 2
    assert "SLACK_API_URL is no http(s) address" in terminal.said
    assert "Traceback" not in terminal.said
