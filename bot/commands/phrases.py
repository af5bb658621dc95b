"""Limits as admins type them: `messages 40 per 3h on strong until 2026-12-24`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from bot.commands.call import Call
from bot.domain.quotas import ANY_MODEL, METERS, Meter, Rule
from bot.domain.windows import Window, milliseconds
from bot.errors import UnknownModel

PHRASE = "METER NUMBER|unlimited|default [per WINDOW] [on MODEL] [until DATE|30d]"

_OTHER_NAMES: dict[str, Meter] = {"dollars": "cost", "usd": "cost", "$": "cost", "us$": "cost", "message": "messages"}
_DURATION = re.compile(r"([0-9]{1,4})([hd])")
_NUMBER = re.compile(r"[$+]{0,2}([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(\.[0-9]{1,6})?")
_LARGEST = 10**12
_DAY = Window(span="day")
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A limit with what is wanted of it: its `rule`, or, with `default`, what the plan says. `until` in milliseconds.

    `windowed` tells whether a window was named; else it is the day.
    """

    rule: Rule
    default: bool = False
    windowed: bool = False
    until: int | None = None


def meter_named(word: str) -> Meter | None:
    """The meter that goes by that name, in any case of letters."""
    plain = word.lower()
    return next((one for one in METERS if one == plain), None) or _OTHER_NAMES.get(plain)


def phrase(call: Call, words: Sequence[str]) -> Phrase:
    """Read one. Raises BadArgument, UnknownModel."""
    match words:
        case [name, amount, *rest] if meter := meter_named(name):
            pass
        case _:
            raise call.bad_argument()
    options = _options(call, rest)
    limit = None if amount in ("unlimited", "default") else _number(call, meter, amount)
    window, scope = options.get("per"), options.get("on")
    return Phrase(
        rule=Rule(
            meter=meter,
            window=_window(call, window) if window else _DAY,
            limit=limit,
            scope=_scope(call, scope) if scope else ANY_MODEL,
        ),
        default=amount == "default",
        windowed=window is not None,
        until=_until(call, options["until"]) if "until" in options else None,
    )


def _options(call: Call, words: Sequence[str]) -> dict[str, str]:
    """`per day on strong` as a mapping. `for` and `valid` mean `until`."""
    if len(words) % 2:
        raise call.bad_argument()
    options: dict[str, str] = {}
    for name, value in zip(words[::2], words[1::2], strict=True):
        known = {"for": "until", "valid": "until"}.get(name.lower(), name.lower())
        if known not in ("per", "on", "until") or known in options:
            raise call.bad_argument()
        options[known] = value
    return options


def _number(call: Call, meter: Meter, word: str) -> int:
    """Whole numbers; US$ with up to six decimals become whole micro-US$. Commas set thousands apart."""
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise call.bad_argument()
    number = Decimal(found[1].replace(",", "") + (found[2] or "")) * (10**6 if meter == "cost" else 1)
    if number != int(number) or number > _LARGEST:
        raise call.bad_argument()
    return int(number)


def _window(call: Call, word: str) -> Window:
    try:
        return Window.parse(word.lower())
    except ValueError as error:
        raise call.bad_argument() from error


def _scope(call: Call, word: str) -> str:
    """A chain, or a model by any of its names."""
    if word in call.catalog.chains:
        return word
    card = call.catalog.find(word, "")
    if card is None:
        raise UnknownModel(word)
    return card.ref


def _until(call: Call, word: str) -> int:
    """The end of a day, or some hours or days from now. What is over already is a mistake."""
    if (duration := _DURATION.fullmatch(word)) and int(duration[1]):
        return milliseconds(call.now + int(duration[1]) * _UNIT[duration[2]])
    try:
        ends = datetime.combine(date.fromisoformat(word) + timedelta(days=1), time(), call.zone)
    except (ValueError, OverflowError) as error:
        raise call.bad_argument() from error
    if ends <= call.now:
        raise call.bad_argument()
    return milliseconds(ends)
