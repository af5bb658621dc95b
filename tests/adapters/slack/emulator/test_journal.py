import json

import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import CallMethod


async def test_waiting_returns_what_it_waited_for(slack: SlackEmulator, call: CallMethod) -> None:
    await call("auth.test")
    assert await slack.until(lambda: slack.calls) == slack.calls


async def test_waiting_in_vain_tells_the_last_calls(slack: SlackEmulator, call: CallMethod) -> None:
    await call("auth.test")
    with pytest.raises(TimeoutError, match=r"auth\.test: ok"):
        await slack.until(lambda: False, 0.05)


async def test_an_onlooker_sees_json(slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel) -> None:
    watching = slack.watch()
    ts = await ada.says("hi", dm)
    await call("assistant.threads.setStatus", channel_id=dm.id, thread_ts=ts, status="thinks")
    await call("chat.postMessage", channel=dm.id, thread_ts=ts, text="ho")
    events = [json.loads(json.dumps(await anext(watching))) for _ in range(4)]
    assert [event["type"] for event in events] == ["message", "status", "status", "message"]
    assert [event.get("status") for event in events[1:3]] == ["thinks", None]
    assert (events[3]["message"]["text"], events[3]["channel"]) == ("ho", dm.id)
    await watching.aclose()
