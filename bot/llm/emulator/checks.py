"""What the vendor refuses before it thinks."""

import json
from collections.abc import Mapping
from typing import Any

from bot.llm.emulator import replies
from bot.llm.emulator.cards import Card
from bot.llm.emulator.replies import Reply
from bot.llm.emulator.requests import ChatRequest

RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}


def read_body(raw: bytes) -> Mapping[str, Any] | Reply:
    try:
        body = json.loads(raw)
    except ValueError:
        return replies.not_json()
    return body if isinstance(body, dict) else replies.not_json()


def check_shape(body: Mapping[str, Any]) -> Reply | None:
    """The fields without which there is no request."""
    if not body.get("model"):
        return replies.missing("model")
    messages = body.get("messages")
    if messages is None:
        return replies.missing("messages")
    if not isinstance(messages, list) or not messages or not all(_is_message(m) for m in messages):
        return replies.wrong_type("messages", "a non-empty array of objects with a role")
    return None


def check_options(body: Mapping[str, Any], card: Card) -> Reply | None:
    """Optional parameters: supported by this model, and in range."""
    for name in sorted(card.refuses):
        if body.get(name) is not None:
            return replies.unsupported(name)
    for name, (low, high) in RANGES.items():
        value = body.get(name)
        if isinstance(value, int | float) and not low <= value <= high:
            return replies.out_of_range(name, value, low=low, high=high)
    return None


def check_window(request: ChatRequest, card: Card, prompt: int) -> Reply | None:
    wanted = asked_limit(request, card)
    if prompt + (wanted or 0) <= card.window:
        return None
    return replies.too_long(window=card.window, prompt=prompt, completion=wanted)


def asked_limit(request: ChatRequest, card: Card) -> int | None:
    """The output limit the client asked for, by the new name or the old one."""
    for name in ("max_completion_tokens", "max_tokens"):
        value = request.body.get(name)
        if value is not None and name not in card.ignores:
            return int(value)
    return None


def output_limit(request: ChatRequest, card: Card, prompt: int) -> int:
    asked = asked_limit(request, card)
    return min(card.max_output, card.window - prompt, asked if asked is not None else card.max_output)


def _is_message(message: object) -> bool:
    return isinstance(message, Mapping) and isinstance(message.get("role"), str)
