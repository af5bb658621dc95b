import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import QUICK, Answer, CallMethod

TO_ADA = {"recipient_team_id": "T1", "recipient_user_id": "U1"}


@pytest.fixture
async def root(ada: Person, dm: Channel) -> str:
    return await ada.says("question", dm)


async def started(call: CallMethod, dm: Channel, root: str, **args: Any) -> Answer:
    return await call("chat.startStream", channel=dm.id, thread_ts=root, **TO_ADA, **args)


async def appended(call: CallMethod, dm: Channel, ts: str, **args: Any) -> Answer:
    return await call("chat.appendStream", channel=dm.id, ts=ts, **args)


async def stopped(call: CallMethod, dm: Channel, ts: str, **args: Any) -> Answer:
    return await call("chat.stopStream", channel=dm.id, ts=ts, **args)


async def test_a_stream_grows_and_ends(slack: SlackEmulator, call: CallMethod, dm: Channel, root: str) -> None:
    ts = (await started(call, dm, root, markdown_text="**a"))["ts"]
    await appended(call, dm, ts, markdown_text="b")
    assert slack.messages(dm)[-1].streaming
    await stopped(call, dm, ts, markdown_text="c**", blocks=[{"type": "divider"}])
    message = slack.messages(dm)[-1]
    assert (message.markdown, message.streaming, message.thread_ts) == ("**abc**", False, root)
    assert message.blocks == ({"type": "divider"},)


async def test_chunks_carry_text_tasks_plans_and_blocks(
    slack: SlackEmulator, call: CallMethod, dm: Channel, root: str
) -> None:
    task = {"type": "task_update", "id": "1", "title": "look", "status": "in_progress", "details": "a"}
    ts = (await started(call, dm, root, chunks=[{"type": "markdown_text", "text": "x"}, task]))["ts"]
    again = task | {"status": "complete", "details": "b"}
    plan = {"type": "plan_update", "title": "plan"}
    block = {"type": "blocks", "blocks": [{"type": "divider"}]}
    await appended(call, dm, ts, chunks=[again, plan, block])
    message = slack.messages(dm)[-1]
    assert (message.markdown, message.plan, message.blocks) == ("x", "plan", ({"type": "divider"},))
    assert message.tasks["1"] | {"status": "complete", "details": "ab"} == message.tasks["1"]


@pytest.mark.parametrize("missing", ["recipient_team_id", "recipient_user_id"])
async def test_both_recipients_are_needed(call: CallMethod, dm: Channel, root: str, missing: str) -> None:
    recipient = {key: value for key, value in TO_ADA.items() if key != missing}
    answer = await call("chat.startStream", channel=dm.id, thread_ts=root, **recipient)
    assert answer["error"] == f"missing_{missing}"


async def test_a_stranger_is_named_with_their_own_team(slack: SlackEmulator, call: CallMethod) -> None:
    ben = slack.person("U2", name="ben", team="T2")
    room = slack.channel("C2", "shared", members=[ben], shared=True)
    ts = await ben.says("question", room)
    wrong = {"recipient_team_id": "T1", "recipient_user_id": "U2"}
    assert (await call("chat.startStream", channel="C2", thread_ts=ts, **wrong))["error"] == "team_not_found"
    right = wrong | {"recipient_team_id": "T2"}
    assert (await call("chat.startStream", channel="C2", thread_ts=ts, **right))["ok"]


async def test_direct_messages_stream_in_threads_only(call: CallMethod, dm: Channel, root: str) -> None:
    assert (await call("chat.startStream", channel=dm.id, **TO_ADA))["error"] == "invalid_arguments"


async def test_channels_stream_at_top_level_too(call: CallMethod, general: Channel) -> None:
    assert (await call("chat.startStream", channel=general.id, **TO_ADA))["ok"]


@pytest.mark.parametrize(
    "case",
    [
        ({"markdown_text": "a"}, {"chunks": [{"type": "markdown_text", "text": "b"}]}, "streaming_mode_mismatch"),
        ({"chunks": [{"type": "markdown_text", "text": "b"}]}, {"markdown_text": "a"}, "streaming_mode_mismatch"),
        ({}, {"markdown_text": "a", "chunks": []}, "cannot_provide_both_markdown_text_and_chunks"),
        ({}, {}, "markdown_text_or_chunks_required"),
        ({}, {"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({}, {"chunks": [{"type": "markdown_text", "text": "x" * 12_001}]}, "msg_too_long"),
        ({}, {"chunks": [{"type": "noise"}]}, "invalid_chunks"),
        ({}, {"chunks": [{"type": "task_update", "id": "1", "title": "x" * 257}]}, "invalid_chunks"),
        ({}, {"chunks": [{"type": "task_update", "id": "1", "title": "x", "status": "odd"}]}, "invalid_chunks"),
        ({}, {"chunks": [{"type": "blocks", "blocks": [{"type": "divider"}] * 51}]}, "invalid_blocks"),
    ],
)
async def test_what_cannot_be_appended(
    call: CallMethod, dm: Channel, root: str, case: tuple[Answer, Answer, str]
) -> None:
    first, then, error = case
    ts = (await started(call, dm, root, **first))["ts"]
    assert (await appended(call, dm, ts, **then))["error"] == error


async def test_the_limit_is_per_call_not_for_the_whole(
    slack: SlackEmulator, call: CallMethod, dm: Channel, root: str
) -> None:
    ts = (await started(call, dm, root, markdown_text="x" * 12_000))["ts"]
    assert (await appended(call, dm, ts, markdown_text="x" * 12_000))["ok"]
    assert len(slack.messages(dm)[-1].markdown) == 24_000


async def test_a_stopped_stream_takes_nothing_more(call: CallMethod, dm: Channel, root: str) -> None:
    ts = (await started(call, dm, root, markdown_text="a"))["ts"]
    await stopped(call, dm, ts)
    late = await appended(call, dm, ts, markdown_text="b")
    assert late["error"] == "message_not_in_streaming_state"
    assert (await stopped(call, dm, ts))["error"] == "message_not_in_streaming_state"


async def test_an_ordinary_message_cannot_be_appended_to(call: CallMethod, dm: Channel, root: str) -> None:
    assert (await appended(call, dm, root, markdown_text="a"))["error"] == "message_not_owned_by_app"
    ts = (await call("chat.postMessage", channel=dm.id, text="x"))["ts"]
    assert (await appended(call, dm, ts, markdown_text="a"))["error"] == "message_not_in_streaming_state"
    assert (await appended(call, dm, "1.2", markdown_text="a"))["error"] == "message_not_found"


@pytest.mark.parametrize("timing", [replace(QUICK, stream_life=0.4)])
async def test_a_stream_dies_however_busy(slack: SlackEmulator, call: CallMethod, dm: Channel, root: str) -> None:
    ts = (await started(call, dm, root, markdown_text="a"))["ts"]
    await asyncio.sleep(0.2)
    assert (await appended(call, dm, ts, markdown_text="b"))["ok"]
    await slack.until(lambda: not slack.messages(dm)[-1].streaming, 1)
    late = await appended(call, dm, ts, markdown_text="c")
    assert late["error"] == "message_not_in_streaming_state"
    assert (await call("chat.update", channel=dm.id, ts=ts, text="whole"))["ok"]


async def test_a_running_stream_cannot_be_updated(call: CallMethod, dm: Channel, root: str) -> None:
    ts = (await started(call, dm, root, markdown_text="a"))["ts"]
    answer = await call("chat.update", channel=dm.id, ts=ts, text="b")
    assert answer["error"] == "streaming_state_conflict"


async def test_the_stop_button_ends_appending_but_not_the_stream(
    slack: SlackEmulator, call: CallMethod, ada: Person, dm: Channel, root: str
) -> None:
    ts = (await started(call, dm, root, markdown_text="a"))["ts"]
    await ada.stops(dm, ts)
    assert (await appended(call, dm, ts, markdown_text="b"))["error"] == "stopped_by_user"
    assert (await stopped(call, dm, ts, session_status="active"))["ok"]
    session = slack.session(dm, root)
    assert session
    assert session.status == "active"


async def test_nothing_runs_nothing_stops(ada: Person, dm: Channel, root: str) -> None:
    with pytest.raises(LookupError):
        await ada.stops(dm, root)


async def test_starting_a_stream_clears_the_status(
    slack: SlackEmulator, call: CallMethod, dm: Channel, root: str
) -> None:
    await call("assistant.threads.setStatus", channel_id=dm.id, thread_ts=root, status="thinks")
    assert slack.status(dm, root) == "thinks"
    await started(call, dm, root)
    assert slack.status(dm, root) is None
