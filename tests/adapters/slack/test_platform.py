import asyncio
import logging

import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.slack.platform import SlackPlatform
from adapters.slack.scopes import SCOPES
from bot.clock import SystemClock
from bot.domain.updates import Invocation
from bot.errors import PlatformDown, PlatformMisconfigured
from tests.adapters.slack.conftest import Hear, Inbox, Listen, Make, book


async def test_a_mention_in_a_channel_is_stored_once(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    room = slack.channel("C1", "general", members=[ada])
    async with listening(platform):
        ts = await ada.says("<@UBOT> hello", room)
        arrival = await inbox.next()
        await slack.until(lambda: inbox.offered == 2 and slack.unacknowledged == 0)
    assert (arrival.source, arrival.event) == ("slack:T1", f"C1/{ts}")
    assert len(inbox.stored) == 1


async def test_an_event_that_cannot_be_stored_is_not_acknowledged_and_comes_again(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    inbox.failures = 2
    async with listening(platform):
        await ada.says("hello", slack.dm(ada))
        await slack.until(lambda: inbox.offered == 1)
        assert slack.unacknowledged == 1
        await inbox.next()
        await slack.until(lambda: slack.unacknowledged == 0)
    assert inbox.offered == 3
    assert not slack.lost


async def test_a_direct_message_becomes_an_update(slack: SlackEmulator, platform: SlackPlatform, hear: Hear) -> None:
    ada = slack.person("U1", name="ada")
    update = await hear(platform, lambda: ada.says("1 < 2 & <b>", slack.dm(ada)))
    assert update.text == "1 < 2 & <b>"
    assert update.place.key == "slack:T1/DU1"
    assert update.place.private
    assert str(update.sender.identity) == "slack:T1/U1"


async def test_a_slash_command_is_answered_where_only_the_person_sees_it(
    slack: SlackEmulator, platform: SlackPlatform, hear: Hear
) -> None:
    ada = slack.person("U1", name="ada")
    room = slack.channel("C1", "general", members=[ada])
    update = await hear(platform, lambda: ada.runs("/parley", "quota set ada messages 5", room))
    assert update.invocation == Invocation(name="quota", arguments="set ada messages 5")
    for part in platform.parts(update.place, "**done**", answer_by=update.answer_by):
        await platform.deliver(part)
    [answer] = slack.messages(room)
    assert (answer.ephemeral_for, answer.visible) == ("U1", "**done**")


async def test_a_wrong_bot_token_names_its_setting(make: Make, inbox: Inbox) -> None:
    with pytest.raises(PlatformMisconfigured) as caught:
        await make(bot_token="xoxb-wrong").listen(inbox.accept)
    assert "SLACK_BOT_TOKEN" in caught.value.hint
    assert "xoxb-wrong" not in str(caught.value)


async def test_a_wrong_app_token_names_its_setting(make: Make, inbox: Inbox) -> None:
    with pytest.raises(PlatformMisconfigured) as caught:
        await make(app_token="xapp-wrong").listen(inbox.accept)
    assert "SLACK_APP_TOKEN" in caught.value.hint


async def test_listening_waits_until_the_network_is_there(
    slack: SlackEmulator, platform: SlackPlatform, listening: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.next("auth.test", status=503)
    with caplog.at_level(logging.WARNING):
        async with listening(platform):
            pass
    assert "Slack cannot be reached" in caplog.text


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_nothing_is_lost_when_slack_renews_the_connections(
    reason: str, slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    said = set()
    async with listening(platform):
        for number in range(20):
            if number == 5:
                slack.disconnect(reason)
            said.add(f"DU1/{await ada.says(str(number), slack.dm(ada))}")
            await asyncio.sleep(0.02)
        await slack.until(lambda: len(inbox.stored) == 20)
        await slack.until(lambda: slack.unacknowledged == 0)
    assert {event for _, event in inbox.stored} == said


async def test_an_unreadable_body_is_quarantined_and_acknowledged(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    ada = slack.person("U1", name="ada")
    async with listening(platform):
        slack.inject(
            {"type": "event_callback", "event_id": "Ev9", "event": {"type": "message", "channel": 5, "user": "U1"}}
        )
        poison = await inbox.next()
        await ada.says("hello", slack.dm(ada))
        assert not (await inbox.next()).poison
        await slack.until(lambda: slack.unacknowledged == 0)
    assert (poison.poison, poison.lane, poison.event) == (True, "slack:quarantine", "Ev9")


async def test_nothing_runs_on_after_listening(
    slack: SlackEmulator, platform: SlackPlatform, listening: Listen
) -> None:
    before = asyncio.all_tasks()
    async with listening(platform):
        pass
    assert slack.connections == 0
    assert {task for task in asyncio.all_tasks() - before if not task.done() and "aiohttp" not in repr(task)} == set()


async def test_an_event_on_its_way_to_the_database_is_acknowledged_before_goodbye(
    slack: SlackEmulator, platform: SlackPlatform
) -> None:
    ada = slack.person("U1", name="ada")
    begun = asyncio.Event()

    async def slowly(arrivals: object) -> None:
        begun.set()
        await asyncio.sleep(0.1)

    task = asyncio.create_task(platform.listen(slowly))
    await slack.until(lambda: slack.connections == 2)
    await ada.says("hello", slack.dm(ada))
    await begun.wait()
    task.cancel()
    await asyncio.wait([task])
    assert slack.unacknowledged == 0


async def test_the_check_says_who_we_are(platform: SlackPlatform) -> None:
    assert await platform.check() == "@parley in emulated (T1), Socket Mode"


async def test_an_app_that_lacks_a_scope_is_found_out_before_anybody_misses_it() -> None:
    async with SlackEmulator(scopes=sorted(SCOPES - {"files:write"})) as slack:
        platform = SlackPlatform(
            "xoxb-test", app_token="xapp-test", api_url=slack.url, commands=book(), clock=SystemClock()
        )
        with pytest.raises(PlatformMisconfigured) as caught:
            await platform.check()
        await platform.reach()  # and answers wait for nobody
        await platform.close()
    assert "lacks files:write" in caught.value.hint


async def test_a_call_that_comes_after_the_end_opens_nothing(slack: SlackEmulator, make: Make) -> None:
    platform = make()
    await platform.check()
    made = len(slack.calls)
    await platform.close()
    with pytest.raises(PlatformDown, match="closed"):
        await platform.check()
    assert len(slack.calls) == made
    session = platform._calls.client.session
    assert session is not None
    assert session.closed
