"""`INSERT … ON CONFLICT` has one syntax and two spellings in SQLAlchemy."""

from collections.abc import Callable
from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_for(dialect: str) -> Callable[[sa.Table], sqlite.Insert]:
    """The dialect's `insert`, which has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return cast("Callable[[sa.Table], sqlite.Insert]", postgresql.insert)
    return sqlite.insert


def dialect_of(connection: AsyncConnection) -> str:
    return connection.dialect.name
