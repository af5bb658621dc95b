"""Which prompts are the same to the cache."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.completions import Prompt, PromptMessage, Role
from bot.domain.models import Parameters
from bot.llm.cache import key_of
from tests.llm.prompts import card, chain, prompt


def talk(*messages: tuple[Role, str]) -> Prompt:
    return replace(prompt(), messages=tuple(PromptMessage(role=role, text=text) for role, text in messages))


ASKED = replace(talk(("system", "Be kind."), ("user", "hi")), person="account-1", key="conversation-1", tokens=7)


def test_the_same_question_has_the_same_key_whatever_the_conversation() -> None:
    again = replace(ASKED, key="conversation-2", tokens=8, priority=3)
    assert key_of(ASKED, "account") == key_of(again, "account")


@pytest.mark.parametrize(
    "change",
    [
        {"answer_room": 99},
        {"chain": chain(card("other-1"))},
        {"chain": chain(card(endpoint="elsewhere"))},
        {"chain": chain(replace(card(), parameters=Parameters(temperature=0.5)))},
        {"messages": talk(("system", "Be rude."), ("user", "hi")).messages},
        {"messages": talk(("system", "Be kind."), ("user", "hi!")).messages},
        {"messages": talk(("user", "hi")).messages},
    ],
)
def test_whatever_could_change_the_answer_changes_the_key(change: dict[str, Any]) -> None:
    assert key_of(replace(ASKED, **change), "everyone") != key_of(ASKED, "everyone")


def test_accounts_share_answers_only_if_everyone_does() -> None:
    other = replace(ASKED, person="account-2")
    assert key_of(ASKED, "account") != key_of(other, "account")
    assert key_of(ASKED, "everyone") == key_of(other, "everyone")


def test_no_later_turn_has_a_key() -> None:
    later = talk(("system", "Be kind."), ("user", "hi"), ("assistant", "hello"), ("user", "yes, cancel it"))
    assert key_of(later, "everyone") is None


def test_a_question_of_nobody_has_no_key_where_answers_belong_to_accounts() -> None:
    assert key_of(replace(ASKED, person=""), "account") is None


def test_what_no_encoding_knows_has_a_key() -> None:
    assert key_of(talk(("user", "\ud800")), "everyone") is not None
