"""What goes wrong in the database."""

from bot.errors.base import ParleyError


class StorageError(ParleyError):
    """The database refused."""


class StorageDown(StorageError):
    """The database cannot be reached now, or the connection was lost: what was to be done may be tried again."""


class Conflict(StorageError):
    """Someone else changed the row first."""


class LostLease(StorageError):
    """Another worker holds the lane now: stop, and touch neither database nor platform."""


class Unreadable(StorageError):
    """What was stored is sealed by a key that is not there, or it was changed."""
