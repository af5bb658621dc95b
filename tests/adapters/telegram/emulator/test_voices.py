"""Whose words a message holds, as aiogram reads it strictly; topics that are named and renamed."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.types import Message, MessageOriginChannel, MessageOriginHiddenUser, MessageOriginUser

from adapters.telegram.emulator import Chat, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api
from tests.adapters.telegram.emulator.test_aiogram import client


@pytest.fixture
async def bot(tg: TelegramEmulator) -> AsyncIterator[Bot]:
    async with client(tg) as connected:
        yield connected


@pytest.fixture
def team(tg: TelegramEmulator, ada: Person, ben: Person) -> Chat:
    tg.world.reads_all_group_messages = True
    return tg.group(id=-1001000000001, title="Team", members=[ada, ben], forum=True)


async def last(bot: Bot) -> Message:
    update = (await bot.get_updates(timeout=1))[-1]
    message = update.message or update.channel_post or update.edited_channel_post
    assert message is not None
    return message


async def test_forwarded_messages_name_their_origin(
    tg: TelegramEmulator, bot: Bot, ada: Person, ben: Person, team: Chat
) -> None:
    said = ben.says("hello", chat=team)
    news = tg.channel(id=-1002, title="News", admins=[ada])
    post = ada.says("news", chat=news)
    ada.forwards(said, origin=team)
    assert isinstance((await last(bot)).forward_origin, MessageOriginUser)
    ada.forwards(said, origin=team, hidden=True)
    assert isinstance((await last(bot)).forward_origin, MessageOriginHiddenUser)
    ada.forwards(post, origin=news)
    assert isinstance((await last(bot)).forward_origin, MessageOriginChannel)


async def test_a_part_of_a_message_is_quoted(bot: Bot, ada: Person, ben: Person, team: Chat) -> None:
    said = ben.says("hello world", chat=team)
    ada.says("why?", chat=team, reply_to=said, quote="world")
    message = await last(bot)
    assert message.quote is not None
    assert (message.quote.text, message.quote.position) == ("world", 6)
    with pytest.raises(ValueError, match="does not say"):
        ada.says("why?", chat=team, reply_to=said, quote="moon")


async def test_an_anonymous_admin_is_the_group(bot: Bot, ada: Person, team: Chat) -> None:
    with pytest.raises(ValueError, match="no admin"):
        ada.says("hello", chat=team, anonymous=True)
    team.admins.add(ada.id)
    ada.says("hello", chat=team, anonymous=True)
    message = await last(bot)
    assert message.sender_chat is not None
    assert message.from_user is not None
    assert (message.sender_chat.id, message.from_user.id) == (team.id, 1087968824)


async def test_posts_of_a_channel_are_the_channels(tg: TelegramEmulator, bot: Bot, ada: Person, api: Api) -> None:
    news = tg.channel(id=-1002, title="News", admins=[ada])
    post = ada.says("news", chat=news)
    message = await last(bot)
    assert message.sender_chat is not None
    assert (message.sender_chat.id, message.from_user) == (-1002, None)
    ada.edits(post, "old news", chat=news)
    assert (await last(bot)).text == "old news"
    await bot.send_message(-1002, "echo")
    news.bot_status = "member"
    refusal = await api.refusal("sendMessage", chat_id=-1002, text="echo")
    assert refusal == "400 Bad Request: need administrator rights in the channel chat"


async def test_topics_are_opened_named_and_renamed(bot: Bot, ada: Person, team: Chat) -> None:
    topic = ada.opens_topic("One", chat=team)
    opened = await last(bot)
    assert opened.forum_topic_created is not None
    assert (opened.message_thread_id, opened.forum_topic_created.name) == (topic, "One")
    ada.renames_topic(topic, "Two", chat=team)
    renamed = await last(bot)
    assert renamed.forum_topic_edited is not None
    assert renamed.forum_topic_edited.name == "Two"
    ada.says("hello", chat=team, thread_id=topic)
    said = await last(bot)
    assert said.reply_to_message is not None
    assert said.reply_to_message.forum_topic_created is not None


async def test_only_private_topics_are_every_bots_to_rename(
    tg: TelegramEmulator, api: Api, ada: Person, team: Chat
) -> None:
    mine, ours = ada.opens_topic("New", implicit=True), ada.opens_topic("Ours", chat=team)
    await api.result("editForumTopic", chat_id=11, message_thread_id=mine, name="Eggs")
    assert ada.chat.topics[mine] == "Eggs"
    again = await api.refusal("editForumTopic", chat_id=11, message_thread_id=mine, name="Eggs")
    assert again == "400 Bad Request: TOPIC_NOT_MODIFIED"
    unknown = await api.refusal("editForumTopic", chat_id=11, message_thread_id=99, name="Eggs")
    assert unknown == "400 Bad Request: TOPIC_ID_INVALID"
    refusal = await api.refusal("editForumTopic", chat_id=team.id, message_thread_id=ours, name="Eggs")
    assert refusal == "400 Bad Request: not enough rights to manage topics"
    tg.promote_bot(team, ada)
    await api.result("editForumTopic", chat_id=team.id, message_thread_id=ours, name="Eggs")
    long = await api.refusal("editForumTopic", chat_id=team.id, message_thread_id=ours, name="x" * 129)
    assert long == "400 Bad Request: TOPIC_TITLE_INVALID"
