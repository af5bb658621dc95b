"""The settings in force as they may be shown: of secrets whether they are set, of addresses what is no secret."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

from bot.dashboard.looking import Facts
from bot.settings import Settings

_HIDDEN = "•" * 6


def facts_of(settings: Settings) -> Facts:
    """Every setting: its name, its value, whether somebody set it."""
    values = ((name, getattr(settings, name)) for name in type(settings).model_fields)
    return [(name.upper(), _shown(value), name in settings.model_fields_set) for name, value in values]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    return _without_password(", ".join(_items(value)))


def _items(value: Any) -> list[str]:
    match value:
        case dict():
            return [f"{name}={one}" for name, one in value.items()]
        case frozenset():
            return sorted(map(str, value))
    return [str(value)]


def _without_password(value: str) -> str:
    """Whoever is named before the `@` of an address, and what stands after its `?`, may be secret."""
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return _HIDDEN
    place = f"{_HIDDEN}@{parts.netloc.rpartition('@')[2]}" if "@" in parts.netloc else parts.netloc
    return urlunsplit((parts.scheme, place, parts.path, _HIDDEN if parts.query else "", ""))
