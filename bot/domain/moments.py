"""Instants as databases keep them: milliseconds since 1970 (UTC)."""

from datetime import UTC, datetime, timedelta

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def moment(number: int) -> datetime:
    """The instant of such a number."""
    return _BEGINNING + timedelta(milliseconds=number)
