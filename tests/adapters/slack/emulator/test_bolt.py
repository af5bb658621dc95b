"""An app on slack_bolt, in Socket Mode, cannot tell the difference."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.test_blocks import BUTTON


async def echo(event: dict[str, Any], client: AsyncWebClient) -> None:
    """Answers every message with a stream."""
    where = {"channel": event["channel"], "thread_ts": event["ts"]}
    stream = await client.chat_stream(
        **where, buffer_size=4, recipient_team_id=event["team"], recipient_user_id=event["user"]
    )
    await stream.append(markdown_text="you said ")
    await stream.append(markdown_text=event["text"])
    await stream.stop(blocks=[{"type": "actions", "elements": [BUTTON]}])


async def command(ack: Any, command: dict[str, Any]) -> None:
    await ack(f"ran {command['text']}")


async def clicked(ack: Any, respond: Any) -> None:
    await ack()
    await respond("pressed")


@pytest.fixture
async def app(slack: SlackEmulator) -> AsyncIterator[AsyncApp]:
    bolt = AsyncApp(client=AsyncWebClient("xoxb-test", base_url=slack.url))
    bolt.event("message")(echo)
    bolt.command("/parley")(command)
    bolt.action("a")(clicked)
    handler = AsyncSocketModeHandler(bolt, "xapp-test", ping_interval=0.5)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.until(lambda: slack.connections == 1)
    yield bolt
    await slack.until(lambda: slack.unacknowledged == 0)
    await handler.close_async()  # type: ignore[no-untyped-call]


async def answer_to(slack: SlackEmulator, dm: Channel, ts: str) -> str:
    def whole() -> list[str]:
        thread = slack.messages(dm, ts)[1:]
        return [message.markdown for message in thread if not message.streaming]

    return (await slack.until(whole))[0]


async def test_a_message_is_answered_by_a_stream(slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel) -> None:
    ts = await ada.says("a <b>", dm)
    assert await answer_to(slack, dm, ts) == "you said a &lt;b&gt;"
    methods = [one.method for one in slack.calls if one.method.startswith("chat.")]
    assert methods == ["chat.startStream", "chat.appendStream", "chat.stopStream"]
    assert all(one.ok for one in slack.calls)


async def test_the_bot_does_not_answer_itself(slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel) -> None:
    ts = await ada.says("hi", dm)
    await answer_to(slack, dm, ts)
    await slack.until(lambda: slack.unacknowledged == 0)
    assert len(slack.messages(dm)) == 2


async def test_a_command_is_acknowledged_with_text(
    slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel
) -> None:
    await ada.runs("/parley", "x", dm)
    (message,) = await slack.until(lambda: slack.messages(dm))
    assert message.text == "ran x"


async def test_a_click_is_responded_to(slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel) -> None:
    ts = await ada.says("hi", dm)
    await answer_to(slack, dm, ts)
    await ada.clicks(dm, slack.messages(dm)[-1].ts, "a")
    shown = await slack.until(lambda: [one for one in slack.messages(dm) if one.ephemeral_for])
    assert shown[0].text == "pressed"


async def test_nothing_is_lost_over_a_refresh(slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel) -> None:
    slack.disconnect("refresh_requested")
    sent = [await ada.says(f"hi {number}", dm) for number in range(5)]
    for ts in sent:
        await answer_to(slack, dm, ts)
    assert not slack.lost


async def test_a_cut_connection_comes_back(slack: SlackEmulator, app: AsyncApp, ada: Person, dm: Channel) -> None:
    slack.cut()
    await slack.until(lambda: slack.connections == 0)
    ts = await ada.says("hi", dm)
    assert await answer_to(slack, dm, ts) == "you said hi"
