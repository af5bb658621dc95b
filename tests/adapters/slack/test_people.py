import asyncio
from typing import Any

import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.slack.platform import SlackPlatform
from bot.domain.people import Identity, Sender
from bot.domain.updates import Update
from tests.adapters.slack.conftest import Inbox, Listen

ADA = Sender(identity=Identity(platform="slack", user="T1/U1"), name="U1")


async def say_twice(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> tuple[Update, Update]:
    """The first and a later message of Ada; in between there is time to look her up."""
    ada = slack.person("U1", name="ada", real_name="Ada", locale="zh-CN")
    async with listening(platform):
        await ada.says("one", slack.dm(ada))
        first = platform.parse((await inbox.next()).payload)
        await slack.until(lambda: any(call.method == "users.info" for call in slack.calls))
        await asyncio.sleep(0.05)
        await ada.says("two", slack.dm(ada))
        second = platform.parse((await inbox.next()).payload)
    assert first is not None
    assert second is not None
    return first, second


async def test_a_person_is_looked_up_after_the_first_message(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    first, second = await say_twice(slack, platform, inbox, listening)
    assert (first.sender.name, first.sender.language) == ("U1", None)
    assert (second.sender.name, second.sender.username, second.sender.language) == ("ada", "ada", "zh-CN")


async def test_without_the_permission_nobody_is_asked_for_again(
    slack: SlackEmulator, platform: SlackPlatform, inbox: Inbox, listening: Listen
) -> None:
    slack.faults.next("users.info", error="missing_scope")
    _, second = await say_twice(slack, platform, inbox, listening)
    assert second.sender.name == "U1"
    assert sum(1 for call in slack.calls if call.method == "users.info") == 1


@pytest.mark.parametrize(
    ("profile", "belonging"),
    [({}, "full"), ({"is_guest": True}, "guest"), ({"team": "T2"}, "external")],
)
async def test_what_somebody_is_to_the_workspace_is_asked(
    slack: SlackEmulator, platform: SlackPlatform, profile: dict[str, Any], belonging: str
) -> None:
    slack.person("U1", name="ada", **profile)
    asked = await platform.ask_about(ADA)
    assert (asked.belonging, asked.username) == (belonging, "ada")


async def test_whoever_was_asked_about_is_not_asked_about_again(slack: SlackEmulator, platform: SlackPlatform) -> None:
    slack.person("U1", name="ada")
    await platform.ask_about(ADA)
    await platform.ask_about(ADA)
    assert [call.method for call in slack.calls] == ["users.info"]


@pytest.mark.parametrize("error", ["missing_scope", "user_not_found"])
async def test_what_slack_does_not_say_stays_unknown(slack: SlackEmulator, platform: SlackPlatform, error: str) -> None:
    slack.person("U1", name="ada")
    slack.faults.next("users.info", error=error)
    assert await platform.ask_about(ADA) == ADA


async def test_while_slack_takes_no_questions_the_answer_is_waited_for(
    slack: SlackEmulator, platform: SlackPlatform
) -> None:
    slack.person("U1", name="ada")
    slack.faults.next("users.info", error="ratelimited", retry_after=1)
    assert (await platform.ask_about(ADA)).belonging == "full"
