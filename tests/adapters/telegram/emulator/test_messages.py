"""Sending, editing, deleting, reacting: rules and words of refusal."""

import aiohttp
import pytest

from adapters.telegram.emulator import Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api

NOT_MODIFIED = (
    "400 Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)


async def sent(api: Api, ada: Person, text: str = "hello") -> int:
    message = await api.result("sendMessage", chat_id=ada.id, text=text)
    return int(message["message_id"])


async def test_a_sent_message_is_visible(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await sent(api, ada, "hello")
    [*_, message] = tg.messages(ada.chat)
    assert (message.text, message.sender.id) == ("hello", 100)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "400 Bad Request: message text is empty"),
        (" \n ", "400 Bad Request: text must be non-empty"),
        ("a" * 4097, "400 Bad Request: message is too long"),
        ("é" * 20_000, "400 Bad Request: text is too long"),
    ],
)
async def test_text_has_to_fit(api: Api, ada: Person, text: str, refusal: str) -> None:
    assert await api.refusal("sendMessage", chat_id=ada.id, text=text) == refusal


async def test_length_counts_code_points_not_utf16_units(api: Api, ada: Person) -> None:
    message = await api.result("sendMessage", chat_id=ada.id, text="😀" * 4096)
    assert len(message["text"]) == 4096


async def test_blank_edges_are_trimmed(api: Api, ada: Person) -> None:
    message = await api.result("sendMessage", chat_id=ada.id, text="\n  hi \n ")
    assert message["text"] == "hi"


async def test_an_unknown_chat_is_refused(api: Api) -> None:
    assert await api.refusal("sendMessage", chat_id=999, text="x") == "400 Bad Request: chat not found"


async def test_a_missing_chat_is_refused(api: Api) -> None:
    assert await api.refusal("sendMessage", text="x") == "400 Bad Request: chat_id is empty"


async def test_a_reply_carries_the_replied_message(api: Api, ada: Person) -> None:
    asked = ada.says("why?")
    message = await api.result("sendMessage", chat_id=ada.id, text="because", reply_parameters={"message_id": asked})
    assert message["reply_to_message"]["text"] == "why?"


async def test_a_reply_to_nothing_is_refused(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessage", chat_id=11, text="x", reply_parameters={"message_id": 99})
    assert refusal == "400 Bad Request: message to be replied not found"


async def test_a_reply_to_nothing_may_be_sent_as_a_message(api: Api, ada: Person) -> None:
    reply = {"message_id": 99, "allow_sending_without_reply": True}
    message = await api.result("sendMessage", chat_id=11, text="x", reply_parameters=reply)
    assert "reply_to_message" not in message


async def test_a_wrong_thread_is_refused(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessage", chat_id=11, text="x", message_thread_id=5)
    assert refusal == "400 Bad Request: message thread not found"


async def test_an_edit_replaces_the_text(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    message_id = await sent(api, ada)
    edited = await api.result("editMessageText", chat_id=11, message_id=message_id, text="bye")
    assert edited["edit_date"] >= edited["date"]
    assert tg.messages(ada.chat)[-1].text == "bye"


async def test_an_unchanged_edit_is_refused(api: Api, ada: Person) -> None:
    message_id = await sent(api, ada)
    refusal = await api.refusal("editMessageText", chat_id=11, message_id=message_id, text=" hello ")
    assert refusal == NOT_MODIFIED


async def test_an_edit_that_only_drops_the_buttons_is_a_change(api: Api, ada: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    message = await api.result("sendMessage", chat_id=11, text="hello", reply_markup=markup)
    edited = await api.result("editMessageText", chat_id=11, message_id=message["message_id"], text="hello")
    assert "reply_markup" not in edited


async def test_an_edit_that_is_too_long_has_words_of_its_own(api: Api, ada: Person) -> None:
    message_id = await sent(api, ada)
    refusal = await api.refusal("editMessageText", chat_id=11, message_id=message_id, text="a" * 4097)
    assert refusal == "400 Bad Request: MESSAGE_TOO_LONG"


async def test_a_missing_message_cannot_be_edited(api: Api, ada: Person) -> None:
    refusal = await api.refusal("editMessageText", chat_id=11, message_id=99, text="x")
    assert refusal == "400 Bad Request: message to edit not found"


async def test_a_persons_message_cannot_be_edited(api: Api, ada: Person) -> None:
    refusal = await api.refusal("editMessageText", chat_id=11, message_id=ada.says("hi"), text="x")
    assert refusal == "400 Bad Request: message can't be edited"


async def test_buttons_are_edited_alone(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    message_id = await sent(api, ada)
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    await api.result("editMessageReplyMarkup", chat_id=11, message_id=message_id, reply_markup=markup)
    assert tg.messages(ada.chat)[-1].buttons == [{"text": "Go", "callback_data": "go"}]


async def test_a_deleted_message_is_gone(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    message_id = await sent(api, ada)
    await api.result("deleteMessage", chat_id=11, message_id=message_id)
    assert [message.text for message in tg.messages(ada.chat)] == ["/start"]
    refusal = await api.refusal("deleteMessage", chat_id=11, message_id=message_id)
    assert refusal == "400 Bad Request: message to delete not found"


@pytest.mark.parametrize("data", ["", "x" * 65, "é" * 33])
async def test_callback_data_is_1_to_64_bytes(api: Api, ada: Person, data: str) -> None:
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": data}]]}
    refusal = await api.refusal("sendMessage", chat_id=11, text="x", reply_markup=markup)
    assert refusal == "400 Bad Request: BUTTON_DATA_INVALID"


async def test_a_button_without_an_action_is_refused(api: Api, ada: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "Go"}]]}
    refusal = await api.refusal("sendMessage", chat_id=11, text="x", reply_markup=markup)
    assert "Text buttons are unallowed" in refusal


async def test_the_bot_reacts(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    message_id = ada.says("hi")
    reaction = [{"type": "emoji", "emoji": "👀"}]
    await api.result("setMessageReaction", chat_id=11, message_id=message_id, reaction=reaction)
    assert tg.messages(ada.chat)[-1].reactions[100] == ({"type": "emoji", "emoji": "👀"},)


async def test_not_every_emoji_is_a_reaction(api: Api, ada: Person) -> None:
    reaction = [{"type": "emoji", "emoji": "🥕"}]
    refusal = await api.refusal("setMessageReaction", chat_id=11, message_id=ada.says("hi"), reaction=reaction)
    assert refusal == "400 Bad Request: REACTION_INVALID"


async def test_typing_is_shown_until_the_message_comes(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    await api.result("sendChatAction", chat_id=11, action="typing")
    assert tg.action(ada.chat) == "typing"
    await sent(api, ada)
    assert tg.action(ada.chat) is None


async def test_typing_fades_after_five_seconds() -> None:
    now = [1_000_000.0]
    async with (
        TelegramEmulator(token="100:TEST", clock=lambda: now[0]) as tg,
        aiohttp.ClientSession() as session,
    ):
        ada = tg.person(id=11, first_name="Ada")
        ada.says("hi")
        await Api(session, tg.url, "100:TEST").result("sendChatAction", chat_id=11, action="typing")
        now[0] += 4.9
        assert tg.action(ada.chat) == "typing"
        now[0] += 0.1
        assert tg.action(ada.chat) is None


async def test_an_unknown_action_is_refused(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendChatAction", chat_id=11, action="dancing")
    assert refusal == "400 Bad Request: wrong parameter action in request"


async def test_a_caption_holds_1024_code_points(api: Api, ada: Person) -> None:
    ada.sends(b"abc", filename="a.txt")
    [update] = await api.updates()
    file_id = update["message"]["document"]["file_id"]
    message = await api.result("sendDocument", chat_id=11, document=file_id, caption="a" * 1024)
    assert len(message["caption"]) == 1024
    refusal = await api.refusal("sendDocument", chat_id=11, document=file_id, caption="a" * 1025)
    assert refusal == "400 Bad Request: message caption is too long"


async def test_an_attachment_is_downloaded_by_its_path(api: Api, ada: Person) -> None:
    ada.sends(b"a,b", filename="t.csv", mime_type="text/csv", caption="look")
    [update] = await api.updates()
    file = await api.result("getFile", file_id=update["message"]["document"]["file_id"])
    async with api.session.get(f"{api.url}/file/bot100:TEST/{file['file_path']}") as response:
        assert await response.read() == b"a,b"


async def test_a_file_needs_the_token(api: Api, ada: Person) -> None:
    ada.sends(b"a,b")
    async with api.session.get(f"{api.url}/file/bot100:WRONG/documents/file_1.bin") as response:
        assert response.status == 401
