"""Buttons and command menus; and waiting for what happens."""

import aiohttp
import pytest

from adapters.telegram.emulator import Lifetimes, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api

BUTTON = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
TOO_OLD = "400 Bad Request: query is too old and response timeout expired or query ID is invalid"


async def button(api: Api) -> int:
    message = await api.result("sendMessage", chat_id=11, text="?", reply_markup=BUTTON)
    return int(message["message_id"])


async def test_a_click_is_answered(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    query = ada.clicks(await button(api), "go")
    [update] = await api.updates()
    assert update["callback_query"]["data"] == "go"
    assert update["callback_query"]["message"]["text"] == "?"
    await api.result("answerCallbackQuery", callback_query_id=query, text="Gone")
    assert tg.answers[query]["text"] == "Gone"


async def test_a_button_that_is_not_there_cannot_be_clicked(api: Api, ada: Person) -> None:
    message_id = await button(api)
    with pytest.raises(ValueError, match="no button 'stop'"):
        ada.clicks(message_id, "stop")


async def test_an_answer_holds_200_characters(api: Api, ada: Person) -> None:
    query = ada.clicks(await button(api), "go")
    refusal = await api.refusal("answerCallbackQuery", callback_query_id=query, text="x" * 201)
    assert refusal == "400 Bad Request: MESSAGE_TOO_LONG"


async def test_an_unknown_query_cannot_be_answered(api: Api) -> None:
    assert await api.refusal("answerCallbackQuery", callback_query_id="1") == TOO_OLD


async def test_an_old_query_cannot_be_answered() -> None:
    now = [1_000_000.0]
    async with (
        TelegramEmulator(token="100:TEST", lifetimes=Lifetimes(callback=30), clock=lambda: now[0]) as tg,
        aiohttp.ClientSession() as session,
    ):
        api = Api(session, tg.url, "100:TEST")
        ada = tg.person(id=11, first_name="Ada")
        ada.says("hi")
        query = ada.clicks(await button(api), "go")
        now[0] += 31
        assert await api.refusal("answerCallbackQuery", callback_query_id=query) == TOO_OLD


async def test_menus_are_kept_by_scope_and_language(api: Api) -> None:
    english = [{"command": "help", "description": "Show help"}]
    german = [{"command": "help", "description": "Hilfe zeigen"}]
    scope = {"type": "all_private_chats"}
    await api.result("setMyCommands", commands=english)
    await api.result("setMyCommands", commands=german, scope=scope, language_code="de")
    assert await api.result("getMyCommands") == english
    assert await api.result("getMyCommands", scope=scope, language_code="de") == german
    assert await api.result("getMyCommands", scope=scope) == []
    await api.result("deleteMyCommands", scope=scope, language_code="de")
    assert await api.result("getMyCommands", scope=scope, language_code="de") == []


@pytest.mark.parametrize(
    ("command", "description", "reason"),
    [
        ("Help", "x", "BOT_COMMAND_INVALID"),
        ("a" * 33, "x", "BOT_COMMAND_INVALID"),
        ("help", "", "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("help", "x" * 257, "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_a_menu_is_checked(api: Api, command: str, description: str, reason: str) -> None:
    commands = [{"command": command, "description": description}]
    assert await api.refusal("setMyCommands", commands=commands) == f"400 Bad Request: {reason}"


async def test_a_menu_has_a_hundred_commands_at_most(api: Api) -> None:
    commands = [{"command": f"c{number}", "description": "x"} for number in range(101)]
    assert await api.refusal("setMyCommands", commands=commands) == "400 Bad Request: BOT_COMMANDS_TOO_MUCH"


async def test_a_watcher_sees_every_change(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    events = tg.watch()
    ada.says("hi")
    await api.result("sendChatAction", chat_id=11, action="typing")
    await api.result("sendMessageDraft", chat_id=11, draft_id=1, text="He")
    await api.result("sendMessage", chat_id=11, text="Hello")
    seen = [(await anext(events)) for _ in range(5)]
    assert [event.kind for event in seen] == ["message", "action", "draft", "draft", "message"]
    assert (seen[2].body["text"], seen[3].body["text"], seen[4].body["text"]) == ("He", None, "Hello")
    await events.aclose()


async def test_waiting_for_what_never_happens_ends(tg: TelegramEmulator) -> None:
    with pytest.raises(TimeoutError):
        await tg.until(lambda: False, 0.05)
