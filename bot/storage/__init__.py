"""The database: tables, the unit of work and its statements. The only place that knows SQLAlchemy."""

from bot.storage.answers import KeptAnswer
from bot.storage.audit import AuditFilter, AuditRecord
from bot.storage.backlog import Backlog
from bot.storage.bursts import Waiting
from bot.storage.calls import CallRecord
from bot.storage.contexts import StoredContext, StoredSummary
from bot.storage.forgetting import Heard
from bot.storage.history import Exchange, StoredTurn
from bot.storage.inbox import Claim, Stopping
from bot.storage.memory import NewPiece, Shelf
from bot.storage.outbox import Outgoing
from bot.storage.people import Account
from bot.storage.spoken import Spoken
from bot.storage.store import Storage
from bot.storage.work import UnitOfWork

__all__ = [
    "Account",
    "AuditFilter",
    "AuditRecord",
    "Backlog",
    "CallRecord",
    "Claim",
    "Exchange",
    "Heard",
    "KeptAnswer",
    "NewPiece",
    "Outgoing",
    "Shelf",
    "Spoken",
    "Stopping",
    "Storage",
    "StoredContext",
    "StoredSummary",
    "StoredTurn",
    "UnitOfWork",
    "Waiting",
]
