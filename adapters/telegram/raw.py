"""Raw JSON from Telegram: read strictly, and made fit for a database."""

import math
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

BIGGEST = 2**63
_DEEPEST = 64


def storable(value: Any, depth: int = 0) -> Any:
    """The same JSON without what a database refuses (NUL, lone surrogates, NaN). Raises ValueError beyond 64 levels.

    One such value would make every attempt to store its batch fail, and so stop the bot for everybody.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(key): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _clean(text: str) -> str:
    if text.isascii():
        return text.replace("\0", "�") if "\0" in text else text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "�")


def object_in(parent: Json, key: str) -> Json | None:
    """The object under a key, None if there is none. Raises TypeError if it is something else."""
    value = parent.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise TypeError(f"{key} is not an object")


def integer_in(parent: Json, key: str) -> int:
    """The integer under a key. Raises KeyError, TypeError, ValueError beyond 64 bits."""
    value = parent[key]
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{key} is not an integer")
    if not -BIGGEST <= value < BIGGEST:
        raise ValueError(f"{key} does not fit 64 bits")
    return value


def string_in(parent: Json, key: str) -> str | None:
    """The string under a key, None if there is none. Raises TypeError if it is something else."""
    value = parent.get(key)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{key} is not a string")
