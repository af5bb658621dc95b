"""Everything that runs, and the order in which it starts and ends."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import structlog

from bot.alerts import Watch
from bot.anteroom import Anteroom
from bot.budgets import Budgets
from bot.dashboard.office import Office
from bot.dispatch import Dispatcher
from bot.errors import StorageDown
from bot.ground import Ground
from bot.health import Health
from bot.herald import Herald
from bot.inbox import Inbox
from bot.intake import Intake
from bot.llm.ways import Gates
from bot.ports import Platform
from bot.tasks import cancel
from bot.vitals import Pulse

_log = structlog.get_logger(__name__)

PATIENCE = 20.0
"""Seconds that running answers get to end when the process is asked to stop."""

_RETRY = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """What handles arrivals. `models_answer` tells whether any model may be asked now; `office` has the dashboard."""

    ground: Ground
    dispatcher: Dispatcher
    watch: Watch
    herald: Herald
    anteroom: Anteroom
    platforms: Sequence[Platform]
    _: KW_ONLY
    models_answer: Callable[[], bool]
    budgets: Budgets
    gates: Gates
    office: Office | None = None

    async def run(self) -> None:
        """Until cancelled. What is being answered then goes on: see `Dispatcher.drain`."""
        await self._recover()
        beside = [asyncio.create_task(platform.accompany()) for platform in self.platforms]
        duties = {
            "watch": self.watch.run,
            "herald": self.herald.run,
            "anteroom": self.anteroom.run,
            "prune": self.ground.retention.run,
        }
        for duty, doing in duties.items():
            beside.append(asyncio.create_task(self.ground.duties.perform(duty, doing)))
        try:
            await self.dispatcher.run()
        finally:
            await cancel(*beside)

    async def _recover(self) -> None:
        while True:
            try:
                return await self.ground.inbox.recover()
            except StorageDown as error:
                _log.warning("database_awaited", reason=str(error))
            await self.ground.clock.sleep(_RETRY)


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that runs in this process: what takes events in, what handles them, or both."""

    inbox: Inbox
    _: KW_ONLY
    intake: Intake | None
    worker: Worker | None
    health: Health
    pulse: Pulse
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    patience: float = PATIENCE

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set or every platform has come to its end; then let running answers end.

        Raises PlatformMisconfigured when a platform does not let us in.
        """
        keep = asyncio.create_task(self.inbox.keep())
        work = asyncio.create_task(self.worker.run() if self.worker else stop.wait())
        listen = asyncio.create_task(self.intake.run() if self.intake else stop.wait())
        stopping = asyncio.create_task(stop.wait())
        self.ready.set()
        try:
            await _first_of(stopping, listen, work, keep)
        finally:
            await cancel(stopping, listen)
            await self._end(work, settled=stop.is_set())
            await cancel(keep)

    async def _end(self, work: asyncio.Task[Any], *, settled: bool) -> None:
        """Let what runs come to its end; what takes too long is left to others."""
        if self.worker is None:
            await cancel(work)
            return
        if not settled and not work.done():
            await self.worker.dispatcher.settle()
        await cancel(work)
        await self.worker.dispatcher.drain(self.patience)


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    """Wait for the first to end, and raise its error if it ended with one."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
