import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.llm.emulator import Fault, ModelEmulator, refusals

BODY = {"model": "scripted-1", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def model() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator() as emulator:
        yield emulator


async def ask(model: ModelEmulator) -> tuple[aiohttp.ClientResponse, bytes]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(model.url + "/chat/completions", json=BODY) as response,
    ):
        return response, await response.read()


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 422, 500, 502, 503, 529])
async def test_every_status_comes_with_an_error_object(model: ModelEmulator, status: int) -> None:
    model.faults.next(refusals.status(status))
    response, body = await ask(model)
    assert response.status == status
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("code", refusals.QUOTA_CODES)
async def test_no_credit_is_a_type_of_its_own(model: ModelEmulator, code: str) -> None:
    model.faults.next(refusals.out_of_credit(code))
    response, body = await ask(model)
    error = json.loads(body)["error"]
    assert (response.status, error["type"], error["code"]) == (429, "insufficient_quota", code)


@pytest.mark.parametrize(
    ("name", "value"),
    [("retry_after", "2"), ("retry_after", "Sun, 22 Nov 2026 10:00:00 GMT"), ("retry_after_ms", "150")],
)
async def test_a_rate_limit_says_when_to_return(model: ModelEmulator, name: str, value: str) -> None:
    model.faults.next(refusals.rate_limited(**{name: value}))
    response, _ = await ask(model)
    assert response.status == 429
    assert response.headers[name.replace("_", "-")] == value


@pytest.mark.parametrize(
    ("fault", "mark"),
    [
        (refusals.overflow_openai(), b'"context_length_exceeded"'),
        (refusals.overflow_vllm(), b'"code": 400'),
        (refusals.overflow_llama_cpp(), b'"exceed_context_size_error"'),
        (refusals.overflow_litellm(), b"ContextWindowExceededError"),
    ],
)
async def test_overflow_speaks_in_dialects(model: ModelEmulator, fault: Fault, mark: bytes) -> None:
    model.faults.next(fault)
    response, body = await ask(model)
    assert response.status == 400
    assert mark in body


async def test_html_comes_as_html(model: ModelEmulator) -> None:
    model.faults.next(refusals.html(503))
    response, body = await ask(model)
    assert (response.status, response.content_type) == (503, "text/html")
    assert body.startswith(b"<html>")


async def test_an_empty_stream_is_a_success_without_events(model: ModelEmulator) -> None:
    model.faults.next(refusals.empty())
    response, body = await ask(model)
    assert (response.status, response.content_type, body) == (200, "text/event-stream", b"")


async def test_a_fault_is_for_one_request(model: ModelEmulator) -> None:
    model.faults.next(refusals.status(500))
    statuses = [(await ask(model))[0].status for _ in range(2)]
    assert statuses == [500, 200]
    assert model.requests[0].error == "server_error"


async def test_a_standing_fault_meets_whom_it_picks(model: ModelEmulator) -> None:
    model.faults.when(lambda request: request.said == "hi", refusals.status(503))
    statuses = [(await ask(model))[0].status for _ in range(2)]
    model.faults.clear()
    assert [*statuses, (await ask(model))[0].status] == [503, 503, 200]
