"""Buttons in rows: as many side by side as their labels leave room for."""

from collections.abc import Sequence
from typing import Any

from bot.domain.updates import Button

_MOST_IN_A_ROW = 8  # more are refused
_ROOM = 36  # columns of a row on a phone; labels that need more are cut by the client
_MARGIN = 3


def keyboard(buttons: Sequence[Button]) -> dict[str, Any]:
    """The reply markup; the data of a button is its command."""
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and _fits([*rows[-1], button]):
            rows[-1].append(button)
        else:
            rows.append([button])
    return {"inline_keyboard": [[_key(button) for button in row] for row in rows]}


def _fits(row: Sequence[Button]) -> bool:
    """All buttons of a row are equally wide."""
    widest = max(_width(button.label) for button in row)
    return len(row) <= _MOST_IN_A_ROW and len(row) * (widest + _MARGIN) <= _ROOM


def _width(label: str) -> int:
    """Chinese letters are about twice as wide as Latin ones."""
    return sum(1 if letter < "\u1100" else 2 for letter in label)


def _key(button: Button) -> dict[str, str]:
    return {"text": button.label, "callback_data": button.command}
