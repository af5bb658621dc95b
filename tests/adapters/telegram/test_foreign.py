from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.updates import Update
from tests.adapters.telegram.test_inbound import GROUP, PRIVATE, command, entity, raw, read, understood

BEN = {"id": 12, "is_bot": False, "first_name": "Ben", "last_name": "B"}
BOT = {"id": 100, "is_bot": True, "first_name": "Parley"}


def forwarded(said: str, **origin: Any) -> Update:
    return understood(raw(PRIVATE, said, forward_origin={"date": 1, **origin}))


def answering(said: str, author: dict[str, Any], text: str, **more: Any) -> Update:
    return understood(raw(PRIVATE, said, reply_to_message={"message_id": 3, "from": author, "text": text}, **more))


def test_forwarded_words_are_marked_line_by_line() -> None:
    update = forwarded("Pay now.\nOr else.", type="user", sender_user=BEN)
    assert update.text == "[Forwarded, written by Ben B:]\n> Pay now.\n> Or else."


@pytest.mark.parametrize(
    ("origin", "whose"),
    [
        ({"type": "hidden_user", "sender_user_name": "Eve"}, "by Eve"),
        ({"type": "chat", "sender_chat": {"id": -5, "title": "Team"}}, "by Team"),
        ({"type": "channel", "chat": {"id": -6, "title": "News"}, "message_id": 1}, "by News"),
        ({"type": "of_tomorrow"}, "by somebody else"),
        ({"type": "hidden_user", "sender_user_name": "]\n> me ["}, "by > me"),
    ],
)
def test_the_origin_of_forwarded_words_is_named_on_one_line(origin: dict[str, Any], whose: str) -> None:
    assert forwarded("hello", **origin).text == f"[Forwarded, written {whose}:]\n> hello"


def test_a_forwarded_command_was_given_by_nobody() -> None:
    update = understood(command("/help", forward_origin={"type": "user", "sender_user": BEN}))
    assert update.invocation is None
    assert update.text == "[Forwarded, written by Ben B:]\n> /help"


def test_what_is_forwarded_into_a_group_calls_nobody() -> None:
    said = "@Parley_Bot hello"
    mention = entity("mention", said, "@Parley_Bot")
    assert read(raw(GROUP, said, entities=[mention], forward_origin={"type": "user", "sender_user": BEN})) is None


def test_what_somebody_replies_to_goes_before_their_words() -> None:
    update = answering("Is that so?", BEN, "The earth\nis flat.")
    assert update.text == "[About what was written by Ben B:]\n> The earth\n> is flat.\n\nIs that so?"


def test_in_a_group_a_mention_below_a_message_asks_about_it() -> None:
    said = "@Parley_Bot"
    answered = {"message_id": 3, "from": BEN, "caption": "My cat"}
    update = understood(raw(GROUP, said, entities=[entity("mention", said, said)], reply_to_message=answered))
    assert update.text == "[About what was written by Ben B:]\n> My cat"


def test_a_selected_part_goes_alone() -> None:
    update = answering("Why?", BEN, "The earth is flat.", quote={"text": "flat", "position": 13, "is_manual": True})
    assert update.text == "[About these words by Ben B:]\n> flat\n\nWhy?"


def test_a_reply_to_an_answer_of_ours_says_which_in_private() -> None:
    update = answering("More.", BOT, "A" * 300)
    assert update.text == f"[About these words of yours:]\n> {'A' * 200} …\n\nMore."


def test_a_reply_to_an_answer_of_ours_says_nothing_in_a_group() -> None:
    answered = {"message_id": 3, "from": BOT, "text": "An answer"}
    assert understood(raw(GROUP, "More.", reply_to_message=answered)).text == "More."


def test_a_part_of_an_answer_of_ours_is_quoted_in_a_group_too() -> None:
    answered = {"message_id": 3, "from": BOT, "text": "A long answer"}
    update = understood(raw(GROUP, "Why?", reply_to_message=answered, quote={"text": "long"}))
    assert update.text == "[About these words of yours:]\n> long\n\nWhy?"


def test_a_quote_from_another_chat_is_marked() -> None:
    origin = {"origin": {"type": "channel", "chat": {"id": -6, "title": "News"}}}
    update = understood(raw(PRIVATE, "True?", external_reply=origin, quote={"text": "War is over"}))
    assert update.text == "[About these words by News:]\n> War is over\n\nTrue?"


def test_commands_that_reply_are_what_was_typed() -> None:
    update = understood(command("/help me", reply_to_message={"message_id": 3, "from": BEN, "text": "x"}))
    assert update.text == "/help me"


@given(st.text(min_size=1))
def test_nothing_that_was_forwarded_stands_outside_of_its_marks(said: str) -> None:
    origin = {"type": "user", "sender_user": BEN}
    update = read(raw(PRIVATE, said, forward_origin=origin))
    lines = update.text.split("\n") if update and update.text else []
    assert all(line.startswith("> ") for line in lines[1:])
