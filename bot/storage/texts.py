"""Texts as PostgreSQL takes them. Imported only where psycopg is used."""

from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown


class FitDumper(StrDumperUnknown):
    """psycopg's own way with strings, but for NUL: SQLite keeps it, a PostgreSQL text cannot."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))
