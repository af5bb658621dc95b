"""The watch: looks every minute, tells admins what began and what is over, each once."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from bot.access import Access
from bot.alerts import rules
from bot.alerts.notices import Notice
from bot.alerts.rules import HOURS, Alarm, Thresholds
from bot.budgets import Budgets
from bot.domain.updates import Arrival
from bot.domain.windows import milliseconds
from bot.inbox import Inbox
from bot.llm.ways import Trouble
from bot.ports import Clock
from bot.storage import Storage, UnitOfWork
from bot.storage.activity import Sums
from bot.storage.alerts import OpenAlert
from bot.texts import Text

_log = structlog.get_logger(__name__)

_EVERY = 60.0

_CALM = 10 * 60_000
"""Milliseconds for which an alert must not hold before it is over: what comes and goes is told once."""

_STALE = 5 * 60_000
"""Milliseconds after which it is written down again that an alert still holds; well below the calm."""

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


class Watch:
    """Applies the rules of `bot.alerts.rules`: a handful of short statements a minute.

    Args:
        troubles: asks the models which of their ways do not work now.
        access: knows the admins, who are told.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        inbox: Inbox,
        budgets: Budgets,
        troubles: Callable[[], Sequence[Trouble]],
        clock: Clock,
        thresholds: Thresholds,
        access: Access,
    ) -> None:
        self._storage = storage
        self._inbox = inbox
        self._budgets = budgets
        self._troubles = troubles
        self._clock = clock
        self._thresholds = thresholds
        self._access = access
        self._hours: dict[int, Sums] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._clock.sleep(_EVERY)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - a look that failed is made up for by the next
                _log.exception("watch_failed")

    async def look(self) -> None:
        """Tell what has begun and what is over since the last look."""
        now = milliseconds(self._clock.now())
        async with self._storage.begin() as work:
            holding: dict[tuple[str, str], Alarm] = {
                (one.kind, one.subject): one for one in await self._alarms(work, now)
            }
            known = {(one.kind, one.subject): one for one in await work.alerts.all()}
            told: list[Arrival] = []
            for name, alarm in holding.items():
                told += await self._holds(work, alarm, known.get(name), now)
            for name, alert in known.items():
                if name not in holding and now - alert.seen_at >= _CALM:
                    told += await self._over(work, alert, now)
            # In the transaction of what it is about: nothing is told twice, nothing is forgotten.
            for arrival in told:
                await work.inbox.put(arrival)
        if told:
            self._inbox.wake()

    async def _alarms(self, work: UnitOfWork, now: int) -> list[Alarm]:
        limits = self._thresholds
        recent = await work.activity.sums(now - 5 * _MINUTE, now + 1)
        hour = await work.activity.sums(now - _HOUR, now + 1)
        past = await self._past(work, now)
        alarms = [*rules.errors(recent, limits), *rules.spend(hour, past, limits), *rules.requests(hour, past, limits)]
        alarms += rules.budgets(await self._budgets.standings(work), self._budgets.plan.soft, self._budgets.refused)
        if limits.call_tokens is not None:
            alarms += rules.large_calls(await work.activity.large(now - _HOUR, more_than=limits.call_tokens))
        return alarms + rules.troubles(self._troubles())

    async def _past(self, work: UnitOfWork, now: int) -> Mapping[int, Sums]:
        """The whole hours before this one, by how many hours ago they ended.

        Each is read once and kept. One a look, the latest first: a week is never read at a time, because SQLite's
        statements hold up everything else.
        """
        this = now // _HOUR
        self._hours = {number: sums for number, sums in self._hours.items() if number >= this - HOURS}
        missing = next((number for number in range(this - 1, this - HOURS - 1, -1) if number not in self._hours), None)
        if missing is not None:
            self._hours[missing] = await work.activity.sums(missing * _HOUR, (missing + 1) * _HOUR)
        return {this - number: sums for number, sums in self._hours.items()}

    async def _holds(self, work: UnitOfWork, alarm: Alarm, known: OpenAlert | None, now: int) -> list[Arrival]:
        if known is None:
            await work.alerts.open(alarm.kind, alarm.subject, now=now)
            _log.warning("alert_opened", kind=alarm.kind, subject=alarm.subject)
            return await self._to_admins(work, alarm.said, f"{alarm.kind} {alarm.subject} {now} begins", now)
        if now - known.seen_at >= _STALE:
            await work.alerts.see(alarm.kind, alarm.subject, now=now)
        return []

    async def _over(self, work: UnitOfWork, alert: OpenAlert, now: int) -> list[Arrival]:
        await work.alerts.close(alert.kind, alert.subject)
        _log.info("alert_over", kind=alert.kind, subject=alert.subject)
        said = rules.over(alert.kind, alert.subject)
        if said is None:
            return []
        return await self._to_admins(work, said, f"{alert.kind} {alert.subject} {alert.opened_at} ends", now)

    async def _to_admins(self, work: UnitOfWork, said: Text, occasion: str, now: int) -> list[Arrival]:
        admins = await self._access.admins(work)
        return [Notice(said=said, to=admin).arrival(occasion, at=now) for admin in admins]
