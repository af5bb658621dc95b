"""The least that could be called the same bot: Telegram's and OpenAI's SDKs in a loop, and a dict for history.

It stores nothing, counts nothing, limits nobody and forgives no failure. It uses the SDKs in the same cheap way as
Parley does (aiohttp below both, raw updates, undecoded chunks, uvloop), so that the difference in CPU is the price of
what Parley adds. Reads the same environment variables as `parley serve`.
"""

import asyncio
import os
import time
import warnings
from collections import defaultdict
from typing import Any

import httpx2
import openai
import uvloop
from telegram import Bot
from telegram.warnings import PTBUserWarning

from adapters.telegram.markup import render
from adapters.telegram.request import AiohttpRequest

SYSTEM = {
    "role": "system",
    "content": "You are a helpful assistant. Answer in the language of the person you talk to.",
}
Message = dict[str, Any]
Stream = openai.AsyncStream[object]


class Bare:
    """One bot; `history` is all it remembers."""

    def __init__(self, bot: Bot, client: openai.AsyncOpenAI, model: str) -> None:
        self._bot = bot
        self._client = client
        self._model = model
        self._history: dict[int, list[Message]] = defaultdict(list)
        self._lanes: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._turns: set[asyncio.Task[None]] = set()

    async def poll(self) -> None:
        offset = None
        while True:
            parameters = {"offset": offset, "timeout": 50, "allowed_updates": ["message"]}
            updates: Any = await self._bot.do_api_request("getUpdates", api_kwargs=parameters, read_timeout=60)
            for update in updates:
                offset = update["update_id"] + 1
                if message := update.get("message"):
                    self._begin(message)

    def _begin(self, message: Message) -> None:
        turn = asyncio.create_task(self._answer(message["chat"]["id"], message["message_id"], message["text"]))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)

    async def _answer(self, chat: int, question: int, text: str) -> None:
        async with self._lanes[chat]:
            history = self._history[chat]
            history.append({"role": "user", "content": text})
            answer = await self._listen(chat, question, [SYSTEM, *history])
            history.append({"role": "assistant", "content": answer})
            for part, entities in render(answer):
                more: dict[str, Any] = {"link_preview_options": {"is_disabled": True}}
                await self._bot.send_message(chat, part, api_kwargs=more | ({"entities": entities} if entities else {}))

    async def _listen(self, chat: int, question: int, messages: list[Message]) -> str:
        body = {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": 4000,
        }
        stream = await self._client.post("/chat/completions", body=body, cast_to=object, stream=True, stream_cls=Stream)
        text, due, draft = "", 0.0, None
        async with stream:
            async for chunk in stream:
                text += _text(chunk)
                if text and time.monotonic() >= due and (draft is None or draft.done()):
                    due = time.monotonic() + 1
                    draft = asyncio.create_task(self._bot.send_message_draft(chat, question, text))
        if draft is not None:
            await draft
        return text


def _text(chunk: Any) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


async def main() -> None:
    warnings.filterwarnings("ignore", r"Please use 'Bot\.getUpdates'", PTBUserWarning)
    requests = AiohttpRequest(connections=1), AiohttpRequest()
    for request in requests:
        await request.initialize()
    bot = Bot(
        os.environ["TELEGRAM_BOT_TOKEN"],
        base_url=os.environ["TELEGRAM_API_URL"] + "/bot",
        get_updates_request=requests[0],
        request=requests[1],
    )
    client = openai.AsyncOpenAI(
        api_key=os.environ["OPENAI_API_KEY"],
        base_url=os.environ["OPENAI_BASE_URL"],
        max_retries=0,
        timeout=httpx2.Timeout(60, connect=5),
        http_client=openai.DefaultAioHttpClient(),
    )
    await Bare(bot, client, os.environ["MODEL"]).poll()


if __name__ == "__main__":
    uvloop.run(main())
