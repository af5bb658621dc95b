import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
import tiktoken

from bot.llm.tokens import CL100K, O200K, TiktokenCounter, Vocabulary, build_encoding, count_with, guess, vocabulary_of

#: What a fresh process holds more after loading, in MB. The child prints it.
MEASURE = """
import tiktoken
from bot.llm.tokens import build_encoding
from resource import getpagesize
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * getpagesize() / 1e6
before = resident()
encoding = build_encoding()
print(resident() - before)
"""


@pytest.fixture(scope="module")
def encoding() -> tiktoken.Encoding:
    return build_encoding()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("hello world", 2), ("tiktoken is great!", 6), ("你好，世界", 3), ("<|endoftext|>", 7)],
)
def test_counts_are_those_of_o200k(encoding: tiktoken.Encoding, text: str, expected: int) -> None:
    assert count_with(encoding, text) == expected


def test_a_million_spaces_are_counted(encoding: tiktoken.Encoding) -> None:
    assert count_with(encoding, " " * 1_000_000) > 1000


def test_slices_cost_next_to_nothing(encoding: tiktoken.Encoding) -> None:
    text = "The quick brown fox. " * 6000
    whole = len(encoding.encode_ordinary(text))
    assert abs(count_with(encoding, text) - whole) <= 3


def test_lone_surrogates_are_counted(encoding: tiktoken.Encoding) -> None:
    assert count_with(encoding, "a\ud800b") > 0
    assert guess("a\ud800b") == 1


async def test_an_unloaded_counter_guesses_high(encoding: tiktoken.Encoding) -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 20
    assert await TiktokenCounter().count(text) >= count_with(encoding, text)


async def test_a_loaded_counter_counts() -> None:
    counter = TiktokenCounter()
    await counter.load()
    assert await counter.count("hello world") == 2


async def test_a_long_text_does_not_hold_up_the_loop() -> None:
    counter = TiktokenCounter()
    await counter.load()
    counting = asyncio.create_task(counter.count("The quick brown fox. " * 50_000))
    await asyncio.sleep(0)
    assert not counting.done()
    assert await counting > 200_000


def test_a_changed_table_is_refused() -> None:
    with pytest.raises(ValueError, match="published"):
        build_encoding(replace(O200K, sha256="0" * 64))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_vocabulary_stays_small_in_memory() -> None:
    grown = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert float(grown.stdout) < 60


def test_the_smaller_vocabulary_counts_like_its_published_examples() -> None:
    encoding = build_encoding(CL100K)
    # https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
    assert encoding.encode("tiktoken is great!") == [83, 1609, 5963, 374, 2294, 0]


@pytest.mark.parametrize(
    ("models", "vocabulary"),
    [
        (["gpt-6-luna"], O200K),
        (["openai/gpt-4o"], O200K),
        (["llama-4", "o4-mini"], O200K),
        (["claude-sonnet"], CL100K),
        (["scripted-1"], CL100K),
        ([], CL100K),
    ],
)
def test_the_vocabulary_is_the_models_own_where_it_is_known(models: list[str], vocabulary: Vocabulary) -> None:
    assert vocabulary_of(models) is vocabulary
