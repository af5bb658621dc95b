"""The intake: platforms hand in their events, and what the database could not take is made up for."""

import asyncio
from collections.abc import Sequence

import structlog

from bot.alerts.notices import Notice
from bot.domain.updates import Arrival
from bot.duties import Duties
from bot.errors import StorageDown, StorageError
from bot.floods import Floods
from bot.inbox import Inbox
from bot.ports import Clock, Platform
from bot.tasks import cancel
from bot.texts import text

_log = structlog.get_logger(__name__)

_RETRY = 1.0

_NOTICEABLE = 15.0
"""Seconds of an outage from which on people are told why they had to wait."""

_MOST_MISSED = 10_000
"""Arrivals remembered while the database is away; platforms repeat the others for as long as they do."""


class Intake:
    """Listens to platforms.

    Nothing is acknowledged before it is stored, so that platforms repeat what arrives while the database is away.
    Slack does so three times and for six minutes; therefore it is also kept here, and stored as soon as it can be.
    """

    def __init__(
        self, inbox: Inbox, platforms: Sequence[Platform], duties: Duties, clock: Clock, *, floods: Floods
    ) -> None:
        self._inbox = inbox
        self._platforms = {platform.name: platform for platform in platforms}
        self._duties = duties
        self._clock = clock
        self._floods = floods
        self._standing_by: set[str] = set()
        self._missed: dict[tuple[str, str], Arrival] = {}
        self._missing = asyncio.Event()
        self._since = 0.0

    async def run(self) -> None:
        """Until every platform has come to its end. Raises PlatformMisconfigured when one does not let us in."""
        beside = [asyncio.create_task(doing) for doing in (self._make_up(), self._floods.run())]
        try:
            async with asyncio.TaskGroup() as listening:
                for platform in self._platforms.values():
                    listening.create_task(self._listen(platform))
        except BaseExceptionGroup as several:
            # One is as good as all of them: each says what to do.
            raise several.exceptions[0] from None
        finally:
            await cancel(*beside)

    async def _listen(self, platform: Platform) -> None:
        async def listen() -> None:
            self._standing_by.discard(platform.name)
            try:
                await platform.listen(self.accept)
            finally:
                if platform.one_listener:
                    self._standing_by.add(platform.name)

        if not platform.one_listener:
            await listen()
            return
        self._standing_by.add(platform.name)
        await self._duties.perform(f"listen {platform.one_listener}", listen)

    @property
    def connected(self) -> bool:
        """Whether events reach us from any platform, or would if another process did not listen to it."""
        return any(one.connected or name in self._standing_by for name, one in self._platforms.items())

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """As `Inbox.accept`, without floods; what cannot be stored now is remembered."""
        passing: Sequence[Arrival] = ()
        try:
            passing = await self._floods.passing(arrivals)
            await self._inbox.accept(passing)
        except StorageError as error:
            self._floods.take_back(passing)
            if isinstance(error, StorageDown):
                self._remember(passing or arrivals)
            raise

    def _remember(self, arrivals: Sequence[Arrival]) -> None:
        if not self._missed:
            self._since = self._clock.monotonic()
        room = _MOST_MISSED - len(self._missed)
        self._missed |= {(one.source, one.event): one for one in arrivals[:room]}
        self._missing.set()

    async def _make_up(self) -> None:
        """Store what was missed as soon as the database takes it."""
        while True:
            await self._missing.wait()
            await self._clock.sleep(_RETRY)
            missed = list(self._missed.values())
            away = self._clock.monotonic() - self._since
            try:
                await self._inbox.accept([*self._apologies(missed, away), *missed])
            except StorageDown as error:
                _log.warning("database_awaited", reason=str(error), waiting=len(missed))
                continue
            _log.warning("outage_over", seconds=round(away), messages=len(missed))
            self._missed.clear()
            self._missing.clear()

    def _apologies(self, missed: Sequence[Arrival], away: float) -> list[Arrival]:
        """One for each conversation, in front of what was said in it."""
        if away < _NOTICEABLE:
            return []
        firsts = {one.lane: one for one in reversed(missed) if one.waiting and not one.poison}
        return [apology for one in firsts.values() if (apology := self._apology(one, away))]

    def _apology(self, missed: Arrival, away: float) -> Arrival | None:
        update = self._platforms[missed.source.partition(":")[0]].parse(missed.payload)
        if update is None:
            return None
        said = text(
            "⏳ My database was away for {minutes} min. I have your messages now.", minutes=max(1, round(away / 60))
        )
        notice = Notice(said=said, to=update.sender.identity, at=update.place)
        return notice.arrival(f"outage {missed.source} {missed.event}", at=missed.order)
