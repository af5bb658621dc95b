"""Reply markup, checked as the server checks it."""

from typing import Any

from adapters.telegram.emulator.links import checked_link
from adapters.telegram.emulator.params import Params
from adapters.telegram.emulator.refusals import bad_request
from adapters.telegram.emulator.values import Json

LARGEST_CALLBACK = 64
MOST_BUTTONS = 100
_KINDS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


def read_markup(params: Params) -> Json | None:
    """The reply markup of a call, or None.

    Raises:
        ApiError: 400, an impossible button; callback data is 1 to 64 bytes.
    """
    markup: Json | None = params.value("reply_markup", dict)
    if not markup:
        return None
    if not any(kind in markup for kind in _KINDS):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return markup
    return _inline(rows)


def _inline(rows: Any) -> Json | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array of Array')
    kept = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in kept) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> Json:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [action for action in _ACTIONS if button.get(action) is not None]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in actions and not 0 < len(str(button["callback_data"]).encode()) <= LARGEST_CALLBACK:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in actions:
        return {**button, "url": checked_link(button["url"], "inline keyboard button URL")}
    return {name: value for name, value in button.items() if value is not None}
