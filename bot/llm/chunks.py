"""One event of a stream, read from the JSON that servers really send."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.domain.completions import FinishReason, Usage

#: Everything else ("stop", "eos", "tool_calls", …) means that the model considers itself done.
FINISHES: Mapping[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

#: What is written beside the answer: llama.cpp, vLLM and DeepSeek think in the first, OpenRouter in the second.
UNSAID = ("reasoning_content", "reasoning", "refusal")

_MANY = 2**31
"""Tokens that no answer has; the database's columns end there."""


class Chunk(NamedTuple):
    """What we use of it. `text` never holds thinking (`reasoning_content`) or a refusal; `unsaid` counts their
    characters.

    A tuple and no dataclass, because one is made for every word of every answer.
    """

    text: str = ""
    refused: bool = False
    finish: FinishReason | None = None
    usage: Mapping[str, Any] | None = None
    model: str = ""
    service_tier: str | None = None
    unsaid: int = 0


def read_chunk(event: object) -> Chunk:
    """Never raises: a chunk may have `choices: []` (usage, Azure's first one), nulls, or no shape at all."""
    if not isinstance(event, Mapping):
        return Chunk()
    choice = first_choice(event)
    delta, reason, usage = _mapping(choice.get("delta")), choice.get("finish_reason"), _mapping(event.get("usage"))
    return Chunk(
        text=_words(delta.get("content")),
        refused=bool(delta.get("refusal")),
        unsaid=sum(len(delta[name]) for name in UNSAID if isinstance(delta.get(name), str)),
        finish=FINISHES.get(str(reason), "stop") if reason else None,
        usage=usage or None,
        model=_words(event.get("model")),
        service_tier=_words(event.get("service_tier")) or None,
    )


def first_choice(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was asked for one of; empty if there is none."""
    choices = answer.get("choices")
    return next((one for one in choices if isinstance(one, Mapping)), {}) if isinstance(choices, list) else {}


def read_usage(told: Mapping[str, Any] | None, prompt_tokens: int) -> Usage | None:
    """The server's bill; None when it tells nothing of use. A missing prompt count is filled with our estimate."""
    output = _count(told.get("completion_tokens")) if told else None
    if told is None or output is None:
        return None
    given = _count(told.get("prompt_tokens"))
    return Usage(
        input=given or prompt_tokens,
        output=output,
        cached=_detail(told, "prompt_tokens_details", "cached_tokens"),
        reasoning=_detail(told, "completion_tokens_details", "reasoning_tokens"),
        cache_written=_detail(told, "prompt_tokens_details", "cache_write_tokens"),
        estimated=not given,
    )


def _detail(told: Mapping[str, Any], group: str, name: str) -> int:
    return _count(_mapping(told.get(group)).get(name)) or 0


def _count(value: object) -> int | None:
    """A number of tokens as one may be: less than none would give somebody more than their limits."""
    return value if type(value) is int and 0 <= value < _MANY else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
