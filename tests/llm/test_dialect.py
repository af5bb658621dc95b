"""What each vendor is asked besides the question."""

from dataclasses import replace
from typing import Any

import pytest

from bot.llm.dialect import Dialect
from tests.llm.prompts import prompt

ASKED = replace(prompt(), key="conversation-1", person="account-1")
PLAIN = {"include_usage": True}


@pytest.mark.parametrize(
    ("url", "extras"),
    [
        (
            "https://api.openai.com/v1",
            {
                "stream_options": {"include_usage": True, "include_obfuscation": False},
                "prompt_cache_key": "conversation-1",
                "safety_identifier": "account-1",
            },
        ),
        (
            "https://mine.openai.azure.com/openai/v1",
            {"stream_options": PLAIN, "prompt_cache_key": "conversation-1"},
        ),
        ("http://localhost:11434/v1", {"stream_options": PLAIN}),
        ("https://api.openai.com.evil.example/v1", {"stream_options": PLAIN}),
        ("https://openai.azure.com.evil.example/v1", {"stream_options": PLAIN}),
    ],
)
def test_extras_go_to_vendors_that_know_them(url: str, extras: dict[str, Any]) -> None:
    body = Dialect(url).body(ASKED)
    usual = {"model", "messages", "stream", "max_completion_tokens"}
    assert {name: value for name, value in body.items() if name not in usual} == extras


def test_a_conversation_keeps_its_cache_key() -> None:
    dialect = Dialect("https://api.openai.com/v1")
    longer = replace(ASKED, messages=(*ASKED.messages, *ASKED.messages))
    assert dialect.body(ASKED)["prompt_cache_key"] == dialect.body(longer)["prompt_cache_key"]


def test_nobody_is_named_where_nobody_is_known() -> None:
    body = Dialect("https://api.openai.com/v1").body(prompt())
    assert not {"prompt_cache_key", "safety_identifier"} & set(body)
