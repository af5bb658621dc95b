"""Commands, buttons, modals and response URLs."""

from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from adapters.slack.emulator import Channel, Person, SlackEmulator
from tests.adapters.slack.emulator.conftest import CallMethod, Clock
from tests.adapters.slack.emulator.sockets import connected
from tests.adapters.slack.emulator.test_blocks import BUTTON, THUMBS

MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "T"},
    "blocks": [{"type": "divider"}],
}


async def test_a_command_carries_where_and_who(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, general: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.runs("/parley", "quota <show>", general)
        envelope = await socket.frame()
        await socket.ack(envelope)
        body = envelope["payload"]
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert (body["command"], body["text"]) == ("/parley", "quota &lt;show&gt;")
        assert (body["user_id"], body["channel_name"]) == ("U1", "general")


async def test_a_command_names_the_people_it_mentions(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, general: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.runs("/parley", f"quota show @{ada.name}", general)
        envelope = await socket.frame()
        await socket.ack(envelope)
        assert envelope["payload"]["text"] == f"quota show <@{ada.id}|{ada.name}>"


async def test_an_ack_with_text_shows_it_to_the_person_alone(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, general: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.runs("/parley", "", general)
        await socket.ack(await socket.frame(), text="done")
        (message,) = await slack.until(lambda: slack.messages(general))
        assert (message.text, message.ephemeral_for) == ("done", "U1")


async def test_an_unanswered_command_fails_before_the_persons_eyes(
    slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.runs("/parley", "", dm)
        await socket.frame()
        (message,) = await slack.until(lambda: slack.messages(dm))
        assert message.text == '/parley failed with the error "operation_timeout"'
        assert await socket.silent(0.4)


async def test_a_command_with_nobody_connected_fails_at_once(slack: SlackEmulator, ada: Person, dm: Channel) -> None:
    await ada.runs("/parley", "", dm)
    assert "dispatch_failed" in slack.messages(dm)[0].text


@pytest.fixture
async def asked(call: CallMethod, dm: Channel) -> str:
    blocks = [
        {"type": "actions", "block_id": "b", "elements": [BUTTON]},
        {"type": "context_actions", "elements": [THUMBS]},
    ]
    return str((await call("chat.postMessage", channel=dm.id, text="?", blocks=blocks))["ts"])


Press = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


@pytest.fixture
def press(slack: SlackEmulator, http: aiohttp.ClientSession, ada: Person, dm: Channel, asked: str) -> Press:
    """Click something of the question; what the app receives comes back."""

    async def perform(*which: str) -> dict[str, Any]:
        async with connected(slack, http) as socket:
            await ada.clicks(dm, asked, *which)
            while (envelope := await socket.frame())["type"] != "interactive":
                await socket.ack(envelope)
            await socket.ack(envelope)
            payload: dict[str, Any] = envelope["payload"]
            return payload

    return perform


async def test_a_click_carries_the_button(press: Press, asked: str) -> None:
    payload = await press("a")
    action = payload["actions"][0]
    assert (payload["type"], payload["user"]["id"]) == ("block_actions", "U1")
    assert payload["container"]["message_ts"] == asked
    assert (action["action_id"], action["block_id"], action["value"]) == ("a", "b", "v")


async def test_a_thumb_is_chosen_by_its_value(press: Press) -> None:
    payload = await press("f", "bad")
    assert payload["actions"][0]["type"] == "feedback_buttons"
    assert payload["actions"][0]["value"] == "bad"


async def test_there_is_no_clicking_what_is_not_there(ada: Person, dm: Channel, asked: str) -> None:
    with pytest.raises(LookupError):
        await ada.clicks(dm, asked, "other")


async def test_a_trigger_opens_one_view_and_not_late(clock: Clock, call: CallMethod, press: Press) -> None:
    trigger = (await press("a"))["trigger_id"]
    assert (await call("views.open", trigger_id=trigger, view=MODAL))["ok"]
    assert (await call("views.open", trigger_id=trigger, view=MODAL))["error"] == "exchanged_trigger_id"
    assert (await call("views.open", trigger_id="x", view=MODAL))["error"] == "invalid_trigger_id"
    late = (await press("a"))["trigger_id"]
    clock.ahead = 4
    assert (await call("views.open", trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"


async def test_a_submitted_modal_closes_unless_there_are_errors(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, ada: Person, press: Press
) -> None:
    trigger = (await press("a"))["trigger_id"]
    view = (await call("views.open", trigger_id=trigger, view=MODAL))["view"]
    async with connected(slack, http) as socket:
        await ada.submits(view["id"], {"b": {"a": {"value": "x"}}})
        envelope = await socket.frame()
        assert envelope["payload"]["view"]["state"]["values"] == {"b": {"a": {"value": "x"}}}
        await socket.ack(envelope, response_action="errors", errors={"b": "no"})
        await slack.until(lambda: slack.unacknowledged == 0)
        assert slack.modals
        await ada.submits(view["id"])
        await socket.ack(await socket.frame())
        await slack.until(lambda: not slack.modals)


async def test_a_home_is_published_and_clicked(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, ada: Person
) -> None:
    view = {"type": "home", "blocks": [{"type": "actions", "elements": [BUTTON]}]}
    assert (await call("views.publish", user_id="U1", view=view))["ok"]
    home = slack.home(ada)
    assert home
    async with connected(slack, http) as socket:
        await ada.clicks_home("a")
        payload = (await socket.frame())["payload"]
        assert payload["container"] == {"type": "view", "view_id": home["id"]}


@pytest.mark.parametrize("view", [{}, {"type": "modal", "blocks": []}, {"type": "home"}])
async def test_a_home_must_be_one(call: CallMethod, ada: Person, view: dict[str, Any]) -> None:
    assert (await call("views.publish", user_id="U1", view=view))["error"] == "invalid_arguments"


async def answered(http: aiohttp.ClientSession, url: str, **answer: Any) -> tuple[int, str]:
    async with http.post(url, json=answer) as response:
        return response.status, await response.text()


async def test_a_response_url_works_five_times(
    slack: SlackEmulator, http: aiohttp.ClientSession, dm: Channel, press: Press
) -> None:
    url = (await press("a"))["response_url"]
    for _ in range(5):
        assert await answered(http, url, text="x") == (200, "ok")
    assert await answered(http, url, text="x") == (404, "used_url")
    assert {message.ephemeral_for for message in slack.messages(dm)[1:]} == {"U1"}


async def test_a_response_url_expires(clock: Clock, http: aiohttp.ClientSession, press: Press) -> None:
    url = (await press("a"))["response_url"]
    clock.ahead = 1801
    assert await answered(http, url, text="x") == (404, "expired_url")


async def test_an_answer_may_be_for_everyone_or_replace_the_original(
    slack: SlackEmulator, http: aiohttp.ClientSession, dm: Channel, press: Press, asked: str
) -> None:
    url = (await press("a"))["response_url"]
    await answered(http, url, text="all", response_type="in_channel")
    await answered(http, url, text="new", replace_original=True)
    original, public = slack.messages(dm)
    assert (original.ts, original.text, original.blocks) == (asked, "new", ())
    assert (public.text, public.ephemeral_for) == ("all", None)
    await answered(http, url, delete_original=True)
    assert asked not in [message.ts for message in slack.messages(dm)]


ASKING = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Limit"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "b0",
            "label": {"type": "plain_text", "text": "How many"},
            "element": {"type": "plain_text_input", "action_id": "value", "max_length": 5, "initial_value": "10"},
        },
        {
            "type": "input",
            "block_id": "b1",
            "optional": True,
            "label": {"type": "plain_text", "text": "Who"},
            "element": {"type": "users_select", "action_id": "value"},
        },
    ],
}


async def test_a_modal_is_filled_in_by_its_labels(
    slack: SlackEmulator, http: aiohttp.ClientSession, call: CallMethod, ada: Person, dm: Channel
) -> None:
    async with connected(slack, http) as socket:
        await ada.runs("/parley", "x", dm)
        asked = await socket.frame()
        await socket.ack(asked)
        trigger = asked["payload"]["trigger_id"]
        view = (await call("views.open", trigger_id=trigger, view=ASKING))["view"]
        for wrong in ({"How many": "123456"}, {"How many": ""}, {"Where": "here"}):
            with pytest.raises(LookupError):
                await ada.fills(view["id"], wrong)
        await ada.fills(view["id"], {"Who": "U1"})
        payload = (await socket.frame())["payload"]
    assert payload["view"]["state"]["values"] == {
        "b0": {"value": {"type": "plain_text_input", "value": "10"}},
        "b1": {"value": {"type": "users_select", "selected_user": "U1"}},
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "invalid_arguments"),
        ({"submit": None}, "invalid_arguments"),
        ({"private_metadata": "x" * 3001}, "invalid_arguments"),
        ({"blocks": [{"type": "markdown", "text": "x"}]}, "invalid_blocks"),
        ({"blocks": [{"type": "divider"}] * 101}, "invalid_blocks"),
        ({"blocks": [{"type": "rich_text", "elements": []}]}, "invalid_blocks"),
        ({"callback_id": "x" * 250_000}, "view_too_large"),
    ],
)
async def test_a_modal_has_its_limits(call: CallMethod, ada: Person, change: dict[str, Any], error: str) -> None:
    del ada
    assert (await call("views.open", trigger_id="1", view=ASKING | change))["error"] == error
