"""One event of a stream, read from the JSON that servers really send."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bot.domain.completions import FinishReason, Usage

#: Everything else ("stop", "eos", "tool_calls", …) means that the model considers itself done.
FINISHES: Mapping[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

#: What is written beside the answer: llama.cpp, vLLM and DeepSeek think in the first, OpenRouter in the second.
UNSAID = ("reasoning_content", "reasoning", "refusal")


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
    choice = next((c for c in event.get("choices") or () if isinstance(c, Mapping)), {})
    delta = choice.get("delta") or {}
    reason = choice.get("finish_reason")
    return Chunk(
        text=delta.get("content") or "",
        refused=bool(delta.get("refusal")),
        unsaid=sum(len(delta[name]) for name in UNSAID if isinstance(delta.get(name), str)),
        finish=FINISHES.get(reason, "stop") if reason else None,
        usage=event.get("usage") or None,
        model=event.get("model") or "",
        service_tier=event.get("service_tier"),
    )


def read_usage(told: Mapping[str, Any] | None, prompt_tokens: int) -> Usage | None:
    """The server's bill; None when it tells nothing of use. A missing prompt count is filled with our estimate."""
    if told is None or not isinstance(output := told.get("completion_tokens"), int):
        return None
    given = told.get("prompt_tokens")
    known = isinstance(given, int) and given > 0
    return Usage(
        input=given if known and isinstance(given, int) else prompt_tokens,
        output=output,
        cached=_detail(told, "prompt_tokens_details", "cached_tokens"),
        reasoning=_detail(told, "completion_tokens_details", "reasoning_tokens"),
        cache_written=_detail(told, "prompt_tokens_details", "cache_write_tokens"),
        estimated=not known,
    )


def _detail(told: Mapping[str, Any], group: str, name: str) -> int:
    details = told.get(group)
    value = details.get(name) if isinstance(details, Mapping) else None
    return value if isinstance(value, int) else 0
