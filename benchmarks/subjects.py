"""What is measured: a bot in a process of its own, and how much of the machine that process takes."""

import os
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from adapters.telegram.emulator import Limits, TelegramEmulator
from benchmarks.stamps import StampedRequests
from bot.llm.emulator import ChatRequest, ModelEmulator
from bot.seals import KEY
from tests.databases import own_database
from tests.scenarios.process import SERVE, BotProcess, settings

SUBJECTS = {"bare": ("-m", "benchmarks.bare"), "parley": SERVE, "postgresql": SERVE, "sealed": SERVE}
"""`postgresql` is Parley on a database of its own on the server at TEST_POSTGRESQL, `sealed` encrypts its words."""
WORDS = 150
MEGABYTE = 1_000_000

_UNLIMITED = {"DAILY_MESSAGES": "unlimited", "DAILY_TOKENS": "unlimited", "BURST_SECONDS": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One bot between two servers that are not its own: they, and whoever measures, run in this process.

    `others` are workers beside the first one, on the same database.
    """

    telegram: TelegramEmulator
    model: ModelEmulator
    requests: StampedRequests
    bot: BotProcess
    others: Sequence[BotProcess] = ()

    def cpu(self) -> float:
        """CPU seconds of the bot so far, user and system, all threads."""
        return cpu_of(self.bot)

    @property
    def bots(self) -> list[BotProcess]:
        return [self.bot, *self.others]

    def resident(self) -> float:
        """Resident memory of the bot, MB."""
        return self._status("VmRSS")

    def peak(self) -> float:
        """The most it ever was, MB."""
        return self._status("VmHWM")

    def _status(self, field: str) -> float:
        lines = Path(f"/proc/{self.bot.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 / MEGABYTE for line in lines if line.startswith(field))


def cpu_of(bot: BotProcess) -> float:
    # The CPU clock of another process, as clock_getcpuclockid(3) computes it: /proc/PID/stat has 10 ms steps.
    return time.clock_gettime((~bot.pid << 3) | 2)


@asynccontextmanager
async def staged(subject: str, *, workers: int = 1, more: Mapping[str, str] | None = None) -> AsyncIterator[Stage]:
    """The subject with `more` settings, started in an empty folder; yields at once, see `BotProcess.ready`.

    Telegram's limits are off: when answers end together, they would measure the limits and not the bot.
    """
    requests = StampedRequests()
    telegram = TelegramEmulator(limits=Limits.off(), keep_calls=1_000_000)
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        database = {"DATABASE_URL": stack.enter_context(own_database())} if subject == "postgresql" else {}
        async with telegram, ModelEmulator(requests=requests, answer=answer) as model:
            sealed = _sealed(Path(folder)) if subject == "sealed" else {}
            environment = settings(telegram, model) | _UNLIMITED | database | sealed | dict(more or {})
            async with AsyncExitStack() as running:
                homes = [Path(mkdtemp(dir=folder)) for _ in range(workers)]
                started = [BotProcess(home, environment, SUBJECTS[subject]) for home in homes]
                bot, *others = [await running.enter_async_context(one) for one in started]
                yield Stage(telegram=telegram, model=model, requests=requests, bot=bot, others=others)


def _sealed(folder: Path) -> dict[str, str]:
    keys = folder / "keys"
    keys.write_text(b64encode(os.urandom(KEY)).decode())
    return {"ENCRYPTION_KEYS_FILE": str(keys)}


def answer(request: ChatRequest) -> str:
    """150 words with as much Markdown as a model likes to use."""
    head = f"**{request.said}** is a `good` question. Here is what to know about it:"
    words = [f"word{number}" for number in range(WORDS - len(head.split()))]
    half = len(words) // 2
    return f"{head}\n\n- {' '.join(words[:half])}\n- {' '.join(words[half:])}"
