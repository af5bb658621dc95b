"""Code and tables of answers as files."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.extracts import MOST_FILES, extracts, files_of, ungainly
from bot.offers import Offers
from bot.storage import Storage
from tests.conftest import Core, make_core

LONG = "```python\n" + "print('hello')\n" * 40 + "```"
WIDE = "| name | what it is |\n|---|---|\n| a | " + "x" * 90 + " |\n"


@pytest.fixture
def core(storage: Storage) -> Core:
    offers = Offers(kinds=frozenset({"files", "thumbs"}))
    return make_core(storage, daily={"messages": None, "tokens": None}, offers=offers)


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("python", "code-1.py"),
        ("Rust", "code-1.rs"),
        ("c++", "code-1.cpp"),
        ("go", "code-1.go"),
        ("", "code-1.txt"),
        ("python title=x.py", "code-1.py"),
        ("../../etc/passwd", "code-1.txt"),
        ("{.haskell}", "code-1.hs"),
    ],
)
def test_a_file_of_code_is_named_after_its_language(info: str, name: str) -> None:
    (file,) = files_of(f"Look:\n\n```{info}\nx = 1\n```\n")
    assert (file.name, file.content) == (name, b"x = 1\n")


def test_code_that_never_ends_is_code_to_the_end() -> None:
    (file,) = files_of("```js\nlet a\n\nlet b")
    assert file.content.split() == [b"let", b"a", b"let", b"b"]


def test_a_table_is_a_sheet_of_plain_words() -> None:
    (file,) = files_of("| **a** | `b` |\n|---|---|\n| [x](http://y) | 2, 3 |\n")
    assert file.name == "table-1.csv"
    assert rows(file.content) == [["a", "b"], ["x", "2, 3"]]


def test_no_cell_is_a_formula() -> None:
    (file,) = files_of("| a |\n|---|\n| =HYPERLINK(1) |\n")
    assert rows(file.content)[1] == ["'=HYPERLINK(1)"]


def test_everything_comes_in_order_and_not_without_end() -> None:
    assert [file.name for file in files_of(f"{LONG}\n\n{WIDE}")] == ["code-1.py", "table-2.csv"]
    assert len(files_of("```\nx\n```\n\n" * 30)) == MOST_FILES


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LONG, True),
        (WIDE, True),
        ("```\n" + "x" * 1600 + "\n```", True),
        ("```python\nprint(1)\n```", False),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", False),
        ("a | b, and nothing else " * 40, False),
        ("words " * 500, False),
    ],
)
def test_only_what_is_hard_to_read_or_copy_is_offered(answer: str, *, expected: bool) -> None:
    assert ungainly(answer) is expected


@given(st.text(alphabet="`~|-:\n #*[]()ab<>\\\0é中", max_size=200))
def test_whatever_a_model_writes_is_taken_apart(answer: str) -> None:
    for one in extracts(answer):
        assert one.file(1).content
    assert isinstance(ungainly(answer), bool)


async def test_a_button_under_long_code_sends_it(core: Core) -> None:
    core.model.script = [(LONG,)]
    await core.say("ada", "code please")
    assert "📎 As files" in core.platform.labels[-1]
    assert await core.click("ada", "📎 As files") == "Here is 1 file from the answer."
    assert [file.name for file in core.platform.files[-1]] == ["code-1.py"]


async def test_it_is_still_there_when_the_answer_was_judged(core: Core) -> None:
    core.model.script = [(LONG,)]
    await core.say("ada", "code please")
    await core.click("ada", "👍")
    assert "📎 As files" in core.platform.labels[-1]


async def test_short_code_has_no_button_and_comes_when_asked_for(core: Core) -> None:
    core.model.script = [("```go\nx\n```",)]
    await core.say("ada", "code please")
    assert "📎 As files" not in core.platform.labels[-1]
    await core.say("ada", "/files")
    assert [file.name for file in core.platform.files[-1]] == ["code-1.go"]


async def test_an_answer_without_any_says_so(core: Core) -> None:
    await core.say("ada", "hello")
    assert await core.say("ada", "/files") == "There is neither code nor a table in that answer."


async def test_nobody_gets_the_files_of_another(core: Core) -> None:
    core.model.script = [(LONG,)]
    await core.say("ada", "code please", chat="team")
    number = len(core.platform.sent) - 1
    at = core.platform.labels[number].index("📎 As files")
    command = core.platform.buttons[number][at]
    assert await core.say("ben", f"/{command}", chat="team") == "That is no answer of yours."
    assert await core.say("ben", "/files 99999") == "That is no answer of yours."
    assert "Usage" in await core.say("ben", "/files x y")
