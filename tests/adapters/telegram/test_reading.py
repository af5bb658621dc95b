from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.telegram.inbound import arrival, parse
from bot.domain.updates import Update
from tests.adapters.telegram.test_inbound import BOOK, BOT, GROUP, PRIVATE, clicked, entity, raw, understood

CALLED = replace(BOOK, triggers=("Parley", "小助手"))
CHANNEL = {"id": -1009, "type": "channel", "title": "News"}
OPEN = replace(BOOK, channels=True)


def read_as(update: Any, hearing: Any) -> Update | None:
    found = arrival(update, BOT, hearing)
    return parse(found.payload, hearing) if found else None


def post(said: str, kind: str = "channel_post", **more: Any) -> dict[str, Any]:
    """A post in a channel: nobody is told who wrote it."""
    message = {"message_id": 7, "sender_chat": CHANNEL, "chat": CHANNEL, "date": 1, "text": said, **more}
    return {"update_id": 900, kind: message}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Parley, what time is it?", "what time is it?"),
        ("parley what time is it?", "what time is it?"),
        ("  PARLEY: hello", "hello"),
        ("小助手你好", "你好"),
        ("Parley", "Parley"),
    ],
)
def test_a_trigger_word_calls_the_bot_in_a_group_and_is_cut(said: str, asked: str) -> None:
    update = read_as(raw(GROUP, said), CALLED)
    assert update is not None
    assert update.text == asked


@pytest.mark.parametrize("said", ["Parleys are long", "I like Parley", "hello"])
def test_a_trigger_word_is_a_word_of_its_own_at_the_beginning(said: str) -> None:
    assert read_as(raw(GROUP, said), CALLED) is None


def test_in_private_a_trigger_word_is_a_word_like_any_other() -> None:
    update = read_as(raw(PRIVATE, "Parley is a nice name"), CALLED)
    assert update is not None
    assert update.text == "Parley is a nice name"


def test_whoever_calls_the_bot_by_name_may_speak_of_the_trigger_word() -> None:
    said = "@Parley_Bot Parley is a nice name"
    update = read_as(raw(GROUP, said, entities=[entity("mention", said, "@Parley_Bot")]), CALLED)
    assert update is not None
    assert update.text == "Parley is a nice name"


def test_anonymous_admins_are_the_group_itself() -> None:
    said = "@Parley_Bot hello"
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    mention = entity("mention", said, "@Parley_Bot")
    update = understood(raw(GROUP, said, entities=[mention], sender_chat=GROUP, **{"from": anonymous}))
    assert str(update.sender.identity) == "telegram:-1001"
    assert (update.sender.name, update.sender.belonging) == ("Team", "group")


def test_whoever_speaks_as_a_channel_is_not_answered() -> None:
    said = "@Parley_Bot hello"
    mention = entity("mention", said, "@Parley_Bot")
    channel = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
    assert arrival(raw(GROUP, said, entities=[mention], sender_chat=CHANNEL, **{"from": channel}), BOT, BOOK) is None


def test_channels_are_not_heard_unless_they_are_to_be() -> None:
    said = "@Parley_Bot hello"
    mention = entity("mention", said, "@Parley_Bot")
    assert "channel_post" not in BOOK.updates
    assert "channel_post" in OPEN.updates
    assert read_as(post(said, entities=[mention]), BOOK) is None
    update = read_as(post(said, entities=[mention]), OPEN)
    assert update is not None
    assert (update.text, update.place.key, update.place.private) == ("hello", "telegram:-1009", False)
    assert (str(update.sender.identity), update.sender.belonging) == ("telegram:-1009", "group")


def test_an_edited_post_is_an_edit() -> None:
    said = "@Parley_Bot hello"
    edited = read_as(post(said, "edited_channel_post", entities=[entity("mention", said, "@Parley_Bot")]), OPEN)
    assert edited is not None
    assert edited.edited


def test_a_post_that_calls_nobody_is_not_for_the_bot() -> None:
    assert read_as(post("The news"), OPEN) is None


def test_buttons_work_in_channels_that_are_heard() -> None:
    click = read_as(clicked(CHANNEL), OPEN)
    assert click is not None
    assert (str(click.sender.identity), click.place.key) == ("telegram:11", "telegram:-1009")


def test_every_kind_of_update_that_is_asked_for_is_explained_to_operators() -> None:
    explained = Path("docs/telegram.md").read_text("utf-8")
    assert {kind for kind in OPEN.updates if f"`{kind}`" not in explained} == set()
