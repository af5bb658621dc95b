"""What endpoints, platforms and identity providers answer."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Self
from unittest.mock import patch
from warnings import catch_warnings

import httpx2
import openai
from slack_sdk.errors import SlackApiError
from telegram import error as telegram

from adapters.slack.errors import translate as slack_error
from adapters.telegram.errors import translate as telegram_error
from adapters.web.dashboard.oidc import Application, Errand, Provider, ProviderTrouble
from bot.domain.people import Identity
from bot.llm.chunks import Chunk, read_chunk, read_usage
from bot.llm.completion import BROKEN
from bot.llm.errors import translate
from bot.llm.events import Decoder, read_events
from bot.llm.shaping.headers import levels

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REQUEST = httpx2.Request("POST", "http://model/v1/chat/completions")
WEEK = 7 * 86_400.0
ISSUER = "https://id.example"
ERRAND = Errand(state="s", nonce="n", verifier="v")


def stream(data: bytes) -> None:
    """A stream of events, cut where its first byte says."""
    size, stream_ = (data[0] or 1) if data else 1, data[1:]
    texts = asyncio.run(_streamed([stream_[at : at + size] for at in range(0, len(stream_), size)]))
    assert all(isinstance(text, str) for text in texts)
    found = list(Decoder().feed(stream_ + b"\n\n"))
    assert len(found) <= len(stream_) + 1


async def _streamed(blocks: list[bytes]) -> list[str]:
    async def content() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    response = httpx2.Response(200, content=content(), request=REQUEST)
    texts: list[str] = []
    try:
        async for events in read_events(response, lambda: False):
            texts += [_read(event) for event in events]
    except BROKEN as error:
        translate(error, NOW)
    return texts


def _read(event: object) -> str:
    chunk = read_chunk(event)
    assert isinstance(chunk, Chunk)
    assert isinstance(chunk.model, str)
    assert chunk.service_tier is None or isinstance(chunk.service_tier, str)
    usage = read_usage(chunk.usage, 7)
    assert usage is None or min(usage.input, usage.output, usage.cached, usage.reasoning) >= 0
    return chunk.text


def refusal(data: bytes) -> None:
    """An error with headers and a body: lines of headers, an empty one, the body."""
    head, _, body = data.partition(b"\n\n")
    headers = _headers(head)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    response = httpx2.Response(_status(headers), headers=raw, content=body, request=REQUEST)
    levels(response.headers)
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        content = body.decode(errors="replace")
    told = content.get("error", content) if isinstance(content, dict) else content
    error = translate(openai.APIStatusError("refused", response=response, body=told), NOW)
    wait = getattr(error, "retry_after", None)
    assert wait is None or 0 <= wait <= WEEK


def busy(data: bytes) -> None:
    """How long platforms want to be left alone."""
    told = data.decode("latin-1").strip()
    answer = SimpleNamespace(data={"ok": False, "error": told}, status_code=429, headers={"Retry-After": told})
    wait = slack_error("chat.postMessage", SlackApiError("busy", answer)).retry_after  # type: ignore[attr-defined, no-untyped-call]
    assert 0 <= wait <= WEEK
    with suppress(ValueError, OverflowError), catch_warnings(action="ignore"):
        wait = telegram_error(telegram.RetryAfter(int(told))).retry_after  # type: ignore[attr-defined]
        assert 0 <= wait <= WEEK


def signing_in(data: bytes) -> None:
    """What an identity provider answers: its addresses, its keys and a token, a line each."""
    metadata, _, rest = data.partition(b"\n")
    keys, _, token = rest.partition(b"\n")
    answers = {"/.well-known/openid-configuration": metadata, "/keys": keys, "/token": token}
    with suppress(ProviderTrouble):
        asyncio.run(_finish(answers))


async def _finish(answers: dict[str, bytes]) -> None:
    application = Application(
        issuer=ISSUER,
        client_id="parley",
        client_secret=None,
        people={"ada@example.org": Identity(platform="telegram", user="11")},
        redirect="https://bot.example/dashboard/oidc",
    )
    with patch("adapters.web.dashboard.oidc.aiohttp.ClientSession", lambda **_: _Session(answers)):
        await Provider(application).finish("code", ERRAND)


class _Session:
    """aiohttp's client as far as it is used, without a network."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = answers

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    def request(self, _method: str, url: str, **_: Any) -> "_Answer":
        path = url.removeprefix(ISSUER)
        return _Answer(self._answers.get(path, b""))


class _Answer:
    status = 200

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def json(self, **_: Any) -> Any:
        return json.loads(self._body.decode())


def _headers(head: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.decode("latin-1").splitlines() if ":" in line)
    return {
        name.strip().lower(): value.strip() for name, _, value in pairs if name.strip().isidentifier() or "-" in name
    }


def _status(headers: dict[str, str]) -> int:
    told = headers.pop("status", "429")
    return int(told) if told.isascii() and told.isdigit() and 400 <= int(told[:9]) < 600 else 429
