"""The emulator's Batch API, as the vendor's documentation has it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.llm.emulator import BatchPace, ModelEmulator, refusals


@pytest.fixture
async def model() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(key="sk-test", answer=lambda request: request.said.upper()) as emulator:
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sk-test"}) as session:
        yield session


def line(name: str, said: str = "hi", model: str = "scripted-1") -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": said}]}
    return json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}).encode()


async def upload(http: aiohttp.ClientSession, model: ModelEmulator, *lines: bytes) -> str:
    form = aiohttp.FormData({"purpose": "batch"})
    form.add_field("file", b"\n".join(lines), filename="requests.jsonl")
    async with http.post(f"{model.url}/files", data=form) as response:
        return str((await response.json())["id"])


async def post(http: aiohttp.ClientSession, model: ModelEmulator, path: str, **body: Any) -> Any:
    async with http.post(f"{model.url}/batches{path}", json=body) as response:
        return await response.json()


async def get(http: aiohttp.ClientSession, model: ModelEmulator, path: str) -> Any:
    async with http.get(f"{model.url}/batches{path}") as response:
        return await response.json()


async def create(http: aiohttp.ClientSession, model: ModelEmulator, *lines: bytes) -> Any:
    file = await upload(http, model, *lines)
    return await post(
        http,
        model,
        "",
        input_file_id=file,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"a": "b"},
    )


async def lines_of(http: aiohttp.ClientSession, model: ModelEmulator, file: str) -> list[Any]:
    async with http.get(f"{model.url}/files/{file}/content") as response:
        return [json.loads(raw) for raw in (await response.read()).splitlines()]


async def test_a_batch_is_answered_into_a_file(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    batch = await create(http, model, line("a", "one"), line("b", "two"))
    assert (batch["status"], batch["request_counts"]) == ("completed", {"total": 2, "completed": 2, "failed": 0})
    answers = {one["custom_id"]: one for one in await lines_of(http, model, batch["output_file_id"])}
    assert answers["b"]["response"]["body"]["choices"][0]["message"]["content"] == "TWO"
    assert answers["b"]["response"]["body"]["usage"]["completion_tokens"] == model.batched[1].usage.completion
    assert (batch["error_file_id"], batch["metadata"]) == (None, {"a": "b"})


async def test_a_batch_takes_its_time(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.desk.pace = BatchPace(validating=60)
    batch = await create(http, model, line("a"))
    assert batch["status"] == "validating"
    model.desk.pace = BatchPace(working=60)
    assert (await get(http, model, f"/{batch['id']}"))["status"] == "in_progress"
    model.desk.pace = BatchPace()
    assert (await get(http, model, f"/{batch['id']}"))["status"] == "completed"


async def test_a_request_that_fails_lands_in_the_other_file(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.faults.when(lambda request: request.said == "bad", refusals.status(500))
    batch = await create(http, model, line("a", "good"), line("b", "bad"))
    (failed,) = await lines_of(http, model, batch["error_file_id"])
    assert (failed["custom_id"], failed["response"]["status_code"], failed["error"]) == ("b", 500, None)
    assert batch["request_counts"] == {"total": 2, "completed": 1, "failed": 1}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"{oops"], "invalid_json_line"),
        ([line("a"), line("a")], "duplicate_custom_id"),
        ([line("a"), line("b", model="other")], "mismatched_model"),
        ([], "empty_file"),
    ],
)
async def test_a_bad_file_fails_the_whole_batch(
    model: ModelEmulator, http: aiohttp.ClientSession, lines: list[bytes], code: str
) -> None:
    batch = await create(http, model, *lines)
    assert (batch["status"], batch["errors"]["data"][0]["code"]) == ("failed", code)
    assert model.batched == []


async def test_what_is_not_done_in_time_expires(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.desk.pace = BatchPace(working=1_000_000, window=0)
    batch = await create(http, model, line("a"))
    assert batch["status"] == "expired"
    (left,) = await lines_of(http, model, batch["error_file_id"])
    assert (left["response"], left["error"]["code"]) == (None, "batch_expired")


async def test_a_batch_is_cancelled_once(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    model.desk.pace = BatchPace(working=60)
    batch = await create(http, model, line("a"))
    assert (await post(http, model, f"/{batch['id']}/cancel"))["status"] == "cancelled"
    assert "error" in await post(http, model, f"/{batch['id']}/cancel")


async def test_batches_are_listed_the_newest_first(model: ModelEmulator, http: aiohttp.ClientSession) -> None:
    made = [(await create(http, model, line("a")))["id"] for _ in range(3)]
    first = await get(http, model, "?limit=2")
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (made[:0:-1], True)
    rest = await get(http, model, f"?limit=2&after={made[1]}")
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (made[:1], False)


async def test_strangers_are_turned_away(model: ModelEmulator) -> None:
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{model.url}/batches") as response:
        assert response.status == 401
