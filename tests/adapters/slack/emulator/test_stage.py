"""What the demo page is shown of this Slack."""

from contextlib import aclosing
from typing import Any

from adapters.slack.emulator import SlackEmulator
from adapters.slack.emulator.stage import SlackStage
from tests.adapters.slack.emulator.conftest import CallMethod
from tests.adapters.slack.emulator.test_blocks import THUMBS


async def test_slow_steps_and_thumbs_are_shown(slack: SlackEmulator, call: CallMethod) -> None:
    stage = SlackStage(slack)
    ada = slack._core.workspace.person("UADA")
    root = (await call("chat.postMessage", channel=f"D{ada.id}", text="so"))["ts"]
    cards: list[dict[str, Any]] = [
        {"type": "task_update", "id": "1", "title": "Reading", "status": "complete"},
        {"type": "task_update", "id": "2", "title": "Queued", "status": "in_progress"},
        {"type": "markdown_text", "text": "It is so."},
    ]
    where = {"channel": f"D{ada.id}", "recipient_team_id": "T1", "recipient_user_id": ada.id}
    ts = (await call("chat.startStream", **where, thread_ts=root, chunks=cards))["ts"]
    below = [{"type": "context_actions", "elements": [THUMBS]}]
    assert (await call("chat.stopStream", channel=f"D{ada.id}", ts=ts, blocks=below))["ok"]
    async with aclosing(stage.watch()) as events:
        scene = await anext(events)
    (message,) = [one["message"] for one in scene["events"] if one["message"]["id"] == ts]
    assert [part["text"] for part in message["body"]] == ["✓ Reading\n… Queued", "It is so."]
    ((good, bad),) = message["buttons"]
    assert good["action"] == bad["action"] == THUMBS["action_id"]
    assert (good["value"], bad["value"]) == (THUMBS["positive_button"]["value"], THUMBS["negative_button"]["value"])
