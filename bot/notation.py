"""How operators write values: addresses, limits, times, money, tokens, identities. Bad ones are named, never shown."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from bot.domain.moderation import Strictness
from bot.domain.people import Identity
from bot.domain.windows import known_zone
from bot.offers import Offer
from bot.texts.catalogues import languages

_SQLITE, _POSTGRESQL = "sqlite+aiosqlite", "postgresql+psycopg"
_DRIVERS = {
    "sqlite": _SQLITE,
    _SQLITE: _SQLITE,
    "postgresql": _POSTGRESQL,
    "postgres": _POSTGRESQL,
    _POSTGRESQL: _POSTGRESQL,
}


def _limit(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() == "unlimited" else value


def _pause(value: Any) -> Any:
    """`12h` as a time; `never` as None."""
    if not isinstance(value, str):
        return value
    if value.strip().lower() == "never":
        return None
    found = re.fullmatch(r"(\d{1,6})([smhd])", value.strip().lower())
    if found is None or int(found[1]) == 0:
        raise ValueError("is no time like 30m, 12h or 7d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def _offers(value: Any) -> Any:
    """`retry,thumbs` as a set; `none` as an empty one."""
    if not isinstance(value, str):
        return value
    return frozenset(one.strip().lower() for one in value.split(",") if one.strip().lower() not in ("", "none"))


def _url(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise ValueError("is no http(s) address")
    return value.rstrip("/")


def _webhook(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in ("127.0.0.1", "localhost")
    if not parts.path.strip("/") or not (parts.scheme == "https" or local):
        raise ValueError("is no https address with a path")
    return value


def _zone(value: str) -> str:
    if not known_zone(value):
        raise ValueError("is no time zone of the IANA list")
    return value


def _language(value: str) -> str:
    if value not in languages():
        raise ValueError(f"is not among {', '.join(languages())}")
    return value


def _database(value: str) -> str:
    """The same address with the driver that Parley uses."""
    scheme, _, rest = value.partition("://")
    driver = _DRIVERS.get(scheme)
    if driver is None or not rest:
        raise ValueError("is no address of an SQLite file or of a PostgreSQL database")
    if driver == _POSTGRESQL:
        _check_server(rest)
    return f"{driver}://{rest}"


def _check_server(rest: str) -> None:
    try:
        parts = urlsplit(f"//{rest}")
        _ = parts.port
    except ValueError as error:
        raise ValueError("is no address; a special character of the password is written as %XX") from error
    if not parts.path.strip("/"):
        raise ValueError("names no database")


def token(pattern: str) -> AfterValidator:
    def check(value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError("does not look like such a token")
        return value

    return AfterValidator(check)


def _identities(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return frozenset(Identity.parse(one) for one in value.split(",") if one.strip())


def _words(value: Any) -> Any:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def https(value: str | None) -> str | None:
    """Only on this machine may what is secret go without encryption."""
    if value and urlsplit(value).scheme != "https" and urlsplit(value).hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("is no https address")
    return value


def _people(value: Any) -> Any:
    """`ada@example.org=telegram:123` as a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [one.rpartition("=") for one in value.split(",") if one.strip()]
    return {name.strip().lower() if "@" in name else name.strip(): Identity.parse(who) for name, _, who in pairs}


def _by_plan(value: Any) -> Any:
    """`vip=off, plus=flag` as a table."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    return {plan.strip(): choice.strip() for plan, _, choice in pairs}


def _pauses(value: Any) -> Any:
    return tuple(_pause(one.strip()) for one in value.split(",") if one.strip()) if isinstance(value, str) else value


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
DOLLARS = "US$, like 5 or 2.50; leave it out for no limit"

IDS = "write platform:id, separated by commas"

Secret = SecretStr | None
Identities = Annotated[frozenset[Identity], NoDecode, BeforeValidator(_identities)]
Words = Annotated[tuple[Annotated[str, Field(max_length=32)], ...], NoDecode, BeforeValidator(_words)]
Offered = Annotated[frozenset[Offer], NoDecode, BeforeValidator(_offers)]
People = Annotated[dict[str, Identity], NoDecode, BeforeValidator(_people)]
Limit = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_limit)]
Dollars = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=6)] | None
Url = Annotated[str, AfterValidator(_url)]
Webhook = Annotated[str, AfterValidator(_url), AfterValidator(_webhook)] | None
Pause = Annotated[timedelta | None, BeforeValidator(_pause)]
Pauses = Annotated[tuple[timedelta, ...], NoDecode, BeforeValidator(_pauses)]
StrictnessByPlan = Annotated[dict[str, Strictness], NoDecode, BeforeValidator(_by_plan)]
SwitchByPlan = Annotated[dict[str, bool], NoDecode, BeforeValidator(_by_plan)]
Zone = Annotated[str, AfterValidator(_zone)]
Language = Annotated[str, AfterValidator(_language)]
Database = Annotated[str, AfterValidator(_database)]
