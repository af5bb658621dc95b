"""Buttons under a message: a block that is stored with the part, so that it can be sent by any process."""

from collections.abc import Sequence
from typing import Any

from adapters.slack.interactions import ACTION_PREFIX
from bot.domain.updates import Button

Json = dict[str, Any]

_LONGEST_LABEL = 75
"""Characters [docs.slack.dev/reference/block-kit/block-elements/button-element]."""


_IN_A_ROW = 5
"""Slack takes 25 in a block; more than a few are not read."""


def blocks(buttons: Sequence[Button]) -> list[Json]:
    """Rows of buttons. They are numbered because Slack wants each `action_id` once."""
    elements = [_element(number, button) for number, button in enumerate(buttons)]
    rows = (elements[at : at + _IN_A_ROW] for at in range(0, len(elements), _IN_A_ROW))
    return [{"type": "actions", "elements": row} for row in rows]


def under(parts: Sequence[Json], buttons: Sequence[Button]) -> list[Json]:
    """The parts, the last of which that says something carries the buttons."""
    last = max((at for at, part in enumerate(parts) if "text" in part), default=None)
    if last is None or not buttons:
        return [*parts]
    return [*parts[:last], {**parts[last], "blocks": blocks(buttons)}, *parts[last + 1 :]]


def _element(number: int, button: Button) -> Json:
    name, _, arguments = button.command.partition(" ")
    label = {"type": "plain_text", "text": button.label[:_LONGEST_LABEL], "emoji": True}
    element = {"type": "button", "action_id": f"{ACTION_PREFIX}{name}.{number}", "text": label}
    return element | ({"value": arguments} if arguments else {})
