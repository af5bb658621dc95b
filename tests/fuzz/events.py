"""What platforms send."""

import json
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from adapters.slack import inbound as slack
from adapters.telegram import inbound as telegram
from adapters.telegram.reading import BotUser, Hearing
from bot.commands import all_commands
from bot.domain.updates import Arrival, Update
from bot.storage.tables import inbox

BOT = BotUser(id=100, username="Parley_Bot")
BOOK = all_commands()
HEARING = Hearing(commands=BOOK, triggers=("parley",), channels=True)
RULES = slack.Rules(commands=BOOK, direct_threads=True, follow=True)


def read_json(data: bytes) -> Any:
    """What the HTTP library would hand on; ValueError for what it turns away."""
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def telegram_update(data: bytes) -> None:
    with suppress(ValueError):
        raw = read_json(data)
        arrival = telegram.arrival(raw, BOT, HEARING)
        telegram.update_id(raw)
        if arrival is not None:
            _check(arrival)
        if arrival is not None and not arrival.poison:
            _check_update(telegram.parse(arrival.payload, HEARING))
            telegram.happening(arrival.payload)


def slack_body(data: bytes) -> None:
    with suppress(ValueError):
        body = read_json(data)
        if not isinstance(body, dict):  # so Bolt has it
            return
        arrival = slack.arrival(body, RULES, bot="UBOT", now=5)
        if arrival is not None:
            _check(arrival)
        if arrival is not None and not arrival.poison:
            _check_update(slack.parse(arrival.payload, RULES))


def _check(arrival: Arrival) -> None:
    """Both databases take it; one that they did not would come again for ever."""
    for name in ("source", "event", "lane"):
        word, column = getattr(arrival, name), inbox.c[name].type
        assert isinstance(word, str)
        assert isinstance(column, sa.String)
        assert "\0" not in word
        assert len(word) <= (column.length or 0), name
        word.encode()
    assert -(2**63) <= arrival.order < 2**63
    stored = json.dumps(arrival.payload, allow_nan=False)
    assert "\\u0000" not in stored
    json.loads(stored)


def _check_update(update: Update | None) -> None:
    if update is not None:
        assert isinstance(update.text, str)
        assert update.invocation is None or isinstance(update.invocation.arguments, str)
