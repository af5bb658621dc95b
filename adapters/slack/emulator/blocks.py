"""Block Kit rules, for the blocks bots like ours send. Source: docs.slack.dev/reference/block-kit."""

from collections.abc import Callable, Mapping, Sequence

from adapters.slack.emulator.values import ApiError, Json

MARKDOWN_LIMIT = 12_000
# Measured, bolt-js issue 2509: blocks that are legal one by one are refused together above this.
TOTAL_LIMIT = 13_200
BLOCKS_PER_MESSAGE = 50
BLOCKS_PER_VIEW = 100
MESSAGES_ONLY = ("context_actions", "markdown", "table")
TEXT_TYPES = ("plain_text", "mrkdwn")
STYLES = (None, "primary", "danger")


def check_blocks(blocks: Sequence[Json], *, most: int = BLOCKS_PER_MESSAGE, view: bool = False) -> tuple[Json, ...]:
    """The blocks, unchanged; `view` for those of a modal or a Home tab, where some kinds are not to be had.

    Raises:
        ApiError: `invalid_blocks` with the reasons, or `msg_blocks_too_long`.
    """
    faults = [] if len(blocks) <= most else [f"no more than {most} items allowed [json-pointer:/blocks]"]
    for at, block in enumerate(blocks):
        strange = [f"unsupported type: {block['type']}"] if view and block.get("type") in MESSAGES_ONLY else []
        faults += [f"{fault} [json-pointer:/blocks/{at}]" for fault in strange or _block(block)]
    faults += _duplicates(blocks)
    if faults:
        details = [f"[ERROR] {fault}" for fault in faults]
        raise ApiError("invalid_blocks", errors=faults, response_metadata={"messages": details})
    if sum(map(_weight, blocks)) > TOTAL_LIMIT:
        raise ApiError("msg_blocks_too_long")
    return tuple(blocks)


def _weight(block: Json) -> int:
    return len(block["text"]) if block["type"] == "markdown" else len((_as_dict(block.get("text"))).get("text", ""))


def _duplicates(blocks: Sequence[Json]) -> list[str]:
    named = [block["block_id"] for block in blocks if block.get("block_id")]
    return [] if len(named) == len(set(named)) else ["block_id values must be unique"]


def _block(block: Json) -> list[str]:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in RULES:
        return [f"unsupported type: {kind}"]
    return [*_length(block.get("block_id", ""), 255, "block_id"), *RULES[kind](block)]


def _markdown(block: Json) -> list[str]:
    return _length(block.get("text"), MARKDOWN_LIMIT, "text", at_least=1)


def _section(block: Json) -> list[str]:
    if not block.get("text") and not block.get("fields"):
        return ["missing required field: text"]
    faults = _text(block["text"], 3000) if block.get("text") else []
    fields = block.get("fields") or []
    faults += ["no more than 10 items allowed: fields"] if len(fields) > 10 else []
    faults += [fault for item in fields for fault in _text(item, 2000)]
    return faults + (_element(block["accessory"]) if block.get("accessory") else [])


def _header(block: Json) -> list[str]:
    return _text(block.get("text"), 150, types=("plain_text",))


def _context(block: Json) -> list[str]:
    elements = _elements(block, most=10)
    if isinstance(elements, str):
        return [elements]
    return [
        fault for item in elements for fault in (_image(item) if item.get("type") == "image" else _text(item, 3000))
    ]


def _actions(block: Json) -> list[str]:
    elements = _elements(block, most=25)
    return [elements] if isinstance(elements, str) else _all(elements)


def _context_actions(block: Json) -> list[str]:
    elements = _elements(block, most=5)
    if isinstance(elements, str):
        return [elements]
    wrong = [item.get("type") for item in elements if item.get("type") not in ("feedback_buttons", "icon_button")]
    return [f"unsupported type: {kind}" for kind in wrong] or _all(elements)


def _all(elements: Sequence[Json]) -> list[str]:
    actions = [item["action_id"] for item in elements if item.get("action_id")]
    twice = [] if len(actions) == len(set(actions)) else ["action_id values must be unique within a block"]
    return twice + [fault for item in elements for fault in _element(item)]


def _elements(block: Json, *, most: int) -> list[Json] | str:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        return "missing required field: elements"
    if len(elements) > most:
        return f"no more than {most} items allowed: elements"
    return elements if all(isinstance(item, dict) for item in elements) else "must be an object: elements"


def _element(element: Json) -> list[str]:
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in ELEMENTS:
        return [f"unsupported element: {kind}"]
    return [*_length(element.get("action_id", ""), 255, "action_id"), *ELEMENTS[kind](element)]


def _button(element: Json) -> list[str]:
    faults = _text(element.get("text"), 75, types=("plain_text",))
    faults += _length(element.get("value", ""), 2000, "value") + _length(element.get("url", ""), 3000, "url")
    return faults + ([] if element.get("style") in STYLES else ["invalid style"])


def _feedback_buttons(element: Json) -> list[str]:
    faults = []
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, dict):
            return [f"missing required field: {name}"]
        faults += _text(button.get("text"), 75, types=("plain_text",))
        faults += _length(button.get("value"), 2000, "value", at_least=1)
    return faults


def _select(element: Json) -> list[str]:
    options = element.get("options") or [
        option for group in element.get("option_groups") or [] for option in group.get("options", [])
    ]
    if not 1 <= len(options) <= 100:
        return ["from 1 to 100 items allowed: options"]
    first = element.get("initial_option")
    faults = [] if first is None or first in options else ["must be one of the options: initial_option"]
    return faults + [
        fault
        for option in options
        for fault in [*_text(option.get("text"), 75), *_length(option.get("value"), 150, "value", at_least=1)]
    ]


def _image(block: Json) -> list[str]:
    if not block.get("image_url") and not block.get("slack_file"):
        return ["missing required field: image_url"]
    return _length(block.get("image_url", "x"), 3000, "image_url") + _length(
        block.get("alt_text"), 2000, "alt_text", at_least=1
    )


def _input(block: Json) -> list[str]:
    label = _text(block.get("label"), 2000, types=("plain_text",))
    element = _as_dict(block.get("element"))
    wrong = [] if element.get("type") in INPUTS else [f"unsupported element: {element.get('type')}"]
    return label + (wrong or _element(element))


def _rich_text(block: Json) -> list[str]:
    parts = block.get("elements")
    if not isinstance(parts, list) or not parts:
        return ["missing required field: elements"]
    return [fault for part in parts for fault in _rich_part(_as_dict(part))]


def _rich_part(part: Json) -> list[str]:
    if part.get("type") not in RICH_PARTS:
        return [f"unsupported type: {part.get('type')}"]
    if part["type"] == "rich_text_list":
        return [fault for one in part.get("elements") or [] for fault in _rich_part(_as_dict(one))]
    elements = part.get("elements")
    if not isinstance(elements, list) or not elements:
        return ["missing required field: elements"]
    return [
        fault
        for one in elements
        if one.get("type") == "text"
        for fault in _length(one.get("text"), 40_000, "text", at_least=1)
    ]


def _text_input(element: Json) -> list[str]:
    most = element.get("max_length", 3000)
    if not isinstance(most, int) or not 1 <= most <= 3000:
        return ["from 1 to 3000: max_length"]
    return _length(element.get("initial_value", ""), most, "initial_value")


def _number_input(element: Json) -> list[str]:
    return [] if isinstance(element.get("is_decimal_allowed"), bool) else ["missing required field: is_decimal_allowed"]


def _text(value: object, most: int, *, types: Sequence[str] = TEXT_TYPES) -> list[str]:
    if not isinstance(value, dict):
        return ["missing required field: text"]
    if value.get("type") not in types:
        return [f"unsupported text type: {value.get('type')}"]
    return _length(value.get("text"), most, "text", at_least=1)


def _length(value: object, most: int, name: str, *, at_least: int = 0) -> list[str]:
    if not isinstance(value, str):
        return [f"missing required field: {name}"]
    if len(value) < at_least:
        return [f"must be more than {at_least - 1} characters: {name}"]
    return [] if len(value) <= most else [f"must be less than {most + 1} characters: {name}"]


def _as_dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _anything(_: Json) -> list[str]:
    return []


RULES: Mapping[str, Callable[[Json], list[str]]] = {
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "divider": _anything,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _anything,
}
RICH_PARTS = ("rich_text_list", "rich_text_preformatted", "rich_text_quote", "rich_text_section")
INPUTS = ("checkboxes", "number_input", "plain_text_input", "radio_buttons", "static_select", "users_select")
ELEMENTS: Mapping[str, Callable[[Json], list[str]]] = {
    "button": _button,
    "checkboxes": _select,
    "feedback_buttons": _feedback_buttons,
    "icon_button": _anything,
    "image": _image,
    "number_input": _number_input,
    "overflow": _select,
    "plain_text_input": _text_input,
    "radio_buttons": _select,
    "static_select": _select,
    "users_select": _anything,
}
