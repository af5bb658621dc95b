"""aiogram against the emulator: a second client, which reads Bot API 10.3 strictly."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputRichMessage,
    Message,
    ReplyParameters,
)

from adapters.telegram.emulator import Limits, Person, Rate, TelegramEmulator


def client(tg: TelegramEmulator) -> Bot:
    server = TelegramAPIServer.from_base(tg.url)
    return Bot("100:TEST", session=AiohttpSession(api=server))


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    async with client(tg) as connected:
        yield connected


async def test_an_echo_dialogue(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    ada.says("hello")
    [update] = await bot.get_updates(timeout=1)
    assert update.message is not None
    answer = await bot.send_message(
        11, "echo: hello", reply_parameters=ReplyParameters(message_id=update.message.message_id)
    )
    assert answer.reply_to_message is not None
    assert tg.messages(ada.chat)[-1].text == "echo: hello"
    assert await bot.get_updates(offset=update.update_id + 1) == []


async def test_drafts_with_a_stop_button(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    assert await bot.send_message_draft(chat_id=11, draft_id=3, text="Hel", can_stop=True)
    ada.stops(3)
    [update] = await bot.get_updates(timeout=1)
    assert update.event_type == "stopped_message_generation"
    assert update.stopped_message_generation is not None
    assert update.stopped_message_generation.draft_id == 3


async def test_rich_messages_and_edits_between_the_two_kinds(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    table = InputRichMessage(markdown="| a |\n|---|\n| 1 |", skip_entity_detection=True)
    message = await bot.send_rich_message(chat_id=11, rich_message=table)
    assert message.rich_message is not None
    assert message.text is None
    plain = await bot.edit_message_text(text="plain", chat_id=11, message_id=message.message_id)
    assert isinstance(plain, Message)
    assert (plain.text, plain.rich_message) == ("plain", None)
    again = await bot.edit_message_text(rich_message=table, chat_id=11, message_id=message.message_id)
    assert isinstance(again, Message)
    assert (again.text, again.rich_message is not None) == (None, True)


@pytest.mark.parametrize(
    "rich",
    [
        {},
        {"markdown": "a", "html": "a"},
        {"markdown": "a" * 32_769},
        {"markdown": "a\n" * 501},
        {"markdown": "|" + "a|" * 21},
    ],
)
async def test_rich_messages_have_limits(bot: Bot, ada: Person, rich: dict[str, str]) -> None:
    with pytest.raises(TelegramBadRequest):
        await bot.send_rich_message(chat_id=ada.id, rich_message=InputRichMessage.model_validate(rich))


async def test_older_servers_know_no_rich_messages(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    tg.world.bot_api = (10, 0)
    with pytest.raises(TelegramNotFound):
        await bot.send_rich_message(chat_id=ada.id, rich_message=InputRichMessage(markdown="a"))


async def test_buttons_and_edits(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    button = InlineKeyboardButton(text="Go", callback_data="go")
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[button]])
    message = await bot.send_message(11, "<b>?</b>", parse_mode="HTML", reply_markup=keyboard)
    assert message.html_text == "<b>?</b>"
    query_id = ada.clicks(message.message_id, "go")
    [update] = await bot.get_updates(timeout=1)
    assert update.callback_query is not None
    assert update.callback_query.data == "go"
    await bot.answer_callback_query(query_id, text="Gone")
    await bot.edit_message_text("Gone", chat_id=11, message_id=message.message_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("Gone", chat_id=11, message_id=message.message_id)


async def test_files_go_both_ways(bot: Bot, ada: Person) -> None:
    ada.sends(b"in", filename="in.txt", mime_type="text/plain")
    [update] = await bot.get_updates(timeout=1)
    assert update.message is not None
    assert update.message.document is not None
    received = await bot.download(update.message.document)
    assert received is not None
    assert received.read() == b"in"
    sent = await bot.send_document(11, BufferedInputFile(b"out", filename="out.txt"), caption="done")
    assert sent.document is not None
    assert sent.document.file_name == "out.txt"


async def test_a_flood_names_the_wait() -> None:
    limits = Limits(private=Rate(per_second=1, burst=1), pause=5)
    async with TelegramEmulator(token="100:TEST", limits=limits) as tg, client(tg) as bot:
        tg.person(id=11, first_name="Ada").says("hi")
        await bot.send_message(11, "1")
        with pytest.raises(TelegramRetryAfter) as caught:
            await bot.send_message(11, "2")
    assert caught.value.retry_after == 5


async def test_two_pollers_conflict(tg: TelegramEmulator, bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=10))
    await tg.until(lambda: tg.world.updates.polled, 2)
    async with client(tg) as rival:
        newer = asyncio.create_task(rival.get_updates(timeout=1))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
            await older
        assert await newer == []


async def test_a_bot_that_is_not_wanted(bot: Bot, ada: Person) -> None:
    ada.blocks_bot()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(11, "x")


async def test_a_migrated_group(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    tg.migrate(tg.group(id=-77, title="Small", members=[ada], basic=True), -1001000000077, ada)
    with pytest.raises(TelegramMigrateToChat) as caught:
        await bot.send_message(-77, "x")
    assert caught.value.migrate_to_chat_id == -1001000000077


async def test_every_kind_of_update_is_parsed(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    await bot.get_updates(allowed_updates=["message", "edited_message", "my_chat_member", "message_reaction"])
    ada.blocks_bot()
    ada.unblocks_bot()
    message_id = ada.says("hi")
    ada.edits(message_id, "hello")
    ada.reacts(message_id, "👍")
    for kind in ("photo", "voice", "audio", "video", "sticker"):
        ada.sends(b"x", kind=kind)
    forum = tg.group(id=-1002, title="Forum", members=[ada], forum=True)
    ada.says("/ask", chat=forum, thread_id=tg.topic(forum, "Ideas"))
    updates = await bot.get_updates(timeout=1)
    expected = ["my_chat_member"] * 2 + ["message", "edited_message", "message_reaction"] + ["message"] * 6
    assert [update.event_type for update in updates] == expected
    assert (await bot.get_chat(-1002)).is_forum is True
    assert (await bot.get_chat_member(-1002, 100)).status == "member"
