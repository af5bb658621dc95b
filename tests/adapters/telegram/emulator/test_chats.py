"""Who may write where, what a bot in a group gets to read, topics, and migration."""

import pytest

from adapters.telegram.emulator import Chat, Person, TelegramEmulator
from tests.adapters.telegram.emulator.client import Api


@pytest.fixture
def team(tg: TelegramEmulator, ada: Person, ben: Person) -> Chat:
    return tg.group(id=-1001000000001, title="Team", members=[ada, ben])


async def heard(api: Api) -> list[str]:
    return [update["message"]["text"] for update in await api.updates()]


async def test_a_bot_cannot_write_first(tg: TelegramEmulator, api: Api) -> None:
    tg.private_chat(tg.person(id=13, first_name="Cleo"))
    refusal = await api.refusal("sendMessage", chat_id=13, text="hi")
    assert refusal == "403 Forbidden: bot can't initiate conversation with a user"


async def test_a_blocked_bot_is_told_and_refused(api: Api, ada: Person) -> None:
    ada.blocks_bot()
    [update] = await api.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    refusal = await api.refusal("sendMessage", chat_id=11, text="hi")
    assert refusal == "403 Forbidden: bot was blocked by the user"


async def test_an_unblocked_bot_may_write_again(api: Api, ada: Person) -> None:
    ada.blocks_bot()
    ada.unblocks_bot()
    assert (await api.updates())[-1]["my_chat_member"]["new_chat_member"]["status"] == "member"
    await api.result("sendMessage", chat_id=11, text="hi")


async def test_a_kicked_bot_is_refused(tg: TelegramEmulator, api: Api, ada: Person, team: Chat) -> None:
    tg.kick_bot(team, ada)
    refusal = await api.refusal("sendMessage", chat_id=team.id, text="hi")
    assert refusal == "403 Forbidden: bot was kicked from the supergroup chat"
    tg.add_bot(team, ada)
    await api.result("sendMessage", chat_id=team.id, text="back")


async def test_a_bot_leaves_a_group(api: Api, team: Chat) -> None:
    await api.result("leaveChat", chat_id=team.id)
    refusal = await api.refusal("sendMessage", chat_id=team.id, text="hi")
    assert refusal == "403 Forbidden: bot is not a member of the supergroup chat"


async def test_privacy_mode_hides_small_talk(api: Api, ada: Person, team: Chat) -> None:
    for text in ("hello all", "/help", "/help@parley_bot", "/help@other_bot", "hey @parley_bot!"):
        ada.says(text, chat=team)
    assert await heard(api) == ["/help", "/help@parley_bot", "hey @parley_bot!"]


async def test_privacy_mode_lets_replies_to_the_bot_through(api: Api, ada: Person, team: Chat) -> None:
    message = await api.result("sendMessage", chat_id=team.id, text="question?")
    ada.says("answer", chat=team, reply_to=message["message_id"])
    ada.says("aside", chat=team)
    assert await heard(api) == ["answer"]


async def test_an_administrator_reads_everything(tg: TelegramEmulator, api: Api, ada: Person, team: Chat) -> None:
    tg.promote_bot(team, ada)
    await api.updates(offset=-1)
    ada.says("hello all", chat=team)
    assert (await api.updates())[-1]["message"]["text"] == "hello all"


async def test_a_group_without_privacy_mode_is_read_in_full(ada: Person) -> None:
    async with TelegramEmulator(token="100:TEST", reads_all_group_messages=True) as tg:
        ben = tg.person(id=12, first_name="Ben")
        ben.says("hello all", chat=tg.group(id=-5, title="Team", members=[ben]))
        assert len(tg.world.updates) == 1


async def test_a_topic_message_names_its_topic(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    forum = tg.group(id=-1002, title="Forum", members=[ada], forum=True)
    topic = tg.topic(forum, "Ideas")
    ada.says("/ask", chat=forum, thread_id=topic)
    [update] = await api.updates()
    assert update["message"]["message_thread_id"] == topic
    assert update["message"]["is_topic_message"] is True
    assert update["message"]["chat"]["is_forum"] is True


async def test_a_reply_stays_in_its_topic(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    forum = tg.group(id=-1002, title="Forum", members=[ada], forum=True)
    topic = tg.topic(forum, "Ideas")
    asked = ada.says("/ask", chat=forum, thread_id=topic)
    message = await api.result("sendMessage", chat_id=-1002, text="so", reply_parameters={"message_id": asked})
    assert message["message_thread_id"] == topic


async def test_a_migrated_group_names_its_new_id(tg: TelegramEmulator, api: Api, ada: Person) -> None:
    old = tg.group(id=-77, title="Small", members=[ada], basic=True)
    tg.migrate(old, -1001000000077, ada)
    status, body = await api.call("sendMessage", chat_id=-77, text="hi")
    assert status == 400
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": -1001000000077}
    first, second = await api.updates()
    assert first["message"]["migrate_to_chat_id"] == -1001000000077
    assert second["message"]["migrate_from_chat_id"] == -77


async def test_chats_and_members_can_be_looked_up(api: Api, ada: Person, team: Chat) -> None:
    assert (await api.result("getChat", chat_id=team.id))["title"] == "Team"
    member = await api.result("getChatMember", chat_id=team.id, user_id=ada.id)
    assert (member["status"], member["user"]["first_name"]) == ("member", "Ada")


async def test_strangers_cannot_write_in_a_group(tg: TelegramEmulator, team: Chat) -> None:
    with pytest.raises(ValueError, match="not in this chat"):
        tg.person(id=14, first_name="Dana").says("hi", chat=team)
