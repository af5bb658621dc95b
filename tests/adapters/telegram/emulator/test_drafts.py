"""Drafts: previews that live for half a minute and end with a message."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.telegram.emulator import Lifetimes, Limits, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


async def draft(api: Api, text: str, **params: object) -> None:
    assert await api.result("sendMessageDraft", chat_id=11, draft_id=1, text=text, **params) is True


async def test_a_draft_is_shown_and_is_no_message(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await draft(api, "He")
    await draft(api, "Hello")
    assert tg.drafts(ada.chat) == "Hello"
    assert len(tg.messages(ada.chat)) == 1


async def test_an_empty_draft_means_thinking(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await draft(api, "")
    assert tg.drafts(ada.chat) == ""


async def test_a_message_ends_the_draft(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await draft(api, "Hel")
    await api.result("sendMessage", chat_id=11, text="Hello")
    assert tg.drafts(ada.chat) is None


async def test_a_draft_needs_an_id(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessageDraft", chat_id=11, draft_id=0, text="x")
    assert refusal == "400 Bad Request: draft_id must be non-zero"


async def test_a_draft_is_for_private_chats_only(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    tg.group(id=-1003, title="Team", members=[ada])
    refusal = await api.refusal("sendMessageDraft", chat_id=-1003, draft_id=1, text="x")
    assert refusal == "400 Bad Request: TEXTDRAFT_PEER_INVALID"


async def test_a_draft_has_the_length_of_a_message(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessageDraft", chat_id=11, draft_id=1, text="a" * 4097)
    assert refusal == "400 Bad Request: message is too long"


async def test_topics_have_drafts_of_their_own(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    topic = tg.topic(ada.chat, "Trip")
    await draft(api, "there", message_thread_id=topic)
    assert (tg.drafts(ada.chat), tg.drafts(ada.chat, topic)) == (None, "there")


async def test_stop_reaches_the_bot_and_ends_the_draft(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await draft(api, "long", can_stop=True)
    ada.stops(1)
    [update] = await api.updates()
    assert update["stopped_message_generation"]["draft_id"] == 1
    assert update["stopped_message_generation"]["chat"]["id"] == 11
    assert tg.drafts(ada.chat) is None


async def test_a_kept_draft_survives_stop(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await draft(api, "long", can_stop=True, keep_on_stop=True)
    ada.stops(1)
    assert tg.drafts(ada.chat) == "long"


async def test_a_draft_without_the_button_cannot_be_stopped(api: Api, ada: Person) -> None:
    await draft(api, "long")
    with pytest.raises(ValueError, match="no draft 1"):
        ada.stops(1)


@pytest.fixture
async def hasty() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator(token="100:TEST", limits=Limits.off(), lifetimes=Lifetimes(draft=0.2)) as tg:
        yield tg


async def test_a_draft_fades_unless_renewed(hasty: TelegramEmulator) -> None:
    ada = hasty.person(id=11, first_name="Ada")
    ada.says("hi")
    events = hasty.watch()
    async with aiohttp.ClientSession() as session:
        api = Api(session, hasty.url, "100:TEST")
        await draft(api, "a")
        await asyncio.sleep(0.15)
        await draft(api, "ab")
    texts = [(await anext(events)).body["text"] for _ in range(2)]
    renewed = time.monotonic()
    assert texts == ["a", "ab"]
    assert (await anext(events)).body["text"] is None
    assert time.monotonic() - renewed > 0.15
    assert hasty.drafts(ada.chat) is None
    await events.aclose()


async def test_a_new_draft_is_not_ended_by_the_timer_of_the_last(hasty: TelegramEmulator) -> None:
    ada = hasty.person(id=11, first_name="Ada")
    ada.says("hi")
    async with aiohttp.ClientSession() as session:
        api = Api(session, hasty.url, "100:TEST")
        await draft(api, "first")
        await asyncio.sleep(0.12)
        await api.result("sendMessage", chat_id=11, text="done")
        await draft(api, "second")
        await asyncio.sleep(0.12)
        assert hasty.drafts(ada.chat) == "second"
        await hasty.until(lambda: not ada.chat.watched_drafts, 1)
        assert ada.chat.drafts == {}
