"""Whatever somebody types behind a command, they get an answer, and the command does not break."""

from random import Random

import pytest

from bot.commands import all_commands
from bot.storage import Storage
from tests.conftest import make_core
from tests.databases import on
from tests.fuzz.harnesses import seeds
from tests.fuzz.mutation import STRANGE, mutated

NAMES = [command.name for command in all_commands() if command.name != "maintenance"]
"""That one ends what the others need."""

WORDS = [
    "@ada",
    "#1",
    "#999999999999999999",
    "fake:ada",
    "set",
    "show",
    "list",
    "page",
    "start",
    "assign",
    "messages",
    "5",
]
WORDS += ["٥", "²", "-1", "1e9", "per", "3h", "999999d", "until", "2026-12-24", "0001-01-01", "9999-12-31", "30d", "on"]
WORDS += [
    "\u202e",
    "\u200b",
    "ｍｅｓｓａｇｅｓ",
    "unlimited",
    "picture",
    "confirmed",
    "1.29876543",
    "`",
    "<!channel>",
    "x" * 300,
]


def argument(random: Random) -> str:
    """Words that belong behind some command, in any order; or what is left of a real one."""
    if random.random() < 0.7:
        return " ".join(random.choices(WORDS, k=random.randint(0, 6)))
    said = mutated(random.choice(seeds("typed")), random).decode(errors="replace")[:2000]
    return said + str(random.choice(STRANGE)).encode(errors="replace").decode()[:100]


@on("sqlite")
async def test_any_argument_is_answered(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    core, random = make_core(storage, daily={"messages": None, "tokens": None}), Random(5)
    await core.say("ada", "hello")
    for name in NAMES * 2:
        known, typed = len(core.platform.sent), f"/{name} {argument(random)}"
        await core.say("root", typed)
        assert len(core.platform.sent) > known, typed
        assert not [line for line in caplog.messages if "turn_crashed" in line], typed
        caplog.clear()
