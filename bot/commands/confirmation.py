"""Asking before something is done that hurts: the question has a button, and the button is the command, confirmed.

Its last word says who was asked and when, so that it is of use to nobody else and not for long. It is no secret:
whoever writes one by hand confirms what they might have done anyway.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.commands.declaration import Answer, Choice
from bot.errors import ButtonExpired, ButtonOfAnother
from bot.texts import Text

_WORD = "confirmed"
_STAMP = re.compile(r"([0-9]{1,18})\.([0-9]{1,12})")

_MINUTES = 10
"""How long the button can be used."""


def asked(question: Text, label: Text, command: str, *, account_id: int, now: datetime) -> Answer:
    """The question, whose button calls `command`, confirmed."""
    return Answer(
        said=question,
        choices=[Choice(label=label, command=f"{command} {_WORD} {account_id}.{_minute(now)}")],
        in_place=True,
    )


def taken(words: Sequence[str], *, account_id: int, now: datetime) -> tuple[list[str], bool]:
    """A command's words without the confirmation, and whether there was one. Raises ButtonOfAnother, ButtonExpired."""
    *rest, word, stamp = ("", "", *words)[-2 - len(words) :]
    found = _STAMP.fullmatch(stamp)
    if word != _WORD or found is None:
        return list(words), False
    if int(found[1]) != account_id:
        raise ButtonOfAnother
    if not 0 <= _minute(now) - int(found[2]) <= _MINUTES:
        raise ButtonExpired
    return rest[2:], True


def asked_for(answer: Answer) -> str | None:
    """The command that confirms what an answer asks; None if it asks nothing."""
    return next((choice.command for choice in answer.choices if _confirms(choice.command)), None)


def _confirms(command: str) -> bool:
    *_, word, stamp = ("", "", *command.split())
    return word == _WORD and _STAMP.fullmatch(stamp) is not None


def _minute(now: datetime) -> int:
    return int(now.timestamp()) // 60
