"""Raw JSON from Telegram, read strictly."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

BIGGEST = 2**63


def object_in(parent: Json, key: str) -> Json | None:
    """The object under a key, None if there is none. Raises TypeError if it is something else."""
    value = _read(parent).get(key)
    if value is None or isinstance(value, dict):
        return value
    raise TypeError(f"{key} is not an object")


def integer_in(parent: Json, key: str) -> int:
    """The integer under a key. Raises KeyError, TypeError, ValueError beyond 64 bits."""
    value = _read(parent)[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{key} is not an integer")
    if not -BIGGEST <= value < BIGGEST:
        raise ValueError(f"{key} does not fit 64 bits")
    return value


def string_in(parent: Json, key: str) -> str | None:
    """The string under a key, None if there is none. Raises TypeError if it is something else."""
    value = _read(parent).get(key)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{key} is not a string")


def _read(parent: Json) -> Json:
    """What should be an object and is a stranger's."""
    if not isinstance(parent, dict):
        raise TypeError("not an object")
    return parent
