"""Rows for every table of a schema, whatever revision it is at: values follow from the types and keys that it has."""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.storage.engine import accept_nul

Row = Mapping[str, Any]
Content = dict[str, list[Row]]

ROWS = 3
_NOW = 1_790_000_000_000
"""Milliseconds: some day in 2026."""

_MEANT: dict[str, Callable[[int], Any]] = {
    "account.role": lambda number: ("member", "admin", None)[number - 1],
    "allowance.meter": lambda number: "messages" if number % 2 else "tokens",
    "allowance.per_day": lambda number: (50, -1, None)[number - 1],
    "identity.platform": lambda number: ("telegram", "slack", "telegram")[number - 1],
    "identity.user": lambda number: ("11", "T1/U2", "13")[number - 1],
    "identity.username": lambda number: ("ada", None, "Bén")[number - 1],
    "quota.subject": lambda number: f"account:{number}",
    "usage.subject": lambda number: f"account:{number}",
    "inbox.state": lambda number: (0, 1, 3)[number - 1],
    "lane.state": lambda number: (0, 1, 2)[number - 1],
    "charge.state": lambda number: (0, 1, 1)[number - 1],
}
"""Where a word has to be one of a few, for what the migrations do with it."""

_TIMES = ("at", "until", "before", "from", "cut")


@contextmanager
def _opened(url: str) -> Any:
    engine = sa.create_engine(url.replace("+aiosqlite", ""), poolclass=sa.NullPool)
    if engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", accept_nul)
    schema = sa.MetaData()
    schema.reflect(engine)
    try:
        with engine.begin() as connection:
            yield connection, [one for one in schema.sorted_tables if one.name != "alembic_version"]
    finally:
        engine.dispose()


def fill(url: str) -> None:
    """Put rows into every table."""
    with _opened(url) as (connection, tables):
        for table in tables:
            for number in range(1, ROWS + 1):
                values = {column.name: _value(column, number) for column in table.columns}
                connection.execute(sa.insert(table).values(values))


def content(url: str) -> Content:
    """Every row of every table, in an order of their own."""
    with _opened(url) as (connection, tables):
        return {table.name: _rows(connection, table) for table in tables}


def _rows(connection: sa.Connection, table: sa.Table) -> list[Row]:
    rows = [dict(row._mapping) for row in connection.execute(sa.select(table))]
    return sorted(rows, key=lambda row: str([row[column.name] for column in table.primary_key]))


def _value(column: sa.Column[Any], number: int) -> Any:
    if meant := _MEANT.get(str(column)):
        return meant(number)
    for key in column.foreign_keys:
        if key.column.table is not column.table:
            return _value(key.column, number)
        return None if number == 1 else number - 1
    if column.nullable and number == ROWS:
        return None
    return _of_type(column, number)


def _of_type(column: sa.Column[Any], number: int) -> Any:
    timed = not column.primary_key and column.name.rpartition("_")[2] in _TIMES
    made: dict[type[sa.types.TypeEngine[Any]], Any] = {
        sa.JSON: {"number": number, "said": "猫 \u2028"},
        sa.Boolean: number % 2 == 1,
        sa.SmallInteger: number % 2,
        sa.Integer: _NOW + number * 60_000 if timed else number,
        sa.LargeBinary: bytes([number]),
        sa.Float: number / 2,
        sa.String: f"{column.name[:8]} 猫{number}"[: getattr(column.type, "length", None)],
    }
    return next(value for kind, value in made.items() if isinstance(column.type, kind))
