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


_THUMBS = ("thumb up ", "thumb down ")
"""The commands by which people say what they think of an answer. Slack has buttons of its own for that, which show
what was chosen."""


def blocks(buttons: Sequence[Button]) -> list[Json]:
    """Rows of buttons, numbered because Slack wants each `action_id` once; thumbs stand below."""
    thumbs = [next((one for one in buttons if one.command.startswith(which)), None) for which in _THUMBS]
    judged = [one for one in thumbs if one is not None] if all(thumbs) else []
    others = [one for one in buttons if one not in judged]
    elements = [_element(number, button) for number, button in enumerate(others)]
    rows = (elements[at : at + _IN_A_ROW] for at in range(0, len(elements), _IN_A_ROW))
    return [*({"type": "actions", "elements": row} for row in rows), *_feedback(judged)]


def _feedback(thumbs: Sequence[Button]) -> list[Json]:
    if not thumbs:
        return []
    name, values = thumbs[0].command.partition(" ")[0], [one.command.partition(" ")[2] for one in thumbs]
    good, bad = ({"text": _label(one), "value": value} for one, value in zip(thumbs, values, strict=True))
    element = {"type": "feedback_buttons", "action_id": f"{ACTION_PREFIX}{name}"}
    return [{"type": "context_actions", "elements": [element | {"positive_button": good, "negative_button": bad}]}]


def under(parts: Sequence[Json], buttons: Sequence[Button]) -> list[Json]:
    """The parts, the last of which that says something carries the buttons."""
    last = max((at for at, part in enumerate(parts) if "text" in part), default=None)
    if last is None or not buttons:
        return [*parts]
    return [*parts[:last], {**parts[last], "blocks": blocks(buttons)}, *parts[last + 1 :]]


def _element(number: int, button: Button) -> Json:
    name, _, arguments = button.command.partition(" ")
    element = {"type": "button", "action_id": f"{ACTION_PREFIX}{name}.{number}", "text": _label(button)}
    return element | ({"value": arguments} if arguments else {})


def _label(button: Button) -> Json:
    return {"type": "plain_text", "text": button.label[:_LONGEST_LABEL], "emoji": True}
