"""Buttons under a message: a block that is stored with the part, so that it can be sent by any process."""

from collections.abc import Sequence
from typing import Any

from adapters.slack.inbound import ACTION_PREFIX
from bot.domain.updates import Button

Json = dict[str, Any]

_LONGEST_LABEL = 75
"""Characters [docs.slack.dev/reference/block-kit/block-elements/button-element]."""


def blocks(buttons: Sequence[Button]) -> list[Json]:
    """All buttons in one row. Their commands must differ: Slack wants each `action_id` once."""
    return [{"type": "actions", "elements": [_element(button) for button in buttons]}] if buttons else []


def under(parts: Sequence[Json], buttons: Sequence[Button]) -> list[Json]:
    """The parts, the last of which that says something carries the buttons."""
    last = max((at for at, part in enumerate(parts) if "text" in part), default=None)
    if last is None or not buttons:
        return [*parts]
    return [*parts[:last], {**parts[last], "blocks": blocks(buttons)}, *parts[last + 1 :]]


def _element(button: Button) -> Json:
    name, _, arguments = button.command.partition(" ")
    label = {"type": "plain_text", "text": button.label[:_LONGEST_LABEL], "emoji": True}
    element = {"type": "button", "action_id": f"{ACTION_PREFIX}{name}", "text": label}
    return element | ({"value": arguments} if arguments else {})
