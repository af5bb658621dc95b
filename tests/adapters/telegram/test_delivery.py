from typing import Any

import pytest

from adapters.telegram.emulator import Chat, Fault, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.errors import MessageRejected, PlatformDown, RecipientGone

BOLD = [{"type": "bold", "offset": 0, "length": 5}]


@pytest.fixture
def team(tg: TelegramEmulator, ada: Person) -> Chat:
    return tg.group(id=-1001, title="Team", members=[ada])


def bots(tg: TelegramEmulator, chat: Chat) -> list[Any]:
    return [message for message in tg.messages(chat) if message.sender.is_bot]


def refuse(tg: TelegramEmulator, method: str, description: str) -> None:
    tg.faults.next(method, Fault(status=400, description=f"Bad Request: {description}"))


async def test_a_part_is_sent_with_its_entities_and_no_link_preview(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    number = await platform.deliver({"chat": 11, "text": "hello", "entities": BOLD})
    (message,) = bots(tg, ada.chat)
    assert (str(message.id), message.entities) == (number, (BOLD[0],))
    assert tg.calls[-1].params["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize(
    "complaint", ["can't parse entities: unexpected end", "Entity 0 is invalid", "ENTITY_BOUNDS_INVALID", "of tomorrow"]
)
async def test_refused_formatting_is_sent_plain(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, complaint: str
) -> None:
    refuse(tg, "sendMessage", complaint)
    await platform.deliver({"chat": 11, "text": "hello", "entities": BOLD})
    (message,) = bots(tg, ada.chat)
    assert (message.text, message.entities) == ("hello", ())


async def test_a_link_telegram_refuses_does_not_cost_the_message(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    link = {"type": "text_link", "offset": 0, "length": 5, "url": "javascript:1"}
    await platform.deliver({"chat": 11, "text": "hello", "entities": [link]})
    assert [message.text for message in bots(tg, ada.chat)] == ["hello"]


async def test_an_edit_to_the_same_text_is_a_success(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    number = await platform.deliver({"chat": 11, "text": "hello"})
    assert await platform.deliver({"chat": 11, "text": "hello", "edit": int(number)}) == number
    assert len(bots(tg, ada.chat)) == 1


async def test_an_edit_of_a_vanished_message_is_sent_anew(
    tg: TelegramEmulator, team: Chat, platform: TelegramPlatform
) -> None:
    await platform.deliver({"chat": team.id, "text": "hello", "edit": 999})
    assert [message.text for message in bots(tg, team)] == ["hello"]


async def test_an_edit_of_somebody_elses_message_is_sent_anew(
    tg: TelegramEmulator, ada: Person, team: Chat, platform: TelegramPlatform
) -> None:
    hers = ada.says("mine", chat=team)
    await platform.deliver({"chat": team.id, "text": "hello", "edit": hers})
    assert [message.text for message in bots(tg, team)] == ["hello"]


async def test_a_vanished_topic_does_not_cost_the_message(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    forum = tg.group(id=-1002, title="Forum", members=[ada], forum=True)
    await platform.deliver({"chat": forum.id, "text": "hello", "thread": 999})
    assert [message.thread_id for message in bots(tg, forum)] == [None]


async def test_a_refused_reply_is_sent_without_its_question(
    tg: TelegramEmulator, team: Chat, platform: TelegramPlatform
) -> None:
    refuse(tg, "sendMessage", "message to be replied not found")
    await platform.deliver({"chat": team.id, "text": "hello", "reply_to": 1})
    assert [message.reply_to for message in bots(tg, team)] == [None]


async def test_a_group_that_moved_is_followed(tg: TelegramEmulator, ada: Person, platform: TelegramPlatform) -> None:
    old = tg.group(id=-5, title="Team", members=[ada], basic=True)
    new = tg.migrate(old, -1005, ada)
    await platform.deliver({"chat": old.id, "text": "hello", "edit": 3})
    assert [message.text for message in bots(tg, new)] == ["hello"]


@pytest.mark.parametrize("complaint", ["message is too long", "MESSAGE_TOO_LONG", "Text is too long"])
async def test_a_part_telegram_finds_too_long_is_cut_smaller(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, complaint: str
) -> None:
    refuse(tg, "sendMessage", complaint)
    text = "word " * 700
    await platform.deliver({"chat": 11, "text": text, "entities": BOLD})
    sent = [message.text for message in bots(tg, ada.chat)]
    assert len(sent) == 2
    assert " ".join(sent).split() == text.split()


async def test_a_short_part_that_is_too_long_is_given_up(tg: TelegramEmulator, platform: TelegramPlatform) -> None:
    refuse(tg, "sendMessage", "message is too long")
    with pytest.raises(MessageRejected):
        await platform.deliver({"chat": 11, "text": "hello"})


async def test_somebody_who_blocked_the_bot_is_gone(ada: Person, platform: TelegramPlatform) -> None:
    ada.blocks_bot()
    with pytest.raises(RecipientGone):
        await platform.deliver({"chat": 11, "text": "hello"})


async def test_an_unknown_chat_is_gone_after_one_call(tg: TelegramEmulator, platform: TelegramPlatform) -> None:
    with pytest.raises(RecipientGone):
        await platform.deliver({"chat": 404, "text": "hello", "entities": BOLD})
    assert len(tg.calls) == 1


async def test_what_is_refused_formatted_and_plain_is_rejected(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    tg.faults.next("sendMessage", Fault(status=400, description="Bad Request: no"), times=9)
    with pytest.raises(MessageRejected):
        await platform.deliver({"chat": 11, "text": "hello", "entities": BOLD, "reply_to": 1})
    assert len(tg.calls) == 2


async def test_a_cut_connection_leaves_the_outcome_unknown(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    tg.faults.next("sendMessage", Fault(drop="after"))
    with pytest.raises(PlatformDown) as down:
        await platform.deliver({"chat": 11, "text": "hello"})
    assert down.value.outcome_unknown
    assert len(bots(tg, ada.chat)) == 1


async def test_a_gateway_without_a_server_had_no_effect(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
) -> None:
    tg.faults.next("sendMessage", Fault(malformed=True))
    with pytest.raises(PlatformDown) as down:
        await platform.deliver({"chat": 11, "text": "hello"})
    assert not down.value.outcome_unknown
