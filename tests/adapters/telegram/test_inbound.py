import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.inbound import QUARANTINE, arrival, happening, parse
from adapters.telegram.reading import BotUser, Hearing
from bot.commands.declaration import Command, CommandBook
from bot.domain.happenings import Contact, Moved, Named
from bot.domain.people import Identity
from bot.domain.updates import Arrival, Invocation, Place, Update
from bot.texts import text
from tests.adapters.telegram.conftest import say_nothing

BOT = BotUser(id=100, username="Parley_Bot")
BOOK = Hearing(commands=CommandBook([
    Command(name="help", summary=text("Help"), handler=say_nothing),
    Command(name="new", summary=text("New"), handler=say_nothing, overtakes=False),
]))  # fmt: skip
ADA = {"id": 11, "is_bot": False, "first_name": "Ada", "last_name": "L", "username": "ada", "language_code": "pt-br"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Ada"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Team"}


def raw(chat: dict[str, Any], said: str | None = None, **more: Any) -> dict[str, Any]:
    message = {"message_id": 7, "from": ADA, "chat": chat, "date": 1, **more}
    if said is not None:
        message["text"] = said
    return {"update_id": 900, "message": message}


def entity(kind: str, said: str, part: str, **more: Any) -> dict[str, Any]:
    units = len(said[: said.index(part)].encode("utf-16-le")) // 2
    return {"type": kind, "offset": units, "length": len(part.encode("utf-16-le")) // 2, **more}


def clicked(chat: dict[str, Any], data: str = "new", **more: Any) -> dict[str, Any]:
    """Ada clicks under a message of the bot's."""
    below = {"message_id": 8, "from": {"id": 100, "is_bot": True}, "chat": chat, "date": 1, "text": "Sorry.", **more}
    return {"update_id": 900, "callback_query": {"id": "5", "from": ADA, "message": below, "data": data}}


def received(update: Any) -> Arrival:
    found = arrival(update, BOT, BOOK)
    assert found is not None
    return found


def read(update: Any) -> Update | None:
    found = arrival(update, BOT, BOOK)
    return None if found is None or found.poison else parse(json.loads(json.dumps(found.payload)), BOOK)


def understood(update: Any) -> Update:
    found = read(update)
    assert found is not None
    return found


def command(said: str, chat: dict[str, Any] = PRIVATE, part: str = "", **more: Any) -> dict[str, Any]:
    first = part or said.split(maxsplit=1)[0]
    return raw(chat, said, entities=[entity("bot_command", said, first), *more.pop("entities", [])], **more)


def test_everything_said_in_private_is_for_the_bot() -> None:
    update = understood(raw(PRIVATE, "hello"))
    assert (update.text, update.message, update.answer_by) == ("hello", "7", "")
    assert update.place.key == "telegram:11"
    assert update.place.private


def test_the_sender_is_known_by_number_name_and_language() -> None:
    sender = understood(raw(PRIVATE, "hello")).sender
    assert str(sender.identity) == "telegram:11"
    assert (sender.name, sender.username, sender.language) == ("Ada L", "ada", "pt-br")


def test_an_arrival_is_known_by_bot_and_update_number() -> None:
    found = received(raw(PRIVATE, "hello"))
    assert (found.source, found.event, found.lane, found.order) == ("telegram:100", "900", "telegram:11", 7)
    assert not found.poison


def test_chatter_in_a_group_is_not_for_the_bot() -> None:
    assert arrival(raw(GROUP, "hello everybody"), BOT, BOOK) is None


def test_a_mention_addresses_the_bot_and_is_cut() -> None:
    said = "@parley_bot, what is 🧮 up?"
    update = understood(raw(GROUP, said, entities=[entity("mention", said, "@parley_bot")]))
    assert update.text == "what is 🧮 up?"
    assert update.answer_by == "7"


def test_a_mention_is_sliced_in_utf16() -> None:
    said = "👩‍🔬🇩🇪 ask @Parley_Bot please"
    update = understood(raw(GROUP, said, entities=[entity("mention", said, "@Parley_Bot")]))
    assert update.text == "👩‍🔬🇩🇪 ask  please"


def test_somebody_elses_mention_does_not_address_the_bot() -> None:
    said = "@parley_bottle hello"
    assert read(raw(GROUP, said, entities=[entity("mention", said, "@parley_bottle")])) is None


def test_a_text_mention_of_the_bot_addresses_it() -> None:
    said = "Parley hello"
    entities = [entity("text_mention", said, "Parley", user={"id": 100, "is_bot": True, "first_name": "Parley"})]
    assert understood(raw(GROUP, said, entities=entities)).text == "hello"


def test_the_word_in_plain_text_is_no_mention() -> None:
    assert read(raw(GROUP, "@parley_bot hello")) is None


def test_a_reply_to_the_bot_addresses_it() -> None:
    answered = {"message_id": 3, "from": {"id": 100, "is_bot": True, "first_name": "Parley"}}
    update = understood(raw(GROUP, "and then?", reply_to_message=answered))
    assert update.text == "and then?"
    assert update.replied_to is None


def test_a_reply_to_somebody_else_does_not_address_the_bot() -> None:
    answered = {"message_id": 3, "from": {"id": 12, "is_bot": False, "first_name": "Ben"}}
    assert read(raw(GROUP, "and then?", reply_to_message=answered)) is None


def test_the_author_of_the_answered_message_is_known() -> None:
    answered = {"message_id": 3, "from": {"id": 12, "is_bot": False, "first_name": "Ben"}}
    update = understood(command("/quota set", reply_to_message=answered))
    assert update.replied_to == Identity(platform="telegram", user="12")


def test_a_topic_the_bot_opened_does_not_make_everything_in_it_a_reply() -> None:
    opening = {"message_id": 3, "from": {"id": 100, "is_bot": True, "first_name": "P"}, "forum_topic_created": {}}
    assert read(raw(GROUP, "hello", reply_to_message=opening, is_topic_message=True, message_thread_id=3)) is None


def test_a_command_has_a_name_and_arguments() -> None:
    update = understood(command("/Help me  now"))
    assert update.invocation == Invocation(name="help", arguments="me  now")


def test_a_command_that_overtakes_has_its_own_lane() -> None:
    assert received(command("/help")).lane == "telegram:11!"
    assert received(command("/new")).lane == "telegram:11"


def test_an_unknown_command_in_private_is_still_a_command() -> None:
    update = understood(command("/nonsense x"))
    assert update.invocation == Invocation(name="nonsense", arguments="x")


def test_a_bare_command_in_a_group_counts_if_the_bot_has_it() -> None:
    assert understood(command("/help", GROUP)).invocation == Invocation(name="help")
    assert read(command("/weather", GROUP)) is None


def test_a_command_for_this_bot_counts_whatever_its_name() -> None:
    update = understood(command("/weather@parley_BOT x", GROUP))
    assert update.invocation == Invocation(name="weather", arguments="x")


def test_a_command_for_another_bot_is_not_ours() -> None:
    assert read(command("/help@OtherBot", GROUP)) is None


def test_a_command_after_a_mention_is_a_command() -> None:
    said = "@Parley_Bot /help me"
    mention = entity("mention", said, "@Parley_Bot")
    update = understood(command(said, GROUP, part="/help", entities=[mention]))
    assert update.invocation == Invocation(name="help", arguments="me")


def test_a_command_inside_a_sentence_is_text() -> None:
    assert understood(command("please /help", part="/help")).invocation is None


def test_people_without_a_username_are_named_by_number_in_arguments() -> None:
    said = "/quota set Ben 🙂 messages 5"
    ben = entity("text_mention", said, "Ben", user={"id": 12, "is_bot": False, "first_name": "Ben"})
    update = understood(command(said, entities=[ben]))
    assert update.invocation == Invocation(name="quota", arguments="set telegram:12 🙂 messages 5")
    assert [str(person.identity) for person in update.mentioned] == ["telegram:12"]


def test_usernames_stay_in_arguments() -> None:
    said = "/quota set @ben 5"
    update = understood(command(said, entities=[entity("mention", said, "@ben")]))
    assert update.invocation == Invocation(name="quota", arguments="set @ben 5")
    assert update.mentioned == ()


def test_topics_of_a_forum_are_places_of_their_own() -> None:
    update = understood(command("/help", GROUP, is_topic_message=True, message_thread_id=42))
    assert update.place.key == "telegram:-1001#42"


def test_a_chain_of_replies_outside_a_forum_is_no_place() -> None:
    update = understood(command("/help", GROUP, message_thread_id=42))
    assert update.place.key == "telegram:-1001"


def test_a_caption_is_text() -> None:
    caption = "@Parley_Bot look"
    mention = entity("mention", caption, "@Parley_Bot")
    update = understood(raw(GROUP, photo=[{}], caption=caption, caption_entities=[mention]))
    assert update.text == "look"


@pytest.mark.parametrize("kind", ["sticker", "photo", "voice", "document"])
def test_what_has_no_words_arrives_empty_in_private(kind: str) -> None:
    assert understood(raw(PRIVATE, None, **{kind: {}})).text == ""


def test_what_has_no_words_is_chatter_in_a_group() -> None:
    answered = {"message_id": 3, "from": {"id": 100, "is_bot": True, "first_name": "Parley"}}
    assert read(raw(GROUP, sticker={}, reply_to_message=answered)) is None


def test_a_file_that_answers_the_bot_says_something_in_a_group() -> None:
    answered = {"message_id": 3, "from": {"id": 100, "is_bot": True, "first_name": "Parley"}}
    assert understood(raw(GROUP, voice={"file_id": "f"}, reply_to_message=answered)).attachments[0].kind == "voice"
    assert read(raw(GROUP, voice={"file_id": "f"})) is None


def test_the_pictures_of_an_album_know_that_they_belong_together() -> None:
    assert understood(raw(PRIVATE, photo=[{}], media_group_id="1")).album == "1"
    assert understood(raw(PRIVATE, photo=[{}], media_group_id="1", caption="look")).album == "1"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"photo": [{"file_id": "small"}, {"file_id": "large", "file_size": 7}]}, "picture"),
        ({"document": {"file_id": "f", "file_name": "a.pdf"}}, "file"),
        ({"animation": {"file_id": "f"}, "document": {"file_id": "f"}}, "video"),
        ({"voice": {"file_id": "f", "duration": 3}}, "voice"),
        ({"audio": {"file_id": "f"}}, "sound"),
        ({"video_note": {"file_id": "f"}}, "video"),
        ({"venue": {}, "location": {}}, "location"),
        ({"contact": {}}, "contact"),
        ({"poll": {}}, "poll"),
        ({"dice": {}}, "other"),
    ],
)
def test_what_comes_without_words_is_named(content: Any, kind: str) -> None:
    (attachment,) = understood(raw(PRIVATE, **content)).attachments
    assert attachment.kind == kind


def test_of_a_photo_the_largest_is_taken() -> None:
    sizes = [{"file_id": "small"}, {"file_id": "large", "file_size": 7}]
    (attachment,) = understood(raw(PRIVATE, photo=sizes)).attachments
    assert (attachment.handle, attachment.size) == ("large", 7)


def test_what_was_replied_to_comes_along_if_nothing_else_did() -> None:
    answered = {"message_id": 3, "photo": [{"file_id": "asked about"}], "from": {"id": 11, "first_name": "Ada"}}
    told = understood(raw(PRIVATE, text="what is it?", reply_to_message=answered))
    assert [one.handle for one in told.attachments] == ["asked about"]
    own = understood(raw(PRIVATE, caption="and this?", voice={"file_id": "own"}, reply_to_message=answered))
    assert [one.handle for one in own.attachments] == ["own"]


@pytest.mark.parametrize(
    "more",
    [
        {"from": {"id": 12, "is_bot": True, "first_name": "Other"}},
        {"sender_chat": {"id": -1001}},
        {"is_automatic_forward": True},
        {"from": None},
        {"via_bot": {"id": 100}},
    ],
)
def test_only_people_are_answered(more: dict[str, Any]) -> None:
    assert arrival(raw(PRIVATE, "hello", **more), BOT, BOOK) is None


def test_channels_are_not_answered() -> None:
    assert arrival(command("/help", {"id": -9, "type": "channel"}), BOT, BOOK) is None


@pytest.mark.parametrize("service", ["pinned_message", "new_chat_title", "message_auto_delete_timer_changed"])
def test_service_messages_are_not_for_the_bot(service: str) -> None:
    assert arrival(raw(PRIVATE, None, **{service: {}}), BOT, BOOK) is None


@pytest.mark.parametrize("kind", ["channel_post", "edited_message", "callback_query", "of_tomorrow"])
def test_other_kinds_of_update_need_no_row(kind: str) -> None:
    assert arrival({"update_id": 1, kind: {"message_id": 1}}, BOT, BOOK) is None


def test_the_stop_button_of_a_draft_is_the_stop_command() -> None:
    stopped = {"chat": {**PRIVATE, "username": "ada"}, "draft_id": 7, "message_thread_id": 5}
    update = understood({"update_id": 1, "stopped_message_generation": stopped})
    assert update.invocation == Invocation(name="stop")
    assert str(update.sender.identity) == "telegram:11"
    assert update.place.key == "telegram:11#5"


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 5, "message": "hello"},
        {"update_id": 5, "message": {"message_id": 1, "from": [], "chat": {"id": 1, "type": "private"}, "text": "x"}},
        {"update_id": 5, "message": {"message_id": 1, "from": ADA, "chat": PRIVATE, "text": 5}},
        {"update_id": 5, "message": {"from": ADA, "chat": PRIVATE, "text": "x"}},
        {"update_id": 5, "message": {"message_id": 2**70, "from": ADA, "chat": PRIVATE, "text": "x"}},
        {"update_id": 5, "message": {"message_id": 1, "from": ADA, "chat": PRIVATE, "text": "x", "entities": [1]}},
        {
            "update_id": 5,
            "message": {
                "message_id": 1,
                "from": ADA,
                "chat": PRIVATE,
                "text": "x",
                "entities": [{"type": "mention", "offset": -4, "length": 9}],
            },
        },
        {"update_id": 5, "message": {"message_id": 1, "from": ADA, "chat": PRIVATE, "text": "x" * 200_000}},
    ],
)
def test_what_cannot_be_read_is_quarantined(update: Any) -> None:
    found = received(update)
    assert found.poison
    assert (found.lane, found.event, found.order) == (QUARANTINE, "5", 5)
    assert found.payload["raw"]["update_id"] == 5


def test_what_is_not_even_an_object_is_quarantined() -> None:
    assert received([1, 2]).poison
    assert received(None).poison


def test_what_a_database_refuses_is_replaced() -> None:
    found = received(raw(PRIVATE, "a\0b\ud800c", odd=float("nan"), keys={"\0": "\udfff"}))
    assert parse(found.payload, BOOK) is not None
    stored = json.dumps(found.payload, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in stored
    stored.encode()


def test_emoji_survive_the_cleaning() -> None:
    assert understood(raw(PRIVATE, "👩‍🔬 ok")).text == "👩‍🔬 ok"


def test_bottomless_nesting_is_quarantined() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    found = received({"update_id": 5, "message": deep})
    assert found.poison
    json.dumps(found.payload)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["private", "mention"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted({
        "id", "type", "text", "from", "chat", "user", "offset", "length", "entities", "message_id", "is_bot",
    })), inner, max_size=5),
    max_leaves=8,
)  # fmt: skip
keys = st.sampled_from([
    "message_id", "from", "chat", "text", "caption", "entities", "reply_to_message", "message_thread_id",
    "is_topic_message", "photo", "via_bot", "media_group_id",
])  # fmt: skip


def test_a_click_is_a_command_of_the_one_who_clicked() -> None:
    update = understood(clicked(PRIVATE, "New 12 a"))
    assert update.invocation == Invocation(name="new", arguments="12 a")
    assert str(update.sender.identity) == "telegram:11"
    assert (update.place.key, update.place.private, update.message) == ("telegram:11", True, "8")


def test_a_click_has_the_lane_of_its_command_and_its_place_before_later_messages() -> None:
    found = received(clicked(PRIVATE, "new"))
    assert (found.event, found.lane, found.order) == ("900", "telegram:11", 8)
    assert received(clicked(PRIVATE, "help")).lane == "telegram:11!"


def test_a_click_in_a_group_is_answered_below_the_button() -> None:
    update = understood(clicked(GROUP, message_thread_id=42, is_topic_message=True))
    assert (update.place.key, update.place.private, update.answer_by) == ("telegram:-1001#42", False, "8")


def test_a_click_on_a_message_too_old_to_be_shown_still_counts() -> None:
    update = clicked(PRIVATE)
    update["callback_query"]["message"] = {"message_id": 8, "chat": PRIVATE, "date": 0}
    assert understood(update).place.key == "telegram:11"


@pytest.mark.parametrize("data", ["dance", "", "settings:1", "new " + "🧮" * 16, "\ud800"])
def test_a_click_that_names_no_command_of_ours_is_ignored(data: str) -> None:
    assert arrival(clicked(PRIVATE, data), BOT, BOOK) is None


@pytest.mark.parametrize("missing", ["data", "message"])
def test_a_click_without_data_or_message_is_ignored(missing: str) -> None:
    update = clicked(PRIVATE)
    del update["callback_query"][missing]
    assert arrival(update, BOT, BOOK) is None


def test_a_click_in_a_channel_is_ignored() -> None:
    assert arrival(clicked({"id": -1002, "type": "channel", "title": "News"}), BOT, BOOK) is None


@given(st.dictionaries(keys, values), st.sampled_from(["message", "callback_query", "stopped_message_generation"]))
@settings(max_examples=100, deadline=None)
def test_nothing_a_stranger_sends_raises(broken: dict[str, Any], kind: str) -> None:
    for body in (broken, {**raw(PRIVATE, "hello")["message"], **broken}):
        found = arrival({"update_id": 1, kind: body}, BOT, BOOK)
        if found is not None and not found.poison:
            assert parse(found.payload, BOOK) is not None


@given(values)
def test_reading_a_broken_row_raises_only_what_the_port_allows(payload: Any) -> None:
    if isinstance(payload, dict):
        with pytest.raises((ValueError, KeyError, TypeError)):
            parse(payload, BOOK)


def edit(said: str, chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
    """Ada changes a message to these words."""
    update = raw(chat, said, edit_date=2, **more)
    return {"update_id": 901, "edited_message": update["message"]}


def test_an_edited_message_is_an_edit_in_its_place_in_line() -> None:
    update = understood(edit("hello"))
    assert (update.edited, update.text, update.message) == (True, "hello", "7")
    assert received(edit("hello")).order == 7


@pytest.mark.parametrize("said", ["/new", "  "])
def test_an_edit_into_a_command_or_into_nothing_is_none(said: str) -> None:
    entities = [entity("bot_command", said, said)] if said.startswith("/") else []
    assert read(edit(said, entities=entities)) is None


def test_in_a_group_an_edit_counts_if_the_bot_is_addressed() -> None:
    said = "@Parley_Bot hello"
    assert understood(edit(said, GROUP, entities=[entity("mention", said, "@Parley_Bot")])).text == "hello"
    assert read(edit("hello", GROUP)) is None


def member(status: str, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    """What became of the bot in a chat."""
    bot = {"id": 100, "is_bot": True, "first_name": "Parley"}
    old, new = {"user": bot, "status": "member"}, {"user": bot, "status": status}
    change = {"chat": chat, "from": ADA, "date": 1, "old_chat_member": old, "new_chat_member": new}
    return {"update_id": 900, "my_chat_member": change}


@pytest.mark.parametrize(("status", "open_"), [("kicked", False), ("member", True)])
def test_blocking_and_unblocking_overtake_what_was_said(status: str, open_: bool) -> None:  # noqa: FBT001
    found = received(member(status))
    assert (found.lane, found.event, found.sender) == ("telegram:11!", "900", None)
    ada = Identity(platform="telegram", user="11")
    place = Place(platform="telegram", chat="11", private=True)
    assert happening(found.payload) == Contact(who=ada, place=place, open=open_)
    assert parse(found.payload, BOOK) is None


def test_what_becomes_of_the_bot_in_a_group_is_nobodys_wish() -> None:
    assert arrival(member("kicked", GROUP), BOT, BOOK) is None


def test_a_group_that_grows_is_heard_of_in_both_places() -> None:
    team = {"id": -12, "type": "group", "title": "Team"}
    old, new = received(raw(team, None, migrate_to_chat_id=-1001)), received(raw(GROUP, None, migrate_from_chat_id=-12))
    assert (old.lane, new.lane) == ("telegram:-12", "telegram:-1001")
    told = happening(old.payload), happening(new.payload)
    assert [(one.old.key, one.new.key, one.heard.key) for one in told if isinstance(one, Moved)] == [
        ("telegram:-12", "telegram:-1001", "telegram:-12"),
        ("telegram:-12", "telegram:-1001", "telegram:-1001"),
    ]


@pytest.mark.parametrize("service", ["forum_topic_created", "forum_topic_edited"])
def test_a_topic_that_people_name_is_heard_of(service: str) -> None:
    topic = {"is_topic_message": True, "message_thread_id": 7}
    found = received(raw(GROUP, None, **topic, **{service: {"name": "Soup"}}))
    told = happening(found.payload)
    assert isinstance(told, Named)
    assert (told.place.key, told.name, found.lane) == ("telegram:-1001#7", "Soup", "telegram:-1001#7")


def test_a_name_that_telegram_made_up_is_none() -> None:
    implicit = {"name": "New chat", "is_name_implicit": True}
    topic = {"is_topic_message": True, "message_thread_id": 7}
    assert arrival(raw(PRIVATE, None, **topic, forum_topic_created=implicit), BOT, BOOK) is None
    assert understood(raw(PRIVATE, "hi", **topic, reply_to_message={"forum_topic_created": implicit})).topic == ""


def test_messages_tell_what_their_topic_was_called_when_it_was_opened() -> None:
    opened = {"message_id": 7, "forum_topic_created": {"name": "Soup"}}
    update = understood(command("/help", GROUP, is_topic_message=True, message_thread_id=7, reply_to_message=opened))
    assert update.topic == "Soup"
