from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from adapters.slack.emulator import SlackEmulator
from adapters.slack.platform import SlackPlatform
from tests.adapters.slack.conftest import Inbox, Listen, Make


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


async def test_a_wrong_signature_is_turned_away(url: str, inbox: Inbox) -> None:
    headers = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1700000000"}
    async with ClientSession() as session, session.post(url, json={"type": "x"}, headers=headers) as answer:
        assert answer.status == 401
    assert inbox.offered == 0


def test_in_socket_mode_nothing_is_served(make: Make) -> None:
    assert make().routes() == []
