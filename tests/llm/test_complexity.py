"""How hard a message looks: examples, and what the estimate promises."""

import time

import pytest

from bot.domain.models import Complexity
from bot.llm.complexity import complexity, score

LONG_STORY = "The old man walked along the shore and looked at the boats. " * 90

EXAMPLES: tuple[tuple[Complexity, str], ...] = (
    ("low", ""),
    ("low", "hi"),
    ("low", "Thanks, that was great!"),
    ("low", "What is the capital of France?"),
    ("low", "Translate to German: good morning"),
    ("low", "Tell me a joke"),
    ("low", "Why is the sky blue?"),
    ("low", "Let me know when it is done"),
    ("low", "import tariffs are rising again"),
    ("low", "Please buy:\napples;\npears (ripe); bread"),
    ("low", "Wie spät ist es in Tokio?"),
    ("low", "Спасибо!"),
    ("low", "你好"),
    ("low", "谢谢你的帮助！"),
    ("low", "今天天气怎么样？"),
    ("low", "把这句话翻译成英文：早上好"),
    ("medium", "Explain why leaves turn red in autumn"),
    ("medium", "Write a Python function that reverses a string"),
    ("medium", "Compare tea and coffee, and recommend one"),
    ("medium", "Who wrote Faust? When was it first performed? Where?"),
    ("medium", "Solve the equation x + 3 = 7"),
    ("medium", "```\nprint('hello')\n```"),
    ("medium", "用Python写一个函数，反转字符串"),
    ("medium", "请解释为什么叶子在秋天变红"),
    ("medium", "求导：sin(x)"),
    ("medium", "比较茶和咖啡的优缺点"),
    ("high", "Prove that the square root of 2 is irrational, and explain each step of the proof. Why is it so?"),
    ("high", "Why does this crash?\n\ndef f(x):\n    return f(x - 1)\n\nDebug it step by step."),
    (
        "high",
        "Design the architecture of a chat for many users, compare two databases, explain trade-offs, recommend one",
    ),
    ("high", "Find the integral of x^2 from 0 to 1. Then derive the general formula and explain it."),
    ("high", "Refactor this and optimise it:\n\nSELECT * FROM a JOIN b ON a.x = b.x WHERE b.y IN (SELECT y FROM c);"),
    ("high", "Summarise this and explain the moral: " + LONG_STORY),
    (
        "high",
        "Suppose I first invest 100 at 5 %, then add 10 a year. What do I have after ten? After twenty? Why? Explain",
    ),
    ("high", "请证明根号2是无理数，并逐步解释推导过程"),
    ("high", "假设有一百万用户，首先设计一个聊天系统的架构，然后比较两种数据库的优缺点，最后给出建议"),
    ("high", "分析下面的代码为什么报错，并优化：\n\ndef f(x):\n    return g(x)"),
)


@pytest.mark.parametrize(("level", "text"), EXAMPLES)
def test_the_examples_are_judged_as_people_would(level: Complexity, text: str) -> None:
    assert complexity(text) == level, f"{score(text)} points"


def test_the_examples_are_many_and_of_every_kind() -> None:
    assert len(EXAMPLES) >= 30
    assert {level for level, _ in EXAMPLES} == {"low", "medium", "high"}


@pytest.mark.parametrize(("words", "points"), [(59, 0), (60, 1), (199, 1), (200, 2), (799, 2), (800, 3), (5000, 3)])
def test_length_counts_in_steps(words: int, points: int) -> None:
    assert score("ball " * words) == points


def test_a_chinese_character_is_two_thirds_of_a_word() -> None:
    assert (score("球" * 89), score("球" * 90)) == (0, 1)


def test_a_word_counts_once_however_often_it_is_said() -> None:
    assert score("explain " * 30) == 1


def test_thought_and_parts_are_capped() -> None:
    assert score("explain compare analyse design evaluate critique") == 4
    assert score("a? b? c? d? e? f?") == 2


@pytest.mark.parametrize("text", ["(" * 100_000, "a" * 100_000, "SELECT " * 20_000, " \n" * 50_000, "x=" * 50_000])
def test_no_message_takes_long_to_judge(text: str) -> None:
    began = time.perf_counter()
    complexity(text)
    assert time.perf_counter() - began < 5
