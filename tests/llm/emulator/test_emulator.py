import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.llm.emulator import Card, Limits, ModelEmulator, Pace


@pytest.fixture
async def model() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(key="sk-test") as emulator:
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk-test"}) as session:
        yield session


def ask(text: str = "hello", **options: Any) -> dict[str, Any]:
    return {"model": "scripted-1", "messages": [{"role": "user", "content": text}], **options}


async def post(
    http: aiohttp.ClientSession, model: ModelEmulator, body: object, path: str = "/chat/completions"
) -> tuple[int, Any]:
    async with http.post(model.url + path, json=body) as response:
        return response.status, await response.json()


async def stream(http: aiohttp.ClientSession, model: ModelEmulator, **options: Any) -> list[bytes]:
    async with http.post(model.url + "/chat/completions", json=ask(stream=True, **options)) as response:
        assert response.content_type == "text/event-stream"
        return [frame for frame in (await response.read()).split(b"\n\n") if frame]


def chunks(frames: list[bytes]) -> list[Any]:
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames if frame != b"data: [DONE]"]


async def test_an_answer_comes_whole(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.answer = lambda request: f"You said {request.said}."
    status, body = await post(http, model, ask("ping"))
    assert status == 200
    assert body["choices"][0]["message"]["content"] == "You said ping."
    assert body["choices"][0]["finish_reason"] == "stop"


async def test_a_stream_has_the_vendor_s_frames_in_order(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.answer = lambda _: "Hello big world"
    frames = await stream(http, model, stream_options={"include_usage": True, "include_obfuscation": False})
    first, *middle, last, usage = chunks(frames)
    assert frames[-1] == b"data: [DONE]"
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [chunk["choices"][0]["delta"]["content"] for chunk in middle] == ["Hello", " big", " world"]
    assert last["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 5
    assert "obfuscation" not in middle[0]


async def test_usage_stays_away_unless_asked_for(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    assert not any("usage" in chunk for chunk in chunks(await stream(http, model)))


async def test_whole_and_streamed_answers_are_the_same(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.answer = lambda _: "  Mixed 你好世界 text,\n\n\twith averyveryverylongwordinside  \n"
    _, body = await post(http, model, ask())
    parts = [c["choices"][0]["delta"].get("content") or "" for c in chunks(await stream(http, model))]
    assert "".join(parts) == body["choices"][0]["message"]["content"] == model.answer(model.requests[0].request)


async def test_the_output_limit_ends_with_length(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.answer = lambda _: "one two three four five"
    _, body = await post(http, model, ask(max_completion_tokens=2))
    assert body["choices"][0]["message"]["content"] == "one two"
    assert body["choices"][0]["finish_reason"] == "length"


async def test_requests_remember_what_was_asked_and_served(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.answer = lambda _: "four"
    _, body = await post(http, model, ask("hello"))
    exchange = model.requests[0]
    assert exchange.messages == ({"role": "user", "content": "hello"},)
    assert exchange.finished
    assert exchange.text == "four"
    assert exchange.usage.prompt == body["usage"]["prompt_tokens"] == 3 + 3 + 2
    assert exchange.usage.completion == body["usage"]["completion_tokens"] == 1


async def test_a_repeated_prefix_is_cached_in_steps(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    prefix = "word " * 1000
    await post(http, model, ask(prefix + "first question"))
    _, body = await post(http, model, ask(prefix + "second question"))
    cached = body["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert cached == 1152
    assert model.requests[0].usage.cached == 0


async def test_a_short_prefix_is_never_cached(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    await post(http, model, ask("word " * 700))
    _, body = await post(http, model, ask("word " * 700))
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


async def test_hanging_up_stops_the_answer(http: aiohttp.ClientSession) -> None:
    async with ModelEmulator(pace=Pace(words_per_second=40)) as model:
        model.answer = lambda _: "word " * 400
        async with http.post(model.url + "/chat/completions", json=ask(stream=True)) as response:
            await response.content.readany()
        await model.until(lambda: model.requests[0].cancelled)
        assert 0 < len(model.requests[0].pieces) < 40


async def test_the_pace_is_kept(http: aiohttp.ClientSession) -> None:
    async with ModelEmulator(pace=Pace(words_per_second=100, first_token=0.1)) as model:
        model.answer = lambda _: "word " * 21
        started = asyncio.get_running_loop().time()
        await stream(http, model)
        assert 0.3 <= asyncio.get_running_loop().time() - started < 0.6


async def test_a_wrong_key_is_refused_without_showing_it(model: ModelEmulator) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk-wrong"}) as http:
        status, body = await post(http, model, ask())
    assert (status, body["error"]["code"]) == (401, "invalid_api_key")
    assert "sk-" not in json.dumps(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ask() | {"model": "nobody"}, (404, "model_not_found", None)),
        ({"model": "scripted-1"}, (400, "missing_required_parameter", "messages")),
        (ask(temperature=3), (400, "decimal_above_max_value", "temperature")),
        (ask("x" * 600_000), (400, "context_length_exceeded", "messages")),
        (ask(max_completion_tokens=128_000), (400, "context_length_exceeded", "messages")),
        ({"model": "scripted-1", "messages": "hi"}, (400, "invalid_type", "messages")),
    ],
)
async def test_bad_requests_get_the_vendor_s_error(
    model: ModelEmulator,
    http: aiohttp.ClientSession,
    body: dict[str, Any],
    expected: tuple[int, str, str | None],
) -> None:
    status, answer = await post(http, model, body)
    error = answer["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (status, error["code"], error["param"]) == expected
    assert model.requests[-1].error == error["code"]


async def test_a_refused_parameter_is_named(http: aiohttp.ClientSession) -> None:
    card = Card(name="scripted-1", refuses=frozenset({"max_tokens"}))
    async with ModelEmulator(models=(card,)) as model:
        status, body = await post(http, model, ask(max_tokens=5))
    assert (status, body["error"]["code"]) == (400, "unsupported_parameter")
    assert body["error"]["param"] == "max_tokens"


async def test_ignored_parameters_have_no_effect(http: aiohttp.ClientSession) -> None:
    card = Card(name="scripted-1", ignores=frozenset({"max_completion_tokens", "stream_options"}))
    async with ModelEmulator(models=(card,)) as model:
        frames = await stream(http, model, max_completion_tokens=1, stream_options={"include_usage": True})
    assert len(frames) > 10
    assert not any(chunk.get("usage") for chunk in chunks(frames))


async def test_too_many_requests_are_told_when_to_return(http: aiohttp.ClientSession) -> None:
    async with ModelEmulator(limits=Limits(requests=2)) as model:
        for _ in range(2):
            await post(http, model, ask())
        async with http.post(model.url + "/chat/completions", json=ask()) as response:
            body = await response.json()
    assert response.status == 429
    assert (body["error"]["code"], body["error"]["type"]) == ("rate_limit_exceeded", "requests")
    assert 28 <= int(response.headers["retry-after"]) <= 30
    assert response.headers["x-ratelimit-remaining-requests"] == "0"
    assert response.headers["x-ratelimit-reset-requests"].startswith("59.")


async def test_too_many_tokens_are_refused(http: aiohttp.ClientSession) -> None:
    async with ModelEmulator(limits=Limits(tokens=1000)) as model:
        status, body = await post(http, model, ask("x" * 4800))
    assert (status, body["error"]["type"]) == (429, "tokens")


async def test_models_are_listed_with_their_window(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    async with http.get(model.url + "/models") as response:
        listed = (await response.json())["data"]
    assert [(one["id"], one["max_model_len"]) for one in listed] == [("scripted-1", 128_000)]


async def test_moderation_flags_by_word(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    _, body = await post(http, model, {"input": ["how are you", "I will kill it"]}, "/moderations")
    assert [result["flagged"] for result in body["results"]] == [False, True]


async def test_an_unknown_path_is_told_so(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    status, body = await post(http, model, {}, "/embeddings")
    assert (status, body["error"]["code"]) == (404, "unknown_url")


async def test_a_body_that_is_no_json_is_refused(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    async with http.post(model.url + "/chat/completions", data=b"{nope") as response:
        assert response.status == 400


async def test_until_gives_up(model: ModelEmulator) -> None:
    with pytest.raises(TimeoutError):
        await model.until(lambda: model.requests, timeout=0.02)
