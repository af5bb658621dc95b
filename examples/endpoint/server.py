"""An OpenAI-compatible endpoint of one's own: `python server.py 9000`. Its model says what one said, backwards.

What Parley asks of an endpoint is this: a list of models, and answers as server-sent events.
"""

import json
import sys
from typing import Any

from aiohttp import web

MODEL = "backwards-1"


async def models(_request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})


async def completions(request: web.Request) -> web.StreamResponse:
    asked = await request.json()
    words = str(asked["messages"][-1]["content"]).split()[::-1]
    if not asked.get("stream"):
        return web.json_response({**_head("chat.completion"), "choices": [_choice("message", " ".join(words), "stop")]})
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for word in words:
        await _send(response, choices=[_choice("delta", f"{word} ")])
    await _send(response, choices=[_choice("delta", "", "stop")])
    # Parley charges what stands here. Without it, it charges its own estimate.
    used = {"prompt_tokens": len(words), "completion_tokens": len(words), "total_tokens": 2 * len(words)}
    await _send(response, choices=[], usage=used)
    await response.write(b"data: [DONE]\n\n")
    return response


async def _send(response: web.StreamResponse, **chunk: Any) -> None:
    await response.write(f"data: {json.dumps({**_head('chat.completion.chunk'), **chunk})}\n\n".encode())


def _head(kind: str) -> dict[str, Any]:
    return {"id": "1", "object": kind, "created": 0, "model": MODEL}


def _choice(where: str, words: str, ending: str | None = None) -> dict[str, Any]:
    return {"index": 0, where: {"role": "assistant", "content": words}, "finish_reason": ending}


def application() -> web.Application:
    app = web.Application()
    app.add_routes([web.get("/v1/models", models), web.post("/v1/chat/completions", completions)])
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
