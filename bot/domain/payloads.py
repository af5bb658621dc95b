"""JSON of strangers, made fit for a database."""

import math
from typing import Any

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
