"""Floods: somebody sends more in a minute than they may. The rest is dropped before anything is done for it."""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import structlog

from bot.alerts.notices import Notice
from bot.domain.updates import OVERTAKING, Arrival
from bot.errors import StorageError
from bot.ports import Clock, Platform
from bot.storage import Storage
from bot.texts import text

_log = structlog.get_logger(__name__)

_MINUTE = 60.0

_ALONE = 0.1
"""The share of what may be sent that a process lets through without asking the database: most people send less."""

_APART = 600.0
"""Seconds within which the floods that several processes see of somebody are told to them once."""

_REMEMBERED = 10_000
"""People of whom a process knows what they sent; the one it has not heard for longest is forgotten. Some 3 MB."""


@dataclass(slots=True, kw_only=True)
class _Minute:
    """What somebody sent from their first message until `ends`; the database knows of `shared` of it."""

    ends: float
    sent: int = 0
    shared: int = 0


class Floods:
    """Lets everybody send `most` messages a minute, and as many commands that overtake, so that `/stop` gets through.

    Processes that share a database count together, but for the first tenth in each. The platform is told that it has
    delivered what is dropped: it would send it again for ever.
    """

    def __init__(
        self, storage: Storage, platforms: Sequence[Platform], clock: Clock, *, most: int | None = None
    ) -> None:
        self._storage = storage
        self._platforms = {platform.name: platform for platform in platforms}
        self._clock = clock
        self._most = most
        self._minutes: OrderedDict[str, _Minute] = OrderedDict()
        self._dropped: Counter[str] = Counter()

    async def passing(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """What may be stored, and a notice to whoever begins to send too much. Raises StorageError."""
        if self._most is None:
            return arrivals
        sent = Counter(_person(one) for one in arrivals if one.sender)
        room = Counter(await self._together(self._alone(sent, self._most), self._most))
        kept: list[Arrival] = []
        for one in arrivals:
            if one.sender and not room[_person(one)]:
                kept += self._drop(one, self._most)
                continue
            room[_person(one)] -= 1
            kept.append(one)
        return kept

    def take_back(self, arrivals: Sequence[Arrival]) -> None:
        """They could not be stored, and come again."""
        for one in arrivals:
            if minute := self._minutes.get(_person(one)):
                minute.sent = max(0, minute.sent - 1)

    async def run(self) -> None:
        """Put on record what was dropped, once a minute."""
        while self._most is not None:
            await self._clock.sleep(_MINUTE)
            self.tell()

    def tell(self) -> None:
        """Put on record what was dropped since the last time. A flood of which nothing was is over."""
        dropped = {person: messages for person, messages in self._dropped.items() if messages}
        for person, messages in dropped.items():
            _log.warning("flood_dropped", person=person, messages=messages)
        self._dropped = Counter(dict.fromkeys(dropped, 0))

    def _alone(self, sent: Mapping[str, int], most: int) -> dict[str, int]:
        """How many of each person's arrivals pass, as far as this process knows; they are counted."""
        passing: dict[str, int] = {}
        for person, count in sent.items():
            minute = self._minute(person)
            passing[person] = min(count, most - minute.sent)
            minute.sent += passing[person]
        return passing

    async def _together(self, passing: dict[str, int], most: int) -> dict[str, int]:
        """The same as far as all processes know, which those are asked about who send a lot."""
        busy = {person: self._minutes[person] for person, count in passing.items() if count}
        busy = {person: minute for person, minute in busy.items() if minute.sent > most * _ALONE}
        if self._storage.embedded or not busy:
            return passing
        news = {person: minute.sent - minute.shared for person, minute in busy.items()}
        for minute in busy.values():
            minute.shared = minute.sent
        try:
            async with self._storage.begin() as work:
                paces = await work.paces.add(news, span=_MINUTE)
        except StorageError:
            for person, minute in busy.items():
                minute.sent, minute.shared = minute.sent - passing[person], minute.shared - news[person]
            raise
        for pace in paces:
            passing[pace.person] -= min(passing[pace.person], max(0, pace.sent - most))
            if pace.sent >= most:
                busy[pace.person].sent, busy[pace.person].ends = most, self._clock.monotonic() + pace.left
        return passing

    def _minute(self, person: str) -> _Minute:
        now = self._clock.monotonic()
        minute = self._minutes.get(person)
        if minute is None or minute.ends <= now:
            minute = self._minutes[person] = _Minute(ends=now + _MINUTE)
        self._minutes.move_to_end(person)
        if len(self._minutes) > _REMEMBERED:
            self._minutes.popitem(last=False)
        return minute

    def _drop(self, arrival: Arrival, most: int) -> Sequence[Arrival]:
        """Count it, and tell its sender if it is the first one of a flood."""
        person = _person(arrival)
        begins = person not in self._dropped
        self._dropped[person] += 1
        if not begins:
            return ()
        _log.warning("flood_begun", person=person)
        update = self._platforms[arrival.source.partition(":")[0]].parse(arrival.payload)
        if update is None or update.overheard:
            return ()
        wait = max(1, ceil(self._minute(person).ends - self._clock.monotonic()))
        said = text(
            "⏳ More than {most} messages within a minute are too many for me: I do not read the rest. Please send it "
            "again in {seconds} s.",
            most=most,
            seconds=wait,
        )
        notice = Notice(said=said, to=update.sender.identity, at=None if update.page else update.place)
        told = notice.arrival(f"flood {self._clock.now().timestamp() // _APART:.0f}", at=arrival.order)
        # At once, and not when all that passed is answered.
        return (replace(told, lane=f"{told.lane}{OVERTAKING}"),)


def _person(arrival: Arrival) -> str:
    """Whose messages are counted together."""
    return f"{arrival.sender}{OVERTAKING if arrival.overtakes else ''}"
