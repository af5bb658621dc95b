"""python-telegram-bot against the emulator: a client written by others, for the real service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    Document,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)

from adapters.telegram.emulator import AttachmentKind, Fault, Limits, Person, Rate, TelegramEmulator

SLOW = Limits(private=Rate(per_second=1, burst=1), drafts=Rate(per_second=1, burst=1), pause=4)


def client(tg: TelegramEmulator, key: str = "TEST") -> Bot:
    return Bot(f"100:{key}", base_url=f"{tg.url}/bot", base_file_url=f"{tg.url}/file/bot")


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    async with client(tg) as connected:
        yield connected


async def first_update(bot: Bot) -> Update:
    [update] = await bot.get_updates(timeout=1, allowed_updates=Update.ALL_TYPES)
    return update


async def test_it_introduces_itself(bot: Bot) -> None:
    assert (bot.id, bot.username) == (100, "parley_bot")


async def test_a_wrong_token_is_noticed(tg: TelegramEmulator) -> None:
    rejected = client(tg, "WRONG")
    with pytest.raises(InvalidToken):
        await rejected.initialize()
    await rejected.shutdown()


async def test_an_echo_dialogue(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    ada.says("hello 😀 /help")
    update = await first_update(bot)
    assert update.message is not None
    assert update.message.parse_entities(["bot_command"]) == {update.message.entities[0]: "/help"}
    await update.message.reply_text(update.message.text or "", do_quote=True)
    [*_, said] = tg.messages(ada.chat)
    assert (said.text, said.reply_to) == ("hello 😀 /help", update.message.message_id)


async def test_drafts_then_the_message(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    await bot.send_message_draft(11, 5, "")
    assert tg.drafts(ada.chat) == ""
    await bot.send_message_draft(11, 5, "Hel", api_kwargs={"can_stop": True})
    ada.stops(5)
    [update] = await bot.get_updates(timeout=1)
    assert update.api_kwargs["stopped_message_generation"]["draft_id"] == 5
    await bot.send_message(11, "Hello", entities=[MessageEntity("bold", 0, 5)])
    assert tg.messages(ada.chat)[-1].entities == ({"type": "bold", "offset": 0, "length": 5},)


async def test_buttons(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton("Go", callback_data="go"))
    message = await bot.send_message(11, "?", reply_markup=keyboard)
    query_id = ada.clicks(message.message_id, "go")
    query = (await first_update(bot)).callback_query
    assert query is not None
    await query.answer("Gone", show_alert=True)
    await query.edit_message_text("Gone")
    assert tg.answers[query_id]["show_alert"] is True
    assert tg.messages(ada.chat)[-1].text == "Gone"
    with pytest.raises(BadRequest, match="is not modified"):
        await query.edit_message_text("Gone")
    with pytest.raises(BadRequest, match="Query is too old"):
        await query.answer()


async def test_files_go_both_ways(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    ada.sends(b"in", filename="in.txt", mime_type="text/plain", caption="read this")
    message = (await first_update(bot)).message
    assert message is not None
    assert isinstance(message.effective_attachment, Document)
    received = await (await message.effective_attachment.get_file()).download_as_bytearray()
    assert bytes(received) == b"in"
    answer = await bot.send_document(11, b"out", filename="out.txt", caption="*done*", parse_mode="MarkdownV2")
    assert (answer.document and answer.document.file_name, answer.caption) == ("out.txt", "done")


async def test_what_the_server_refuses(bot: Bot, ada: Person) -> None:
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await bot.send_message(11, "<b>x", parse_mode=ParseMode.HTML)
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(404, "x")
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(11, "x", reply_parameters=ReplyParameters(99))
    ada.blocks_bot()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(11, "x")


async def test_a_flood_names_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else the exception warns about its own attribute
    async with TelegramEmulator(token="100:TEST", limits=SLOW) as tg:
        tg.person(id=11, first_name="Ada").says("hi")
        async with client(tg) as bot:
            await bot.send_message(11, "1")
            with pytest.raises(RetryAfter) as caught:
                await bot.send_message(11, "2")
    assert caught.value.retry_after == timedelta(seconds=4)


async def test_two_pollers_conflict(tg: TelegramEmulator, bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=10))
    await tg.until(lambda: tg.world.updates.polled, 2)
    async with client(tg) as rival:
        newer = asyncio.create_task(rival.get_updates(timeout=10))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older
        tg.inject({"message": {}})
        with pytest.raises(KeyError):  # what a poison update does to this client
            await newer


async def test_a_migrated_group(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    tg.migrate(tg.group(id=-77, title="Small", members=[ada], basic=True), -1001000000077, ada)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(-77, "x")
    assert caught.value.new_chat_id == -1001000000077


async def test_trouble_with_the_line(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    tg.faults.next("sendMessage", Fault(drop="after"))
    with pytest.raises(NetworkError):
        await bot.send_message(11, "x")
    tg.faults.next("sendMessage", Fault(hang=0.3))
    with pytest.raises(TimedOut):
        await bot.send_message(11, "y", read_timeout=0.05)
    await tg.until(lambda: [one.text for one in tg.messages(ada.chat)] == ["/start", "x", "y"], 2)


async def test_everything_else_it_may_ask(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    commands = [BotCommand("help", "Show help")]
    await bot.set_my_commands(commands, scope=BotCommandScopeAllGroupChats(), language_code="en")
    kept = await bot.get_my_commands(scope=BotCommandScopeAllGroupChats(), language_code="en")
    assert list(kept) == commands
    await bot.send_chat_action(11, ChatAction.TYPING)
    message_id = ada.says("hi")
    await bot.set_message_reaction(11, message_id, "👀")
    group = tg.group(id=-1005, title="Team", members=[ada], forum=True)
    assert (await bot.get_chat(group.id)).is_forum is True
    assert (await bot.get_chat_member(group.id, ada.id)).status == "member"
    assert (await bot.get_webhook_info()).pending_update_count == 1
    assert await bot.leave_chat(group.id) is True


async def test_every_kind_of_update_is_parsed(tg: TelegramEmulator, bot: Bot, ada: Person) -> None:
    ada.blocks_bot()
    ada.unblocks_bot()
    message_id = ada.says("hi @parley_bot")
    ada.edits(message_id, "hello")
    kinds: tuple[AttachmentKind, ...] = ("photo", "voice", "audio", "video", "sticker", "document")
    for kind in kinds:
        ada.sends(b"x", kind=kind)
    updates = await bot.get_updates(timeout=1)
    assert [update.my_chat_member is not None for update in updates[:2]] == [True, True]
    assert updates[3].edited_message is not None
    media = [update.message for update in updates[4:]]
    assert all(message and getattr(message, kind) for message, kind in zip(media, kinds, strict=True))
