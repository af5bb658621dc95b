"""`parley admin` beside a bot that is at work: two processes on one SQLite file."""

import asyncio
import json
import sys
from pathlib import Path

from adapters.telegram.emulator import Person, TelegramEmulator
from bot.llm.emulator import ModelEmulator, Pace
from tests.scenarios.process import BotProcess, settings


async def admin(bot: BotProcess, *words: str) -> tuple[int | None, str]:
    """Run a command as the operator of that bot would, in its folder; exit code and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "admin",
        *words,
        cwd=bot.folder,
        env=bot.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


def said(telegram: TelegramEmulator, person: Person) -> list[str]:
    return [message.text for message in telegram.messages(person.chat) if message.sender.is_bot]


async def test_an_operator_changes_limits_while_everybody_talks(tmp_path: Path) -> None:
    async with TelegramEmulator() as telegram, ModelEmulator(pace=Pace(words_per_second=40)) as model:
        model.answer = lambda _: " ".join(f"word{number}" for number in range(80))
        async with BotProcess(tmp_path, settings(telegram, model)) as bot:
            await bot.ready(telegram)
            people = [telegram.person(id=number, first_name=f"Person {number}") for number in range(1, 21)]
            for person in people:
                person.says("Tell me something")
            done = await asyncio.gather(
                *(admin(bot, "quota", "set", f"telegram:{number}", "messages", "1") for number in range(1, 5))
            )
            assert [code for code, _ in done] == [0] * 4, done
            await telegram.until(lambda: all(said(telegram, person) for person in people), 15)
            people[0].says("And more?")
            people[9].says("And more?")
            await telegram.until(lambda: all(len(said(telegram, people[at])) == 2 for at in (0, 9)), 15)
            code, audit = await admin(bot, "audit", "--json")
            log = bot.log
    assert "1 of 1" in said(telegram, people[0])[1]
    assert said(telegram, people[9])[1].startswith("word0")
    assert (code, [row["What"] for row in json.loads(audit)["rows"]]) == (0, ["quota.set"] * 4)
    assert not [line for line in log.splitlines() if "[error" in line or "locked" in line]
