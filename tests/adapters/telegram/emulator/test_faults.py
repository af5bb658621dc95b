"""Trouble on order."""

import asyncio

import aiohttp
import pytest

from adapters.telegram.emulator import Fault, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


async def test_a_fault_happens_once(tg: TelegramEmulator, api: Api) -> None:
    tg.faults.next("getMe", Fault(status=500))
    assert await api.refusal("getMe") == "500 Internal Server Error"
    assert (await api.result("getMe"))["id"] == 100


async def test_a_fault_waits_for_its_method(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    tg.faults.next("sendMessage", Fault(retry_after=7))
    await api.result("getMe")
    status, body = await api.call("sendMessage", chat_id=11, text="x")
    assert (status, body["parameters"]) == (429, {"retry_after": 7})


async def test_a_cut_before_the_call_leaves_no_trace(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    tg.faults.next("sendMessage", Fault(drop="before"))
    with pytest.raises(aiohttp.ClientError):
        await api.call("sendMessage", chat_id=11, text="lost")
    assert [message.text for message in tg.messages(ada.chat)] == ["/start"]


async def test_a_cut_after_the_call_hides_that_it_worked(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    tg.faults.next("sendMessage", Fault(drop="after"))
    with pytest.raises(aiohttp.ClientError):
        await api.call("sendMessage", chat_id=11, text="sent all the same")
    assert tg.messages(ada.chat)[-1].text == "sent all the same"
    assert tg.calls[-1].status == 0


async def test_a_slow_call_takes_effect_although_nobody_waits(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    tg.faults.next("sendMessage", Fault(hang=0.2))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(api.call("sendMessage", chat_id=11, text="late"), 0.05)
    await tg.until(lambda: tg.messages(ada.chat)[-1].text == "late", 2)


async def test_a_proxy_answers_in_html(tg: TelegramEmulator, api: Api) -> None:
    tg.faults.next("getMe", Fault(malformed=True))
    async with api.session.get(f"{api.url}/bot100:TEST/getMe") as response:
        assert (response.status, response.content_type) == (502, "text/html")
