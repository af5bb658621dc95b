"""How one endpoint wants to be asked: which optional parameters it takes, learnt from its refusals."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.domain.completions import Prompt, PromptMessage
from bot.domain.models import CacheMark, ModelCard

NEW_LIMIT, OLD_LIMIT = "max_completion_tokens", "max_tokens"
PARAMETERS = ("temperature", "top_p", "reasoning_effort", "verbosity", "presence_penalty", "frequency_penalty")
TIER = "service_tier"
#: What may be left out without harm. The output limit may not: a quota was reserved for it.
OPTIONAL = ("stream_options", "prompt_cache_key", "safety_identifier", TIER, *PARAMETERS)
#: What is written into a part of a message at whose end a prefix ends that is worth keeping in the prompt cache:
#: OpenAI's from gpt-5.6 on (https://platform.openai.com/docs/guides/prompt-caching), Anthropic's as OpenRouter passes
#: it on (https://openrouter.ai/docs/features/prompt-caching).
CACHE_MARKS: Mapping[CacheMark, Mapping[str, str]] = {
    "prompt_cache_breakpoint": {"mode": "explicit"},
    "cache_control": {"type": "ephemeral"},
}
#: OpenAI names the parameter in `param`; others only in the message.
COMPLAINT = re.compile(
    r"unsupported|not supported|unknown|unrecogni[sz]ed|not permitted|extra (fields|inputs)", re.IGNORECASE
)


class Dialect:
    """Builds request bodies and remembers, per model, what the endpoint refused."""

    def __init__(self, base_url: str) -> None:
        host = urlsplit(base_url).hostname or ""
        self._openai = host == "api.openai.com"
        self._azure = host.endswith(".openai.azure.com")
        self._refused: dict[str, set[str]] = {}

    def body(self, prompt: Prompt) -> dict[str, Any]:
        card = prompt.card
        refused = self._refused.get(card.name, set()) | card.unsupported
        limit = OLD_LIMIT if NEW_LIMIT in refused else card.max_tokens_field
        wanted = self._extras(prompt) | _parameters(prompt)
        extras = {name: value for name, value in wanted.items() if name not in refused}
        return {
            "model": card.name,
            "messages": _messages(
                prompt.messages, None if card.cache_mark in refused else card.cache_mark, sees=card.sees_images
            ),
            "stream": True,
            limit: prompt.answer_room,
            **extras,
        }

    def learn(self, card: ModelCard, problem: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
        """Whether the next body will be another one than `sent`, which the endpoint answered with this error.

        What was learnt already counts too: of several calls under way each is refused the same parameter.
        """
        name = _named(problem)
        if name is None or name not in (*sent, card.cache_mark):
            return False
        self._refused.setdefault(card.name, set()).add(name)
        return True

    def _extras(self, prompt: Prompt) -> dict[str, Any]:
        streaming: dict[str, Any] = {"include_usage": True}
        extras: dict[str, Any] = {"stream_options": streaming}
        if prompt.service_tier:
            extras[TIER] = prompt.service_tier
        if prompt.key and (self._openai or self._azure):
            extras["prompt_cache_key"] = prompt.key
        if self._openai:
            # Obfuscation pads every chunk against eavesdroppers who measure packets: a tenth of the bytes.
            streaming["include_obfuscation"] = False
            if prompt.person:
                extras["safety_identifier"] = prompt.person
        return extras


def _messages(messages: Sequence[PromptMessage], mark: CacheMark | None, *, sees: bool) -> list[dict[str, Any]]:
    """With marks where everybody's prefix ends, and where that of the next turn of this conversation will."""
    if mark is None:
        return [{"role": message.role, "content": _content(message, sees=sees)} for message in messages]
    lasting = (number for number, message in enumerate(messages) if message.role == "user" and not message.passing)
    last = max(lasting, default=-1)
    return [
        {"role": message.role, "content": _marked(_content(message, sees=sees), mark)}
        if message.role == "system" or number == last
        else {"role": message.role, "content": _content(message, sees=sees)}
        for number, message in enumerate(messages)
    ]


def _content(message: PromptMessage, *, sees: bool) -> str | list[dict[str, Any]]:
    """The text, or parts where pictures go with it. They come first: some models read them better so."""
    if not sees or not message.pictures:
        return message.text
    pictures = [{"type": "image_url", "image_url": {"url": one.url}} for one in message.pictures]
    return [*pictures, {"type": "text", "text": message.text}]


def _marked(content: str | list[dict[str, Any]], mark: CacheMark) -> list[dict[str, Any]]:
    """With the mark in the last part."""
    *before, last = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [*before, {**last, mark: CACHE_MARKS[mark]}]


def _parameters(prompt: Prompt) -> dict[str, Any]:
    """How the model is asked to answer; the output limit is none of them, it was reserved."""
    asked = prompt.parameters.over(prompt.card.parameters)
    return {name: value for name, value in asked.given().items() if name in PARAMETERS}


def _named(problem: Mapping[str, Any]) -> str | None:
    """Which of our parameters an error refuses."""
    known = (NEW_LIMIT, *OPTIONAL, *CACHE_MARKS)
    code, message = str(problem.get("code") or ""), str(problem.get("message") or "")
    if not (code.startswith(("unsupported_", "unknown_parameter")) or COMPLAINT.search(message)):
        return None
    param = str(problem.get("param") or "").split(".", maxsplit=1)[0]
    if param:
        return param if param in known else None
    return next((name for name in known if name in message), None)
