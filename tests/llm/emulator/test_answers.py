import pytest

from bot.llm.emulator import ChatRequest
from bot.llm.emulator.answers import NOTE, scripted


def said(*texts: str) -> ChatRequest:
    messages = tuple({"role": "user", "content": text} for text in texts)
    return ChatRequest(body={}, model="m", messages=messages)


@pytest.mark.parametrize(
    ("prompt", "mark"),
    [("a table please", "|---|"), ("show code", "```python"), ("count to 3", "1 2 3"), ("hello", "> hello")],
)
def test_prompts_get_their_answer(prompt: str, mark: str) -> None:
    assert mark in scripted(said(prompt))


def test_an_answer_says_that_it_is_scripted() -> None:
    assert scripted(said("hello")).endswith(NOTE)


def test_an_answer_tells_how_much_history_came() -> None:
    assert "**2 messages** of history" in scripted(said("one", "two", "three"))


def test_a_long_answer_is_longer_than_a_message() -> None:
    assert len(scripted(said("a long one"))) > 4096


def test_a_summary_repeats_what_was_said() -> None:
    assert "Ada likes tea" in scripted(said("Summarize this conversation:\nAda likes tea"))
