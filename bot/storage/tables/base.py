"""What every table is made with."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is called INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def partial(condition: ColumnElement[bool]) -> dict[str, Any]:
    return {"postgresql_where": condition, "sqlite_where": condition}


def merged(how: Callable[[Any, Any], Any]) -> dict[str, Any]:
    """What becomes of a column when two accounts become one and each has a row of the same key: `info` of the column.

    `how` takes the value of the account that stays and that of the other. Without it, the one that stays keeps its own.
    """
    return {"merged": how}


def follows(name: str) -> dict[str, Any]:
    """When two accounts become one: `info` of a column whose value comes from where that of another column does."""
    return {"follows": name}


NAMES_ACCOUNT = {"names_account": True}
"""`info` of a column of text that names an account as in `account:7` or `member:7@…`, where no foreign key can."""

NAMES_PLACE = {"names_place": True}
"""`info` of a column of text that names a place: by its key, by that of its group (`chat:KEY`) or of somebody in it
(`member:7@KEY`)."""

SECRET = {"secret": True}
"""`info` of a column that opens something: it is left out of what people get of theirs."""

GOES_ALONG = {"goes_along": True}
"""`info` of a table whose rows an account takes along, as copies, when it is split off another: limits, not use."""
