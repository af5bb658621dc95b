import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.llm.emulator import Fault, ModelEmulator, twists

BODY = {
    "model": "scripted-1",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [{"role": "user", "content": "hi"}],
}


@pytest.fixture
async def model() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator() as emulator:
        emulator.answer = lambda _: "one two three four five six"
        yield emulator


async def ask(model: ModelEmulator, fault: Fault) -> bytes:
    model.faults.next(fault)
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.5)) as http,
        http.post(model.url + "/chat/completions", json=BODY) as response,
    ):
        return await response.read()


def chunks(body: bytes) -> list[Any]:
    frames = [line for line in body.split(b"\n") if line.startswith(b"data: {")]
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames]


def finishes(body: bytes) -> list[str]:
    choices = [choice for chunk in chunks(body) for choice in chunk["choices"]]
    return [choice["finish_reason"] for choice in choices if choice["finish_reason"]]


def deltas(body: bytes, field: str) -> list[str]:
    choices = [choice for chunk in chunks(body) for choice in chunk["choices"]]
    return [choice["delta"][field] for choice in choices if choice["delta"].get(field)]


async def test_a_clean_cut_has_no_finish(model: ModelEmulator) -> None:
    body = await ask(model, twists.cut_clean(after=2))
    assert deltas(body, "content") == ["one", " two"]
    assert finishes(body) == []
    assert b"[DONE]" not in body
    assert model.requests[0].text == "one two"


async def test_a_tcp_cut_breaks_the_body(model: ModelEmulator) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(model, twists.cut_tcp(after=2))
    assert model.requests[0].state == "cut"


@pytest.mark.parametrize("fault", [twists.stall(2), twists.stall_first(), twists.stall_headers()])
async def test_a_stall_lasts_until_the_client_leaves(model: ModelEmulator, fault: Fault) -> None:
    with pytest.raises(TimeoutError):
        await ask(model, fault)
    await model.until(lambda: model.requests[0].cancelled)


async def test_an_error_frame_stands_in_the_stream(model: ModelEmulator) -> None:
    body = await ask(model, twists.error_frame(after=1))
    assert b'data: {"error": {"message"' in body
    assert b"[DONE]" not in body


async def test_broken_json_stands_in_the_stream(model: ModelEmulator) -> None:
    with pytest.raises(json.JSONDecodeError):
        chunks(await ask(model, twists.broken_json(after=1)))


async def test_done_may_be_missing(model: ModelEmulator) -> None:
    body = await ask(model, twists.no_done())
    assert finishes(body) == ["stop"]
    assert b"[DONE]" not in body


async def test_the_socket_may_stay_open_after_done(model: ModelEmulator) -> None:
    with pytest.raises(TimeoutError):
        await ask(model, twists.open_socket())


async def test_usage_may_be_missing(model: ModelEmulator) -> None:
    assert not any(chunk.get("usage") for chunk in chunks(await ask(model, twists.usage("never"))))


async def test_usage_may_grow_on_every_chunk(model: ModelEmulator) -> None:
    found = chunks(await ask(model, twists.usage("every chunk")))
    counts = [chunk["usage"]["completion_tokens"] for chunk in found]
    assert counts == [0, 1, 2, 4, 6, 8, 9, 9]
    assert model.requests[0].usage.completion == 9


async def test_usage_may_be_null(model: ModelEmulator) -> None:
    last = chunks(await ask(model, twists.usage("nulls")))[-1]
    assert last["usage"]["prompt_tokens"] is None


async def test_the_first_chunk_may_have_no_choices(model: ModelEmulator) -> None:
    assert chunks(await ask(model, twists.empty_first()))[0]["choices"] == []


async def test_comments_stand_between_the_chunks(model: ModelEmulator) -> None:
    body = await ask(model, twists.comments())
    assert body.count(b": EMULATOR PROCESSING\n\n") == 7
    assert "".join(deltas(body, "content")) == "one two three four five six"


async def test_thinking_comes_in_its_own_field(model: ModelEmulator) -> None:
    body = await ask(model, twists.reasoning("hm hm"))
    assert deltas(body, "reasoning_content") == ["hm ", "hm "]
    assert "".join(deltas(body, "content")) == "one two three four five six"


async def test_a_refusal_comes_in_its_own_field(model: ModelEmulator) -> None:
    body = await ask(model, twists.refusal())
    assert deltas(body, "content") == []
    assert deltas(body, "refusal")[0] == "one"


async def test_a_filter_ends_the_answer(model: ModelEmulator) -> None:
    assert finishes(await ask(model, twists.filtered(after=1))) == ["content_filter"]
