"""Flood control, on a clock that stands still until it is moved."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.telegram.emulator import Limits, Rate, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api

LIMITS = Limits(
    private=Rate(per_second=1, burst=2),
    group=Rate(per_second=20 / 60, burst=3),
    drafts=Rate(per_second=1, burst=2),
    overall=Rate(per_second=30, burst=6),
    pause=3,
)


class Clock:
    def __init__(self) -> None:
        self.time = 1_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(clock: Clock) -> AsyncIterator[Api]:
    async with TelegramEmulator(token="100:TEST", limits=LIMITS, clock=clock) as tg:
        people = [tg.person(id=number, first_name="Ada") for number in range(11, 21)]
        for person in people:
            person.says("hi")
        tg.group(id=-1001, title="Team", members=people)
        async with aiohttp.ClientSession() as session:
            yield Api(session, tg.url, "100:TEST")


async def send(api: Api, chat_id: int = 11) -> int | None:
    """None when sent, else the `retry_after` of the 429."""
    status, body = await api.call("sendMessage", chat_id=chat_id, text="x")
    if status == 200:
        return None
    seconds: int = body["parameters"]["retry_after"]
    assert body["description"] == f"Too Many Requests: retry after {seconds}"
    assert (status, body["error_code"]) == (429, 429)
    return seconds


async def test_a_burst_passes_and_then_the_chat_has_to_wait(api: Api) -> None:
    assert [await send(api) for _ in range(3)] == [None, None, 3]


async def test_waiting_as_told_is_enough(api: Api, clock: Clock) -> None:
    waits = [await send(api) for _ in range(3)]
    clock.time += waits[-1] or 0
    assert await send(api) is None


async def test_impatience_makes_it_longer(api: Api, clock: Clock) -> None:
    [await send(api) for _ in range(3)]
    assert [await send(api) for _ in range(2)] == [4, 5]
    clock.time += 3
    assert await send(api) == 3


async def test_other_chats_are_not_affected(api: Api) -> None:
    [await send(api) for _ in range(3)]
    assert await send(api, 12) is None


async def test_edits_in_a_group_count_like_messages(api: Api) -> None:
    message = await api.result("sendMessage", chat_id=-1001, text="0")
    for text in ("1", "2"):
        await api.result("editMessageText", chat_id=-1001, message_id=message["message_id"], text=text)
    refusal = await api.refusal("editMessageText", chat_id=-1001, message_id=message["message_id"], text="3")
    assert refusal == "429 Too Many Requests: retry after 3"


async def test_drafts_have_a_limit_of_their_own(api: Api) -> None:
    for text in ("1", "2"):
        await api.result("sendMessageDraft", chat_id=11, draft_id=1, text=text)
    refusal = await api.refusal("sendMessageDraft", chat_id=11, draft_id=1, text="3")
    assert refusal.startswith("429 Too Many Requests")
    assert await send(api) is None


async def test_all_chats_share_one_limit(api: Api) -> None:
    waits = [await send(api, chat_id) for chat_id in range(11, 18)]
    assert waits == [None] * 6 + [3]


async def test_the_wait_is_in_the_header_too(api: Api) -> None:
    [await send(api) for _ in range(2)]
    body = {"chat_id": 11, "text": "x"}
    async with api.session.post(f"{api.url}/bot100:TEST/sendMessage", json=body) as response:
        assert response.headers["Retry-After"] == "3"
