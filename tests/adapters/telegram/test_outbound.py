import json
from typing import Any

import pytest

from adapters.telegram.emulator import Chat, Fault, Limits, Message, Person, Rate, TelegramEmulator
from adapters.telegram.growing import preview
from adapters.telegram.outbound import parts_of
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.splitting import LIMIT, utf16_len
from bot.commands.declaration import CommandBook
from bot.domain.people import Identity, Sender
from bot.domain.updates import Button, Place, Update
from bot.errors import PlatformBusy, RecipientGone
from bot.ports import Reply
from tests.adapters.telegram.conftest import ManualClock, connect

AGAIN = Button(label="🔁 Retry", command="retry 7")
NEXT = 3.0  # seconds after which the next preview may be shown anywhere
OPENING = "It depends on what you would like to know"  # enough to begin a message in a group


def data(message: Message) -> list[str]:
    """What the buttons of a message send."""
    return [button["callback_data"] for button in message.buttons]


def update(chat: int, message: int, thread: str = "") -> Update:
    return Update(
        sender=Sender(identity=Identity(platform="telegram", user="11"), name="Ada"),
        place=Place(platform="telegram", chat=str(chat), thread=thread, private=chat > 0),
        text="?",
        message=str(message),
    )


@pytest.fixture
def team(tg: TelegramEmulator, ada: Person) -> Chat:
    return tg.group(id=-1001, title="Team", members=[ada])


@pytest.fixture
def question(ada: Person, team: Chat) -> int:
    return ada.says("?", chat=team)


def calls(tg: TelegramEmulator, method: str) -> list[dict[str, Any]]:
    return [dict(call.params) for call in tg.calls if call.method.lower() == method.lower()]


def bots(tg: TelegramEmulator, chat: Chat) -> list[str]:
    return [message.text for message in tg.messages(chat) if message.sender.is_bot]


async def finish(platform: TelegramPlatform, reply: Reply, text: str) -> list[str]:
    await reply.close()
    return [await platform.deliver(part) for part in reply.parts(text)]


class TestPrivateChats:
    @pytest.fixture
    async def reply(self, platform: TelegramPlatform, ada: Person) -> Reply:
        return platform.reply(update(ada.id, 1))

    async def test_thinking_is_an_empty_draft(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        await reply.show("")
        assert tg.drafts(ada.chat) == ""

    async def test_the_first_words_do_not_wait(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        await reply.show("")
        await reply.show("Hel")
        assert tg.drafts(ada.chat) == "Hel"

    async def test_a_growing_answer_is_one_draft(self, tg: TelegramEmulator, clock: ManualClock, reply: Reply) -> None:
        for text in ("Hel", "Hello", "Hello **there**"):
            await reply.show(text)
            clock.seconds += 1
        sent = calls(tg, "sendMessageDraft")
        assert [call["text"] for call in sent] == ["Hel", "Hello", "Hello there"]
        assert {call["draft_id"] for call in sent} == {1}
        assert [call.get("entities") for call in sent] == [None, None, [{"type": "bold", "offset": 6, "length": 5}]]

    async def test_previews_keep_their_interval(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        await reply.show("Hel")
        await reply.show("Hello")
        assert tg.drafts(ada.chat) == "Hel"

    async def test_a_draft_leaves_nothing_behind(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        await reply.show("Hel")
        assert reply.ref is None
        assert bots(tg, ada.chat) == []

    async def test_the_final_message_replaces_the_draft(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await reply.show("Hel")
        await finish(platform, reply, "Hello **there**")
        assert tg.drafts(ada.chat) is None
        message = tg.messages(ada.chat)[-1]
        assert message.text == "Hello there"
        assert message.entities == ({"type": "bold", "offset": 6, "length": 5},)
        assert message.reply_to is None

    async def test_a_repeated_preview_is_not_sent_again(
        self, tg: TelegramEmulator, clock: ManualClock, reply: Reply
    ) -> None:
        for _ in range(3):
            await reply.show("Hel")
            clock.seconds += 4
        assert len(calls(tg, "sendMessageDraft")) == 1

    async def test_a_repeated_preview_keeps_the_draft_alive(
        self, tg: TelegramEmulator, clock: ManualClock, reply: Reply
    ) -> None:
        for _ in range(16):
            await reply.show("")
            clock.seconds += 4
        assert len(calls(tg, "sendMessageDraft")) == 4  # a minute

    async def test_a_server_without_empty_drafts_shows_typing(
        self, tg: TelegramEmulator, ada: Person, clock: ManualClock, reply: Reply
    ) -> None:
        tg.world.bot_api = (9, 5)
        for _ in range(2):
            await reply.show("")
            clock.seconds += 4
        assert len(calls(tg, "sendChatAction")) == 2
        await reply.show("Hello")
        assert tg.drafts(ada.chat) == "Hello"

    async def test_a_server_without_drafts_shows_typing(
        self, tg: TelegramEmulator, ada: Person, clock: ManualClock, reply: Reply
    ) -> None:
        tg.world.bot_api = (9, 2)
        for text in ("Hel", "Hello"):
            await reply.show(text)
            clock.seconds += 4
        assert len(calls(tg, "sendMessageDraft")) == 1
        assert len(calls(tg, "sendChatAction")) == 2

    async def test_on_a_server_without_drafts_an_answer_grows_as_in_a_group(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, clock: ManualClock, reply: Reply
    ) -> None:
        tg.world.bot_api = (9, 2)
        for text in ("Hel", OPENING, f"{OPENING}, **Ada"):
            await reply.show(text)
            clock.seconds += NEXT
        (shown,) = [message for message in tg.messages(ada.chat) if message.sender.is_bot]
        assert (shown.text, data(shown), shown.reply_to) == (f"{OPENING}, Ada", ["stop"], None)
        await finish(platform, reply, "Hello")
        (shown,) = [message for message in tg.messages(ada.chat) if message.sender.is_bot]
        assert (shown.text, data(shown)) == ("Hello", [])

    async def test_what_a_server_does_not_know_is_not_asked_for_again_until_it_may_have_learnt_it(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, clock: ManualClock
    ) -> None:
        tg.world.bot_api = (9, 2)
        await platform.reply(update(ada.id, 1)).show("Hel")
        await platform.reply(update(ada.id, 2)).show("Hel")
        assert len(calls(tg, "sendMessageDraft")) == 1
        tg.world.bot_api = (10, 3)
        clock.seconds += 3601
        await platform.reply(update(ada.id, 3)).show("Hel")
        assert tg.drafts(ada.chat) == "Hel"

    async def test_drafts_have_a_stop_button(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        await reply.show("Hel")
        ada.stops(1)
        assert tg.drafts(ada.chat) is None

    async def test_a_server_that_refuses_the_stop_button_gets_drafts_without_it(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, clock: ManualClock
    ) -> None:
        tg.faults.next("sendMessageDraft", Fault(status=400, description="Bad Request: unknown parameter can_stop"))
        for number in (1, 2):
            await platform.reply(update(ada.id, number)).show("Hel")
            assert tg.drafts(ada.chat) == "Hel"
            clock.seconds += NEXT
        assert [call.get("can_stop") for call in calls(tg, "sendMessageDraft")] == [True, None, None]

    async def test_a_draft_whose_look_is_refused_is_shown_plain_and_keeps_its_button(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, reply: Reply
    ) -> None:
        tg.faults.next("sendMessageDraft", Fault(status=400, description="Bad Request: ENTITY_BOUNDS_INVALID"))
        await reply.show("**Hello**")
        sent = calls(tg, "sendMessageDraft")
        assert tg.drafts(ada.chat) == "Hello"
        assert [(call.get("can_stop"), "entities" in call) for call in sent] == [(True, True), (True, False)]

    async def test_a_topic_of_a_private_chat_has_its_own_draft(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        thread = tg.topic(ada.chat, "Work")
        reply = platform.reply(update(ada.id, 1, str(thread)))
        await reply.show("Hel")
        assert tg.drafts(ada.chat, thread) == "Hel"
        await finish(platform, reply, "Hello")
        assert tg.messages(ada.chat)[-1].thread_id == thread

    async def test_a_failing_preview_is_no_error(self, tg: TelegramEmulator, ada: Person, reply: Reply) -> None:
        tg.faults.next("sendMessageDraft", Fault(status=500))
        await reply.show("Hel")
        assert tg.drafts(ada.chat) is None

    async def test_a_preview_for_somebody_who_left_says_so_once(
        self, ada: Person, tg: TelegramEmulator, reply: Reply
    ) -> None:
        ada.blocks_bot()
        with pytest.raises(RecipientGone):
            await reply.show("")
        await reply.show("Hel")
        assert len(calls(tg, "sendMessageDraft")) == 1

    async def test_nothing_is_shown_after_the_end(self, tg: TelegramEmulator, reply: Reply) -> None:
        await reply.close()
        await reply.show("Hel")
        assert calls(tg, "sendMessageDraft") == []


class TestGroups:
    @pytest.fixture
    async def reply(self, platform: TelegramPlatform, team: Chat, question: int) -> Reply:
        return platform.reply(update(team.id, question))

    async def test_previews_notify_nobody(self, tg: TelegramEmulator, team: Chat, reply: Reply) -> None:
        await reply.show(f"{OPENING}, @ada_lovelace")
        assert tg.messages(team)[-1].entities == ()

    async def test_thinking_is_typing(self, tg: TelegramEmulator, team: Chat, reply: Reply) -> None:
        await reply.show("")
        assert calls(tg, "sendChatAction") == [{"chat_id": team.id, "action": "typing"}]
        assert reply.ref is None

    async def test_typing_is_repeated_before_it_fades(
        self, tg: TelegramEmulator, clock: ManualClock, reply: Reply
    ) -> None:
        for _ in range(3):
            await reply.show("")
            clock.seconds += 4
        assert len(calls(tg, "sendChatAction")) == 3

    async def test_the_first_words_are_a_message_that_replies(
        self, tg: TelegramEmulator, team: Chat, question: int, reply: Reply
    ) -> None:
        await reply.show("")
        await reply.show(OPENING)
        message = tg.messages(team)[-1]
        assert (message.text, message.reply_to) == (OPENING, question)
        assert reply.ref == {"message": message.id}

    async def test_hardly_a_word_is_no_message_yet(
        self, tg: TelegramEmulator, team: Chat, clock: ManualClock, reply: Reply
    ) -> None:
        for text in ("", "1.", "1. It", "**3.5", "Hello.", OPENING[:39]):
            await reply.show(text)
            clock.seconds += reply.interval
        assert bots(tg, team) == []

    @pytest.mark.parametrize("begun", ["Hello there. It", "Hello\n\nIt", "你好。", OPENING])
    async def test_a_sentence_a_line_or_many_words_are_a_message(
        self, tg: TelegramEmulator, team: Chat, reply: Reply, begun: str
    ) -> None:
        await reply.show(begun)
        assert bots(tg, team) == [begun]

    async def test_the_first_look_at_something_readable_comes_soon(
        self, tg: TelegramEmulator, team: Chat, clock: ManualClock, reply: Reply
    ) -> None:
        await reply.show("Hel")
        assert reply.interval < 1
        clock.seconds += reply.interval
        await reply.show(OPENING)
        assert bots(tg, team) == [OPENING]
        assert reply.interval == NEXT

    async def test_a_short_answer_arrives_though_it_was_never_shown(
        self, tg: TelegramEmulator, team: Chat, question: int, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await reply.show("Yes")
        await finish(platform, reply, "Yes")
        message = tg.messages(team)[-1]
        assert (message.text, message.reply_to) == ("Yes", question)

    async def test_it_has_a_button_that_stops_it_until_it_is_done(
        self, tg: TelegramEmulator, team: Chat, clock: ManualClock, platform: TelegramPlatform, reply: Reply
    ) -> None:
        for text in (OPENING, f"{OPENING}, Ada"):
            await reply.show(text)
            clock.seconds += NEXT
            assert data(tg.messages(team)[-1]) == ["stop"]
        await finish(platform, reply, "Hello")
        assert data(tg.messages(team)[-1]) == []

    async def test_growing_edits_it_at_most_every_three_seconds(
        self, tg: TelegramEmulator, team: Chat, clock: ManualClock, reply: Reply
    ) -> None:
        for number in range(7):
            await reply.show(OPENING + " word" * number)
            clock.seconds += 1
        assert len(calls(tg, "editMessageText")) == 2
        assert bots(tg, team) == [OPENING + " word" * 6]

    async def test_the_final_text_is_its_last_edit(
        self, tg: TelegramEmulator, team: Chat, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await reply.show(OPENING)
        await finish(platform, reply, "Hello **there**")
        assert bots(tg, team) == ["Hello there"]
        assert tg.messages(team)[-1].entities == ({"type": "bold", "offset": 6, "length": 5},)

    async def test_a_long_answer_goes_on_in_new_messages(
        self, tg: TelegramEmulator, team: Chat, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await reply.show(OPENING)
        await finish(platform, reply, "word " * 1500)
        assert [len(text) for text in bots(tg, team)] == [4094, 3404]

    async def test_an_answer_without_a_preview_replies(
        self, tg: TelegramEmulator, team: Chat, question: int, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await finish(platform, reply, "word " * 1500)
        replies = [message.reply_to for message in tg.messages(team) if message.sender.is_bot]
        assert replies == [question, None]

    async def test_another_process_finishes_what_stands_there(
        self, tg: TelegramEmulator, team: Chat, question: int, platform: TelegramPlatform, reply: Reply
    ) -> None:
        await reply.show(OPENING)
        resumed = platform.reply(update(team.id, question), reply.ref)
        await finish(platform, resumed, "Hello")
        assert bots(tg, team) == ["Hello"]

    async def test_an_uncertain_placeholder_is_not_sent_twice(
        self, tg: TelegramEmulator, team: Chat, clock: ManualClock, reply: Reply
    ) -> None:
        tg.faults.next("sendMessage", Fault(drop="after"))
        for text in (OPENING, f"{OPENING} It is"):
            await reply.show(text)
            clock.seconds += NEXT
        assert bots(tg, team) == [OPENING]

    async def test_a_question_that_was_deleted_is_answered_all_the_same(
        self, tg: TelegramEmulator, ada: Person, team: Chat, platform: TelegramPlatform
    ) -> None:
        question = ada.says("?", chat=team)
        reply = platform.reply(update(team.id, question))
        ada.deletes(question, chat=team)
        await finish(platform, reply, "Hello")
        assert bots(tg, team) == ["Hello"]

    async def test_answers_stay_in_their_topic(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        forum = tg.group(id=-1002, title="Forum", members=[ada], forum=True)
        ada.says("first", chat=forum)  # a topic with the number 1 would be "General"
        thread = tg.topic(forum, "Work")
        asked = ada.says("?", chat=forum, thread_id=thread)
        reply = platform.reply(update(forum.id, asked, str(thread)))
        await reply.show("")
        await reply.show(OPENING)
        await finish(platform, reply, "word " * 1500)
        assert [message.thread_id for message in tg.messages(forum) if message.sender.is_bot] == [thread, thread]


class TestButtons:
    async def test_they_stand_under_the_last_part(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        for part in platform.parts(update(ada.id, 1).place, "word " * 1500, buttons=[AGAIN]):
            await platform.deliver(json.loads(json.dumps(part)))
        assert [data(message) for message in tg.messages(ada.chat)[-2:]] == [[], ["retry 7"]]
        assert tg.messages(ada.chat)[-1].buttons[0]["text"] == "🔁 Retry"

    async def test_an_answer_that_is_edited_gets_them_too(
        self, tg: TelegramEmulator, platform: TelegramPlatform, team: Chat, question: int
    ) -> None:
        reply = platform.reply(update(team.id, question))
        await reply.show(OPENING)
        for part in reply.parts(OPENING, [AGAIN]):
            await platform.deliver(part)
        (answer,) = (message for message in tg.messages(team) if message.sender.is_bot)
        assert (answer.text, data(answer)) == (OPENING, ["retry 7"])

    async def test_a_refused_button_costs_the_button_only(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.faults.next("sendMessage", Fault(status=400, description="Bad Request: BUTTON_DATA_INVALID"))
        (part,) = platform.parts(update(ada.id, 1).place, "**hello**", buttons=[AGAIN])
        await platform.deliver(part)
        message = tg.messages(ada.chat)[-1]
        assert (message.text, message.buttons) == ("hello", [])
        assert message.entities

    async def test_a_message_that_turns_out_too_long_keeps_them_at_its_end(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.faults.next("sendMessage", Fault(status=400, description="Bad Request: message is too long"))
        (part,) = platform.parts(update(ada.id, 1).place, "word " * 700, buttons=[AGAIN])
        await platform.deliver(part)
        assert [data(message) for message in tg.messages(ada.chat)[-2:]] == [[], ["retry 7"]]


class TestFloods:
    async def test_a_429_silences_previews_and_delays_the_final(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, clock: ManualClock
    ) -> None:
        reply = platform.reply(update(ada.id, 1))
        tg.faults.next("sendMessageDraft", Fault(retry_after=20))
        for text in ("a", "ab", "abc", "abcd"):
            await reply.show(text)
            clock.seconds += 4
        assert len(calls(tg, "sendMessageDraft")) == 1
        (part,) = reply.parts("abcd")
        with pytest.raises(PlatformBusy) as busy:
            await platform.deliver(part)
        assert busy.value.retry_after == 4.0
        clock.seconds += busy.value.retry_after
        await platform.deliver(part)
        assert bots(tg, ada.chat) == ["abcd"]

    async def test_a_429_for_the_final_is_passed_on_with_its_time(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform
    ) -> None:
        tg.faults.next("sendMessage", Fault(retry_after=7))
        (part,) = platform.parts(update(ada.id, 1).place, "hello")
        with pytest.raises(PlatformBusy) as busy:
            await platform.deliver(part)
        assert busy.value.retry_after == 7.0

    async def test_a_429_for_a_final_silences_the_previews_of_its_chat(
        self, tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, clock: ManualClock
    ) -> None:
        tg.faults.next("sendMessage", Fault(retry_after=7))
        (part,) = platform.parts(update(ada.id, 1).place, "hello")
        with pytest.raises(PlatformBusy):
            await platform.deliver(part)
        clock.seconds += 6
        await platform.reply(update(ada.id, 2)).show("Hel")
        assert calls(tg, "sendMessageDraft") == []

    async def test_429s_in_many_chats_thin_out_previews_for_all(
        self, tg: TelegramEmulator, ada: Person, ben: Person, platform: TelegramPlatform
    ) -> None:
        people = [tg.person(id=number, first_name="Ada") for number in (21, 22, 23)]
        for person in people:
            person.says("hi")
            tg.faults.next("sendMessageDraft", Fault(retry_after=1))
            await platform.reply(update(person.id, 1)).show("x")
        reply = platform.reply(update(ada.id, 1))
        assert reply.interval == 2.0

    async def test_under_real_limits_every_final_arrives(self, book: CommandBook) -> None:
        limits = Limits(drafts=Rate(per_second=0.5, burst=2), private=Rate(per_second=2.0, burst=1), pause=1.0)
        clock = ManualClock()
        async with TelegramEmulator(limits=limits, clock=clock.monotonic) as tg:
            ada = tg.person(id=11, first_name="Ada")
            ada.says("hi")
            platform = connect(tg, book, clock)
            for number in range(3):
                reply = platform.reply(update(ada.id, number + 1))
                for length in range(1, 12):
                    await reply.show("x" * length)
                    clock.seconds += reply.interval
                await deliver_patiently(platform, clock, reply, f"final {number}")
            await platform.close()
            assert bots(tg, ada.chat) == ["final 0", "final 1", "final 2"]
            refused = [call for call in tg.calls if call.status == 429]
            assert 0 < len(refused) < 8


async def deliver_patiently(platform: TelegramPlatform, clock: ManualClock, reply: Reply, text: str) -> None:
    for part in reply.parts(text):
        for _ in range(5):
            try:
                await platform.deliver(part)
            except PlatformBusy as busy:
                clock.seconds += busy.retry_after
            else:
                break


def test_a_preview_is_the_end_of_a_long_text() -> None:
    text = "".join(f"line {number} 🙂\n" for number in range(2000))
    shown, _ = preview(text)
    assert utf16_len(shown) <= LIMIT
    assert shown.startswith("…\nline ")
    assert shown.endswith("line 1999 🙂")


def test_a_part_survives_json_and_names_its_place() -> None:
    place = Place(platform="telegram", chat="-1001", thread="42", private=False)
    assert parts_of(place, "**x**", reply_to="7") == [
        {
            "chat": -1001,
            "thread": 42,
            "text": "x",
            "entities": [{"type": "bold", "offset": 0, "length": 1}],
            "reply_to": 7,
        }
    ]
