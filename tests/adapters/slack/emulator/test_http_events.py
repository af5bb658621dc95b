"""Delivery to a request URL."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from adapters.slack.emulator import Channel, Person, SlackEmulator

Answer = Callable[[int], web.Response]


class Endpoint:
    """An app behind a request URL: keeps what comes, answers as told (by number of the request)."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answer: Answer = lambda _: web.Response()
        self.delay = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if b"url_verification" in body:
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        self.requests.append((dict(request.headers), body))
        await asyncio.sleep(self.delay)
        return self.answer(len(self.requests))


@pytest.fixture
async def endpoint(slack: SlackEmulator) -> AsyncIterator[Endpoint]:
    served = Endpoint()
    application = web.Application()
    application.router.add_post("/slack/events", served.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await slack.http_events(served.url)
    yield served
    await runner.cleanup()


async def test_a_url_that_knows_no_challenge_is_refused(slack: SlackEmulator) -> None:
    with pytest.raises(ValueError, match="challenge"):
        await slack.http_events(slack.url + "auth.test")


async def test_an_event_is_signed(slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel) -> None:
    await ada.says("hi", dm)
    await slack.until(lambda: endpoint.requests)
    headers, body = endpoint.requests[0]
    assert SignatureVerifier("s3cret").is_valid_request(body, headers)
    assert not SignatureVerifier("other").is_valid_request(body, headers)
    assert json.loads(body)["event"]["text"] == "hi"
    assert "X-Slack-Retry-Num" not in headers


async def test_a_failing_endpoint_is_tried_three_times_more(
    slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel
) -> None:
    endpoint.answer = lambda _: web.Response(status=500)
    await ada.says("hi", dm)
    await slack.until(lambda: slack.lost)
    told = [headers.get("X-Slack-Retry-Num") for headers, _ in endpoint.requests]
    assert told == [None, "1", "2", "3"]
    assert endpoint.requests[1][0]["X-Slack-Retry-Reason"] == "http_error"
    assert len({json.loads(body)["event_id"] for _, body in endpoint.requests}) == 1


async def test_success_ends_the_retries(slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel) -> None:
    endpoint.answer = lambda number: web.Response(status=200 if number == 2 else 500)
    await ada.says("hi", dm)
    await asyncio.sleep(0.1)
    assert len(endpoint.requests) == 2
    assert not slack.lost


async def test_no_retry_is_obeyed(slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel) -> None:
    endpoint.answer = lambda _: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})
    await ada.says("hi", dm)
    await slack.until(lambda: slack.lost)
    assert len(endpoint.requests) == 1


async def test_a_slow_endpoint_has_timed_out(
    slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel
) -> None:
    endpoint.delay = 0.3
    await ada.says("hi", dm)
    await slack.until(lambda: slack.lost)
    assert endpoint.requests[1][0]["X-Slack-Retry-Reason"] == "http_timeout"


async def test_a_command_is_a_form_and_its_answer_is_shown(
    slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel
) -> None:
    endpoint.answer = lambda _: web.Response(text="done")
    await ada.runs("/parley", "quota", dm)
    (message,) = await slack.until(lambda: slack.messages(dm))
    assert (message.text, message.ephemeral_for) == ("done", "U1")
    headers, body = endpoint.requests[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode())["text"] == ["quota"]
    assert SignatureVerifier("s3cret").is_valid_request(body, headers)


async def test_a_command_is_not_tried_again(slack: SlackEmulator, endpoint: Endpoint, ada: Person, dm: Channel) -> None:
    endpoint.answer = lambda _: web.Response(status=500)
    await ada.runs("/parley", "", dm)
    await slack.until(lambda: slack.messages(dm))
    assert len(endpoint.requests) == 1
