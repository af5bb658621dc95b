import gzip
import json
import time
from collections.abc import AsyncIterator
from random import Random

import pytest
from aiohttp import ClientSession, web

from adapters.slack.emulator import SlackEmulator
from adapters.slack.emulator.signing import signed_headers
from adapters.slack.platform import SlackPlatform
from tests.adapters.slack.conftest import Inbox, Listen, Make
from tests.adapters.slack.test_inbound import message
from tests.fuzz.harnesses import seeds as seeds_of
from tests.fuzz.mutation import mutated


@pytest.fixture
def platform(make: Make) -> SlackPlatform:
    return make(app_token=None)


@pytest.fixture
async def url(platform: SlackPlatform) -> AsyncIterator[str]:
    """The request URL, served."""
    application = web.Application()
    application.add_routes(platform.routes())
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


async def test_events_and_commands_over_http_are_stored(
    slack: SlackEmulator, platform: SlackPlatform, url: str, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    async with listening(platform, connections=0):
        await slack.until(lambda: any(call.method == "auth.test" for call in slack.calls))
        await slack.http_events(url)
        await ada.says("hello", slack.dm(ada))
        assert (await inbox.next()).lane == "slack:T1/DU1"
        await ada.runs("/parley", "help", slack.dm(ada))
        assert (await inbox.next()).lane == "slack:T1/DU1!"


async def test_what_cannot_be_stored_is_sent_again_over_http(
    slack: SlackEmulator, platform: SlackPlatform, url: str, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    inbox.failures = 1
    async with listening(platform, connections=0):
        await slack.until(lambda: any(call.method == "auth.test" for call in slack.calls))
        await slack.http_events(url)
        await ada.says("hello", slack.dm(ada))
        await inbox.next()
    assert inbox.offered == 2


SECRET = "s3cret"
EVENT = json.dumps(message("hello")).encode()


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Whoever knows the address calls it."""
    headers = {"Content-Type": "application/json"} | headers
    async with ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        await answer.read()
        return answer.status


def signed(body: bytes, *, age: int = 0, secret: str = SECRET) -> dict[str, str]:
    return signed_headers(secret, int(time.time()) - age, body)


def forged(how: str) -> dict[str, str]:
    """Headers of somebody who does not know the secret, or sends again what they overheard."""
    signature = signed(EVENT)
    at = "X-Slack-Request-Timestamp"
    return {
        "none at all": {},
        "empty": {"X-Slack-Signature": "", at: ""},
        "made up": signature | {"X-Slack-Signature": "v0=00"},
        "in other letters": signature | {"X-Slack-Signature": "v0=\u00fc"},
        "of another secret": signed(EVENT, secret="another"),
        "of another body": signed(EVENT + b" "),
        "of what is no UTF-8": signed(EVENT + b"\xff"),
        "six minutes old": signed(EVENT, age=360),
        "of tomorrow": signed(EVENT, age=-86_400),
        "without a time": {"X-Slack-Signature": signature["X-Slack-Signature"]},
        "with a time that is none": signature | {at: "soon"},
        "with a time of many digits": signature | {at: "9" * 400},
        "with a time of many more digits": signature | {at: "9" * 5000},
        "with a time without end": signature | {at: "inf"},
    }[how]


FORGERIES = (
    "none at all",
    "empty",
    "made up",
    "in other letters",
    "of another secret",
    "of another body",
    "of what is no UTF-8",
    "six minutes old",
    "of tomorrow",
    "without a time",
    "with a time that is none",
    "with a time of many digits",
    "with a time of many more digits",
    "with a time without end",
)


@pytest.fixture
async def open_url(slack: SlackEmulator, platform: SlackPlatform, url: str, listening: Listen) -> AsyncIterator[str]:
    """The request URL while somebody listens."""
    async with listening(platform, connections=0):
        await slack.until(lambda: any(call.method == "auth.test" for call in slack.calls))
        yield url


@pytest.mark.parametrize("how", FORGERIES)
async def test_a_wrong_signature_is_turned_away(open_url: str, inbox: Inbox, how: str) -> None:
    body = EVENT + b"\xff" if "UTF-8" in how else EVENT
    assert await post(open_url, body, forged(how)) == 401
    assert inbox.offered == 0


async def test_what_comes_twice_or_late_is_one_event_with_its_place(open_url: str, inbox: Inbox) -> None:
    earlier = json.dumps(message("before", ts="1699999999.000100", event_ts="1699999999.000100")).encode()
    for body in (EVENT, EVENT, earlier, EVENT):
        assert await post(open_url, body, signed(body)) == 200
    assert inbox.offered == 4
    first, second = inbox.stored.values()
    assert first.lane == second.lane
    assert second.order < first.order


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"5", b'"x"', b"null", b"[" * 9000, b"payload=%5B", b"payload=5"])
async def test_what_is_no_event_does_not_come_again(open_url: str, inbox: Inbox, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded" if b"=" in body else "application/json"
    assert await post(open_url, body, signed(body) | {"Content-Type": kind}) == 200
    assert all(one.poison for one in inbox.stored.values())


async def test_what_is_in_letters_nobody_knows_does_not_come_again(open_url: str, inbox: Inbox) -> None:
    headers = signed(EVENT) | {"Content-Type": "application/json; charset=klingon"}
    assert await post(open_url, EVENT, headers) == 200
    assert [one.poison for one in inbox.stored.values()] == [True]


async def test_a_body_that_unpacks_to_more_than_it_may_is_refused(open_url: str, inbox: Inbox) -> None:
    packed = gzip.compress(b" " * 20_000_000)
    assert await post(open_url, packed, signed(packed) | {"Content-Encoding": "gzip"}) == 413
    assert inbox.offered == 0


def is_utf8(body: bytes) -> bool:
    return body.decode(errors="replace").encode() == body


async def test_made_up_events_are_kept_or_forgotten_and_never_asked_for_again(open_url: str) -> None:
    random, seeds = Random(7), seeds_of("slack_body")
    for _ in range(150):
        body = mutated(random.choice(seeds), random)
        assert await post(open_url, body, signed(body)) == (200 if is_utf8(body) else 401), body


def test_in_socket_mode_nothing_is_served(make: Make) -> None:
    assert make().routes() == []
