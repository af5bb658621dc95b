"""Routing, bodies and answers."""

import aiohttp

from adapters.telegram.emulator import Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


async def test_get_me_describes_the_bot(api: Api) -> None:
    me = await api.result("getMe")
    assert (me["id"], me["is_bot"], me["username"]) == (100, True, "parley_bot")


async def test_method_names_are_case_insensitive(api: Api) -> None:
    assert (await api.result("GETME"))["id"] == 100


async def test_wrong_token_is_unauthorized(api: Api) -> None:
    api.token = "100:WRONG"
    status, body = await api.call("getMe")
    assert status == 401
    assert body == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_unknown_method_is_not_found(api: Api) -> None:
    assert await api.refusal("makeCoffee") == "404 Not Found"


async def test_parameters_come_in_a_query(api: Api, ada: Person) -> None:
    url = f"{api.url}/bot100:TEST/sendMessage"
    async with api.session.get(url, params={"chat_id": ada.id, "text": "hi"}) as response:
        assert (await response.json())["result"]["text"] == "hi"


async def test_parameters_come_in_a_form(api: Api, ada: Person) -> None:
    url = f"{api.url}/bot100:TEST/sendMessage"
    entities = '[{"type":"bold","offset":0,"length":2}]'
    form = {"chat_id": str(ada.id), "text": "hi", "entities": entities}
    async with api.session.post(url, data=form) as response:
        assert (await response.json())["result"]["entities"][0]["type"] == "bold"


async def test_parameters_come_in_a_multipart_body(api: Api, ada: Person) -> None:
    form = aiohttp.FormData({"chat_id": str(ada.id), "caption": "the list"})
    form.add_field("document", b"1,2,3", filename="list.csv", content_type="text/csv")
    async with api.session.post(f"{api.url}/bot100:TEST/sendDocument", data=form) as response:
        message = (await response.json())["result"]
    assert message["caption"] == "the list"
    assert message["document"]["file_name"] == "list.csv"


async def test_a_broken_json_body_is_refused(api: Api) -> None:
    url = f"{api.url}/bot100:TEST/getMe"
    headers = {"Content-Type": "application/json"}
    async with api.session.post(url, data=b"{", headers=headers) as response:
        assert response.status == 400


async def test_calls_are_recorded_with_their_outcome(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await api.call("sendMessage", chat_id=ada.id, text="hi")
    await api.call("sendMessage", chat_id=ada.id, text="")
    assert [(call.method, call.status) for call in tg.calls] == [("sendMessage", 200), ("sendMessage", 400)]
    assert tg.calls[0].params["text"] == "hi"


async def test_recording_can_be_switched_off() -> None:
    async with TelegramEmulator(token="100:TEST", keep_calls=0) as tg, aiohttp.ClientSession() as session:
        await Api(session, tg.url, "100:TEST").result("getMe")
        assert not tg.calls


async def test_started_again_it_keeps_address_and_history(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    before = tg.url
    await tg.stop()
    await tg.start()
    assert tg.url == before
    await api.result("sendMessage", chat_id=ada.id, text="still here")
    assert [message.text for message in tg.messages(ada.chat)] == ["/start", "still here"]
