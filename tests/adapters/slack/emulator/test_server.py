"""Calling the Web API: tokens, encodings, unknown methods, faults."""

import asyncio

import aiohttp
import pytest

from adapters.slack.emulator import Channel, SlackEmulator
from tests.adapters.slack.emulator.conftest import Answer, CallMethod

BOT = {"Authorization": "Bearer xoxb-test"}


async def posted(http: aiohttp.ClientSession, url: str, **request: object) -> Answer:
    async with http.post(url, **request) as response:  # type: ignore[arg-type]
        assert response.status == 200
        answer: Answer = await response.json()
        return answer


async def test_a_call_without_a_token_is_not_authed(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    assert (await posted(http, slack.url + "auth.test"))["error"] == "not_authed"


async def test_a_wrong_token_is_invalid(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    answer = await posted(http, slack.url + "auth.test", data={"token": "xoxb-other"})
    assert answer["error"] == "invalid_auth"


async def test_a_token_may_stand_in_a_form(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    answer = await posted(http, slack.url + "auth.test", data={"token": "xoxb-test"})
    assert answer["ok"]
    assert answer["user_id"] == "UBOT"


async def test_a_token_in_a_json_body_does_not_count(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    answer = await posted(http, slack.url + "auth.test", json={"token": "xoxb-test"})
    assert answer["error"] == "not_authed"


async def test_the_app_token_cannot_post(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    answer = await posted(http, slack.url + "chat.postMessage", headers={"Authorization": "Bearer xapp-test"})
    assert answer["error"] == "not_allowed_token_type"


async def test_the_bot_token_cannot_open_connections(call: CallMethod) -> None:
    assert (await call("apps.connections.open"))["error"] == "not_allowed_token_type"


async def test_an_unknown_method_is_refused(call: CallMethod) -> None:
    assert (await call("chat.shout"))["error"] == "unknown_method"


async def test_broken_json_is_refused(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    headers = BOT | {"Content-Type": "application/json"}
    answer = await posted(http, slack.url + "auth.test", data="{", headers=headers)
    assert answer["error"] == "invalid_json"


async def test_blocks_in_a_form_are_json(slack: SlackEmulator, http: aiohttp.ClientSession, dm: Channel) -> None:
    form = {"channel": dm.id, "blocks": '[{"type": "divider"}]'}
    await posted(http, slack.url + "chat.postMessage", data=form, headers=BOT)
    assert slack.messages(dm)[0].blocks == ({"type": "divider"},)


async def test_tokens_are_not_written_down(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    await posted(http, slack.url + "auth.test", data={"token": "xoxb-test"})
    assert "xoxb" not in repr(slack.calls)


async def test_an_injected_error_is_answered_once(slack: SlackEmulator, call: CallMethod) -> None:
    slack.faults.next("auth.test", error="internal_error")
    assert (await call("auth.test"))["error"] == "internal_error"
    assert (await call("auth.test"))["ok"]


async def test_an_injected_status_is_no_json(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    slack.faults.next("auth.test", status=503)
    async with http.post(slack.url + "auth.test", headers=BOT) as response:
        assert (response.status, response.content_type) == (503, "text/html")


async def test_an_injected_limit_carries_retry_after(slack: SlackEmulator, http: aiohttp.ClientSession) -> None:
    slack.faults.next("auth.test", retry_after=7)
    async with http.post(slack.url + "auth.test", headers=BOT) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert await response.json() == {"ok": False, "error": "ratelimited"}


async def test_a_hanging_call_goes_on_in_the_end(slack: SlackEmulator, call: CallMethod, dm: Channel) -> None:
    slack.faults.next("chat.postMessage", hang=0.1)
    posting = asyncio.create_task(call("chat.postMessage", channel=dm.id, text="hi"))
    await asyncio.sleep(0.05)
    assert not slack.messages(dm)
    assert (await posting)["ok"]
    assert len(slack.messages(dm)) == 1


@pytest.mark.parametrize(("moment", "posted_messages"), [("before", 0), ("after", 1)])
async def test_a_dropped_connection_tells_nothing_of_the_effect(
    slack: SlackEmulator, call: CallMethod, dm: Channel, moment: str, posted_messages: int
) -> None:
    slack.faults.next("chat.postMessage", drop_connection=moment)  # type: ignore[arg-type]
    with pytest.raises(aiohttp.ClientConnectionError):
        await call("chat.postMessage", channel=dm.id, text="hi")
    assert len(slack.messages(dm)) == posted_messages
