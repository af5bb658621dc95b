"""The client against a server that somebody else wrote. `tests/scenarios/test_faults.py` plays more on it."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.errors import (
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.llm.client import OpenAIModel
from bot.llm.completion import Timeouts
from tests.aimock import installed, serving
from tests.llm.prompts import card, chain, prompt

pytestmark = [pytest.mark.node, pytest.mark.timeout(180)]

TEXT = "Peers agree about the shape of a stream, word by word, until the end."
PROMPT = prompt("ok")


def failing(model: str, status: int, code: str, kind: str, **more: Any) -> dict[str, Any]:
    error = {"message": f"{model} failed", "type": kind, "code": code}
    return {"match": {"model": model}, "response": {"error": error, "status": status, **more}}


def answering(model: str, **more: Any) -> dict[str, Any]:
    return {"match": {"model": model}, "response": {"content": TEXT}, **more}


FIXTURES = [
    {
        "match": {"model": "ok"},
        "response": {
            "content": TEXT,
            "usage": {"prompt_tokens": 9, "completion_tokens": 17, "total_tokens": 26},
        },
    },
    {"match": {"model": "short"}, "response": {"content": TEXT, "finishReason": "length"}},
    answering("cut", latency=30, truncateAfterChunks=3),
    answering("drop", latency=50, disconnectAfterMs=120),
    answering("slow", streamingProfile={"ttft": 100, "tps": 40}),
    failing("busy", 429, "rate_limit_exceeded", "requests", retryAfter=2),
    failing("broke", 429, "insufficient_quota", "insufficient_quota"),
    failing("long", 400, "context_length_exceeded", "invalid_request_error"),
    failing("down", 500, "server_error", "server_error"),
]


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert request.config.cache is not None
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    with serving(installed(request.config.cache), fixtures) as address:
        yield f"{address}/v1"


@pytest.fixture
async def model(url: str) -> AsyncIterator[OpenAIModel]:
    client = OpenAIModel.connect(url, "any", SystemClock(), Timeouts(first=5, between=5, total=20))
    yield client
    await client.close()


async def read(model: OpenAIModel, name: str) -> str:
    return "".join([piece async for piece in model.complete(replace(PROMPT, chain=chain(card(name))))])


async def test_a_peer_s_answer_streams_with_usage(model: OpenAIModel) -> None:
    completion = model.complete(PROMPT)
    assert "".join([piece async for piece in completion]) == TEXT
    assert completion.finish_reason == "stop"
    assert completion.usage is not None
    assert (completion.usage.input, completion.usage.output) == (9, 17)


async def test_a_peer_s_pace_does_no_harm(model: OpenAIModel) -> None:
    assert await read(model, "slow") == TEXT


async def test_a_peer_s_limit_is_told(model: OpenAIModel) -> None:
    completion = model.complete(replace(PROMPT, chain=chain(card("short"))))
    assert "".join([piece async for piece in completion]) == TEXT
    assert completion.finish_reason == "length"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("busy", UpstreamBusy),
        ("broke", UpstreamMisconfigured),
        ("long", ContextOverflow),
        ("down", UpstreamDown),
        ("cut", StreamInterrupted),
        ("drop", StreamInterrupted),
    ],
)
async def test_a_peer_s_failure_has_its_error(model: OpenAIModel, name: str, expected: type[ModelError]) -> None:
    with pytest.raises(ModelError) as caught:
        await read(model, name)
    assert type(caught.value) is expected


async def test_a_peer_s_wait_is_passed_on(model: OpenAIModel) -> None:
    with pytest.raises(UpstreamBusy) as caught:
        await read(model, "busy")
    assert caught.value.retry_after == 2


async def test_a_peer_s_models_are_listed(model: OpenAIModel) -> None:
    assert await model.models()
