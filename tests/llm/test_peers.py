"""The client against a server that somebody else wrote: aimock, from npm. Our own emulator shares our mistakes."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
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
from tests.llm.prompts import card, chain, prompt

pytestmark = [pytest.mark.node, pytest.mark.timeout(180)]

HERE = Path(__file__).parent
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


def unavailable(reason: str) -> None:
    """A laptop may lack node; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def aimock(request: pytest.FixtureRequest) -> Path:
    """The program, installed once into pytest's cache from the lock file."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        unavailable("node and npm are not installed")
    assert request.config.cache is not None
    home = request.config.cache.mkdir("aimock")
    program = home / "node_modules/@copilotkit/aimock/dist/cli.js"
    if not program.exists():
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home)
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            unavailable(f"npm could not install aimock: {done.stderr[-300:]}")
    return program


@pytest.fixture(scope="module")
def url(aimock: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": FIXTURES}))
    port = free_port()
    options = ["-p", str(port), "-f", str(fixtures), "--validate-on-load", "--strict", "--log-level", "silent"]
    server = subprocess.Popen(["node", str(aimock), *options])  # noqa: S607
    try:
        asyncio.run(listening(port))
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(5)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


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
