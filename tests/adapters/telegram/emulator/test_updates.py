"""getUpdates: what is confirmed, what comes again, and who may ask."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from adapters.telegram.emulator import Lifetimes, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def test_unconfirmed_updates_come_again(api: Api, ada: Person) -> None:
    ada.says("one")
    assert texts(await api.updates()) == ["one"]
    assert texts(await api.updates()) == ["one"]


async def test_an_offset_confirms_what_lies_before_it(api: Api, ada: Person) -> None:
    ada.says("one")
    ada.says("two")
    first, _ = await api.updates()
    assert texts(await api.updates(offset=first["update_id"] + 1)) == ["two"]
    assert texts(await api.updates()) == ["two"]


async def test_update_ids_are_sequential(api: Api, ada: Person) -> None:
    for number in range(3):
        ada.says(str(number))
    ids = [update["update_id"] for update in await api.updates()]
    assert ids == list(range(ids[0], ids[0] + 3))


async def test_a_negative_offset_keeps_the_last_ones(api: Api, ada: Person) -> None:
    for word in ("one", "two", "three"):
        ada.says(word)
    assert texts(await api.updates(offset=-1)) == ["three"]
    assert texts(await api.updates()) == ["three"]


async def test_a_batch_has_a_limit(api: Api, ada: Person) -> None:
    for number in range(103):
        ada.says(str(number))
    assert len(await api.updates(limit=2)) == 2
    assert len(await api.updates()) == 100


async def test_a_long_poll_returns_when_something_is_said(api: Api, ada: Person) -> None:
    poll = asyncio.create_task(api.updates(timeout=30))
    await asyncio.sleep(0.02)
    ada.says("now")
    assert texts(await asyncio.wait_for(poll, 20)) == ["now"]


async def test_a_long_poll_ends_empty_after_its_timeout(api: Api) -> None:
    begun = time.monotonic()
    assert await api.updates(timeout=1) == []
    assert 0.9 < time.monotonic() - begun < 20


async def test_a_second_poll_ends_the_older_one(api: Api, ada: Person) -> None:
    older = asyncio.create_task(api.refusal("getUpdates", timeout=30))
    await asyncio.sleep(0.02)
    newer = asyncio.create_task(api.updates(timeout=30))
    refusal = await asyncio.wait_for(older, 20)
    assert refusal == (
        "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    ada.says("for the newer")
    assert texts(await asyncio.wait_for(newer, 20)) == ["for the newer"]


async def test_polling_is_refused_while_a_webhook_is_set(api: Api) -> None:
    await api.result("setWebhook", url="http://127.0.0.1:9/hook")
    assert "can't use getUpdates method while webhook is active" in await api.refusal("getUpdates")
    await api.result("deleteWebhook")
    assert await api.updates() == []


async def test_allowed_updates_stick_until_they_are_given_again(api: Api, ada: Person) -> None:
    await api.updates(allowed_updates=["callback_query"])
    ada.says("unseen")
    assert await api.updates() == []
    await api.updates(allowed_updates=[])
    ada.says("seen")
    assert texts(await api.updates()) == ["seen"]


async def test_reactions_come_only_when_asked_for(api: Api, ada: Person) -> None:
    message_id = ada.says("hi")
    [said] = await api.updates()
    ada.reacts(message_id, "👍")
    assert await api.updates(offset=said["update_id"] + 1) == []
    await api.updates(allowed_updates=["message_reaction"])
    ada.reacts(message_id, "🔥")
    [update] = await api.updates()
    assert update["message_reaction"]["new_reaction"] == [{"type": "emoji", "emoji": "🔥"}]
    assert update["message_reaction"]["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]


async def test_pending_updates_can_be_dropped(api: Api, ada: Person) -> None:
    ada.says("old")
    await api.result("deleteWebhook", drop_pending_updates=True)
    assert await api.updates() == []


async def test_updates_are_forgotten_after_their_day() -> None:
    now = [1_000_000.0]
    lifetimes = Lifetimes(update=24 * 3600)
    async with (
        TelegramEmulator(token="100:TEST", lifetimes=lifetimes, clock=lambda: now[0]) as tg,
        aiohttp.ClientSession() as session,
    ):
        api = Api(session, tg.url, "100:TEST")
        tg.person(id=11, first_name="Ada").says("yesterday")
        now[0] += 24 * 3600 - 1
        assert len(await api.updates()) == 1
        now[0] += 1
        assert await api.updates() == []


async def test_an_injected_update_is_delivered_verbatim(tg: TelegramEmulator, api: Api) -> None:
    tg.inject({"update_id": 7, "message": {"poison": True}})
    assert await api.updates() == [{"update_id": 7, "message": {"poison": True}}]


async def test_an_edit_arrives_as_edited_message(api: Api, ada: Person) -> None:
    message_id = ada.says("helo")
    ada.edits(message_id, "hello")
    update = (await api.updates())[-1]
    assert update["edited_message"]["text"] == "hello"
    assert update["edited_message"]["edit_date"] >= update["edited_message"]["date"]


async def test_a_message_names_its_sender_chat_and_entities(api: Api, ada: Person) -> None:
    ada.says("😀 /help@parley_bot please")
    [update] = await api.updates()
    message = update["message"]
    assert message["from"]["language_code"] == "en"
    assert message["chat"] == {"id": 11, "first_name": "Ada", "username": "ada", "type": "private"}
    assert message["entities"] == [{"type": "bot_command", "offset": 3, "length": 16}]
    assert isinstance(message["date"], int)


async def test_a_person_edits_only_their_own_messages(api: Api, ada: Person) -> None:
    sent = await api.result("sendMessage", chat_id=ada.id, text="mine")
    with pytest.raises(ValueError, match="not Ada's"):
        ada.edits(sent["message_id"], "hers")
