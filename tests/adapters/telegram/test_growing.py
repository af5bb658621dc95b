"""Answers while they are written: what is begun looks as it will when it is done."""

import pytest

from adapters.telegram import growing as growing_module
from adapters.telegram.growing import Growing, completed, preview
from adapters.telegram.markup import render
from adapters.telegram.splitting import LIMIT, Formatted, utf16_len
from tests.markdown.corpus import NASTY


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello **the", "Hello **the**"),
        ("Hello **", "Hello"),
        ("Hello **there*", "Hello **there**"),
        ("Hello **there** and *on", "Hello **there** and *on*"),
        ("***both", "***both***"),
        ("**bold and *both", "**bold and *both***"),
        ("~~gone", "~~gone~~"),
        ("see `run", "see `run`"),
        ("see ``a ` b", "see ``a ` b``"),
        ("`**` and **x", "`**` and **x**"),
        ("see [the page](https://exam", "see the page"),
        ("see [the pa", "see the pa"),
        ("see [it](https://example.org/a_b) and _so", "see [it](https://example.org/a_b) and _so_"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case and 2*3", "snake_case and 2*3"),
        ("* one\n* tw", "* one\n* tw"),
        ("**done**\n\nand **mo", "**done**\n\nand **mo**"),
        ("a title?\n-", "a title?"),
        ("a title?\n==", "a title?"),
        ("one\n2.", "one"),
        ("It is\n42", "It is\n42"),
        ("```py\nx = **y", "```py\nx = **y"),
        ("```py\nx\n```\nso **y", "```py\nx\n```\nso **y**"),
        ("finished.", "finished."),
    ],
)
def test_what_is_begun_is_ended(written: str, shown: str) -> None:
    assert completed(written) == shown


def test_a_word_is_bold_before_its_marks_are_closed() -> None:
    assert preview("Hello **the") == ("Hello the", [{"type": "bold", "offset": 6, "length": 3}])


def test_nothing_of_a_link_is_seen_before_it_is_whole() -> None:
    assert preview("See [the page](https://exam") == ("See the page", [])


def test_the_end_of_long_code_is_still_code() -> None:
    code = "```python\n" + "print('a line of code')\n" * 400
    text, entities = preview(code)
    assert text.startswith("…\nprint")
    assert utf16_len(text) <= LIMIT
    assert [(entity["type"], entity.get("language")) for entity in entities] == [("pre", "python")]
    assert (entities[0]["offset"], entities[0]["length"]) == (2, utf16_len(text) - 2)


def test_prose_after_long_code_is_prose() -> None:
    text, entities = preview("```\n" + "code\n" * 400 + "```\n" + "word " * 1200)
    assert text.endswith("word")
    assert entities == []


@pytest.mark.parametrize("name", NASTY)
def test_every_beginning_of_a_nasty_answer_can_be_shown(name: str) -> None:
    whole = NASTY[name]
    step = max(1, len(whole) // 20)
    for size in range(0, len(whole), step):
        text, entities = preview(whole[:size])
        assert utf16_len(text) <= LIMIT
        assert all(0 <= one["offset"] < one["offset"] + one["length"] <= utf16_len(text) for one in entities)


@pytest.mark.parametrize("name", NASTY)
def test_an_answer_looks_the_same_whether_it_was_watched_or_not(name: str) -> None:
    whole, growing = NASTY[name][:3000], Growing()
    shown = [growing.preview(whole[:size]) for size in range(0, len(whole) + 1, max(1, len(whole) // 15))]
    words = [word for text, _ in (preview(whole),) for word in text.split()]
    assert growing.preview(whole)[0].split() == words
    assert all(utf16_len(text) <= LIMIT for text, _ in shown)


def test_what_stands_still_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []

    def counted(markdown: str, *, quiet: bool) -> list[Formatted]:
        rendered.append(markdown)
        return render(markdown, quiet=quiet)

    monkeypatch.setattr(growing_module, "render", counted)
    growing, paragraph = Growing(), "Some **bold** words, and more of them.\n\n"
    for count in range(1, 40):
        text, entities = growing.preview(paragraph * count)
        assert (text.count("bold"), len(entities)) == (count, count)
    assert max(map(len, rendered)) < 2 * len(paragraph)


def test_an_answer_that_turns_out_otherwise_is_rendered_anew() -> None:
    growing = Growing()
    growing.preview("one\n\n**two**\n\nthree")
    assert growing.preview("other\n\nwords") == ("other\n\nwords", [])


def test_in_groups_nobody_is_notified() -> None:
    text, _ = preview("ask @ada_lovelace", quiet=True)
    assert "@ada" not in text
