"""The ground that everything in a process stands on: the database, and this process's part in what all of them do."""

from dataclasses import dataclass

from bot.duties import Duties
from bot.inbox import Inbox
from bot.ports import Clock
from bot.retention import Retention
from bot.settings import Settings
from bot.storage import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One process on its database."""

    clock: Clock
    storage: Storage
    inbox: Inbox
    duties: Duties
    retention: Retention


def ground_of(storage: Storage, settings: Settings, clock: Clock) -> Ground:
    """Put together what the settings say."""
    redis_url = None if storage.embedded else settings.redis()  # an embedded database has one process
    inbox = Inbox(storage, clock, lease=settings.lease_seconds, caps=settings.caps(), redis_url=redis_url)
    duties = Duties(storage, clock, inbox.owner, lease=settings.lease_seconds)
    retention = Retention(storage, clock, days=settings.keep_events_days, default_plan=settings.default_plan)
    return Ground(clock=clock, storage=storage, inbox=inbox, duties=duties, retention=retention)
