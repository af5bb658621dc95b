"""An OpenAI-compatible endpoint as the Model port."""

from collections.abc import Mapping
from typing import Any, Self

import httpx2
import openai

from bot.domain.completions import Prompt
from bot.llm.completion import BROKEN, StreamedCompletion, Timeouts
from bot.llm.dialect import Dialect
from bot.llm.errors import translate
from bot.ports import Clock

#: What servers call the context window in their model lists: vLLM, OpenRouter, Groq, LM Studio.
WINDOW_NAMES = ("max_model_len", "context_length", "context_window", "max_context_length")


class OpenAIModel:
    """One endpoint. Each `complete` is one attempt: further ones are `bot.llm.pool`'s."""

    def __init__(self, *, client: openai.AsyncOpenAI, clock: Clock, timeouts: Timeouts) -> None:
        self._client = client
        self._clock = clock
        self._timeouts = timeouts
        self._dialect = Dialect(str(client.base_url))

    @classmethod
    def connect(cls, base_url: str, key: str, clock: Clock, timeouts: Timeouts | None = None) -> Self:
        """`key` may be any word where the server asks for none. Sends nothing yet."""
        times = timeouts or Timeouts()
        client = openai.AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            # The SDK would repeat calls that failed for want of credit, and sleep up to two minutes unseen.
            max_retries=0,
            timeout=httpx2.Timeout(max(times.first, times.between), connect=times.connect),
            http_client=openai.DefaultAioHttpClient(),
        )
        return cls(client=client, clock=clock, timeouts=times)

    def complete(self, prompt: Prompt) -> StreamedCompletion:
        return StreamedCompletion(
            client=self._client,
            dialect=self._dialect,
            prompt=prompt,
            clock=self._clock,
            timeouts=self._timeouts,
        )

    async def models(self) -> Mapping[str, int | None]:
        try:
            listed = await self._client.get("/models", cast_to=object)
        except BROKEN as error:
            raise translate(error, self._clock.now()) from None
        entries = listed.get("data") if isinstance(listed, Mapping) else None
        return {str(entry["id"]): _window(entry) for entry in entries or () if _is_model(entry)}

    async def close(self) -> None:
        await self._client.close()


def _is_model(entry: object) -> bool:
    return isinstance(entry, Mapping) and "id" in entry


def _window(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    told = [entry.get(name) for name in WINDOW_NAMES]
    if isinstance(meta, Mapping):  # llama.cpp: what it runs with, then what the model was trained for
        told += [meta.get("n_ctx"), meta.get("n_ctx_train")]
    return next((size for size in told if isinstance(size, int) and size > 0), None)
