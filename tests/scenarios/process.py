"""The bot as its operators run it: a process of its own that can be stopped, or killed at any instant."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import STDOUT, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.telegram.emulator import TelegramEmulator
from bot.llm.emulator import ModelEmulator

TOKEN = "100:TEST"
SERVE = ("-m", "bot", "serve")

_SYSTEM = ("PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV", "ENCRYPTION_KEYS_FILE")
"""All that a process under test inherits: a developer's own tokens and proxies are none of its business."""


def settings(telegram: TelegramEmulator, model: ModelEmulator) -> dict[str, str]:
    """What `parley serve` must be told to live between these two servers."""
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": "unused",
        "MODEL": model.models[0].name,
        # Titles would be calls and arrivals beside those that are counted.
        "TITLES": "false",
        "HTTP_PORT": "0",
    }


class BotProcess:
    """A Python program beside this one, `parley serve` unless told otherwise; killed when the block ends.

    `folder` is its working directory: there its log (bot.log), and its database unless it is told another one, survive
    a restart.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], program: Sequence[str] = SERVE) -> None:
        self.folder = folder
        self._program = program
        system = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
        # Its working directory is elsewhere: it must run this tree, not the one that happens to be installed.
        self.environment = system | {"PYTHONPATH": str(Path(__file__).parents[2])} | dict(environment)
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    @property
    def log(self) -> str:
        return (self.folder / "bot.log").read_text()

    @property
    def pid(self) -> int:
        return self._started.pid

    async def start(self) -> None:
        with (self.folder / "bot.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._program, cwd=self.folder, env=self.environment, stdout=log, stderr=STDOUT
            )

    async def kill(self) -> None:
        """SIGKILL: nothing is written, nothing is said any more. Does nothing to a process that has ended."""
        await self._end(signal.SIGKILL)

    async def stop(self, limit: float = 60.0) -> int:
        """SIGTERM; returns the exit status. Raises TimeoutError after `limit` seconds."""
        async with asyncio.timeout(limit):
            return await self._end(signal.SIGTERM)

    async def pause(self, seconds: float) -> None:
        """Let the process stand still, as a suspended machine or a starved container does."""
        self._started.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._started.send_signal(signal.SIGCONT)

    async def ready(self, telegram: TelegramEmulator, limit: float = 60.0) -> None:
        """Wait until the bot polls for updates. Raises AssertionError, with its log, if it does not get there."""
        polls = asyncio.create_task(telegram.until(lambda: telegram.world.updates.polled, limit))
        ends = asyncio.create_task(self._started.wait())
        try:
            await asyncio.wait({polls, ends}, return_when=asyncio.FIRST_COMPLETED)
            if ends.done() or polls.exception():
                raise AssertionError(self.log)
        finally:
            polls.cancel()
            ends.cancel()
            await asyncio.gather(polls, ends, return_exceptions=True)

    async def serving(self, times: int = 1, limit: float = 60.0) -> None:
        """Wait until its log says that it serves, for the n-th time. Raises TimeoutError."""
        async with asyncio.timeout(limit):
            while self.log.count("serving") < times:  # noqa: ASYNC110 - a file of another process tells nobody
                await asyncio.sleep(0.05)

    @property
    def _started(self) -> Process:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process

    async def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(how)
        return await process.wait()
