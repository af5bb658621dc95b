"""What goes wrong in the database, in our words."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import Conflict, StorageDown, StorageError


def translate(error: SQLAlchemyError, said: str = "") -> StorageError:
    """Conflict, StorageDown or StorageError, in the driver's words but without the statement and its values."""
    if isinstance(error, IntegrityError):
        return Conflict(type(error).__name__)
    return (StorageDown if _may_pass(error) else StorageError)(said + _told(error))


def _may_pass(error: SQLAlchemyError) -> bool:
    """Whether the same may succeed later: a connection that was lost, a deadlock, a lock, a disk that is full."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # SQLite files mistakes in a statement under the same class.
        return error.orig.sqlite_errorcode != sqlite3.SQLITE_ERROR and isinstance(error, OperationalError)
    return error.connection_invalidated or isinstance(error, OperationalError)


def _told(error: SQLAlchemyError) -> str:
    said = str(getattr(error, "orig", None) or "").strip()
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
