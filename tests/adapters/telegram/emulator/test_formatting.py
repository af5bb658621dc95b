"""parse_mode: what is understood, and what fails the message."""

from typing import Any

import pytest

from adapters.telegram.emulator import Person
from adapters.telegram.emulator.formatting import parse
from adapters.telegram.emulator.refusals import ApiError
from tests.adapters.telegram.emulator.client import Api


def parsed(mode: str, text: str) -> tuple[str, list[tuple[str, int, int]]]:
    plain, entities = parse(mode, text, lambda _: None)
    return plain, sorted((one["type"], one["offset"], one["length"]) for one in entities)


def reason(mode: str, text: str) -> str:
    with pytest.raises(ApiError) as caught:
        parse(mode, text, lambda _: None)
    return caught.value.description.removeprefix("Bad Request: can't parse entities: ")


@pytest.mark.parametrize(
    ("text", "plain", "entities"),
    [
        ("a <b>b</b> c", "a b c", [("bold", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("1 &lt; 2 &amp; &nbsp;", "1 < 2 & &nbsp;", []),
        ('<a href="https://x.org/">y</a>', "y", [("text_link", 0, 1)]),
        ('<a href="/local">y</a>', "y", []),
        ("<tg-spoiler>s</tg-spoiler>", "s", [("spoiler", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ("😀<code>x</code>", "😀x", [("code", 2, 1)]),
    ],
)
def test_html_is_understood(text: str, plain: str, entities: list[Any]) -> None:
    assert parsed("html", text) == (plain, entities)


def test_html_code_in_pre_names_the_language() -> None:
    _, [block] = parse("html", '<pre><code class="language-python">x=1</code></pre>', lambda _: None)
    assert block == {"type": "pre", "offset": 0, "length": 3, "language": "python"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("é < 2", 'Unsupported start tag "" at byte offset 3'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
def test_broken_html_is_refused(text: str, expected: str) -> None:
    assert reason("html", text) == expected


@pytest.mark.parametrize(
    ("text", "plain", "entities"),
    [
        ("*b* _i_ ~s~", "b i s", [("bold", 0, 1), ("italic", 2, 1), ("strikethrough", 4, 1)]),
        ("__u___i_", "ui", [("italic", 1, 1), ("underline", 0, 1)]),
        ("*b _i_*", "b i", [("bold", 0, 3), ("italic", 2, 1)]),
        ("||s||", "s", [("spoiler", 0, 1)]),
        (r"1\.5 \(ok\)", "1.5 (ok)", []),
        ("`a.b*c`", "a.b*c", [("code", 0, 5)]),
        ("```py\nx = 1\n```", "x = 1\n", [("pre", 0, 6)]),
        (r"[y](https://x.org/a\)b)", "y", [("text_link", 0, 1)]),
        (">q1\n>q2\nafter", "q1\nq2\nafter", [("blockquote", 0, 5)]),
        ("**>q1\n>q2||", "q1\nq2", [("expandable_blockquote", 0, 5)]),
    ],
)
def test_markdown_is_understood(text: str, plain: str, entities: list[Any]) -> None:
    assert parsed("markdownv2", text) == (plain, entities)


@pytest.mark.parametrize("character", list(".!-=+#(){}|"))
def test_markdown_wants_reserved_characters_escaped(character: str) -> None:
    expected = f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
    assert reason("markdownv2", f"a {character} b") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("é *b", "Can't find end of Bold entity at byte offset 3"),
        ("_i", "Can't find end of Italic entity at byte offset 0"),
        ("`c", "Can't find end of Code entity at byte offset 0"),
        ("```c", "Can't find end of Pre entity at byte offset 0"),
        ("[t](http://x", "Can't find end of a URL at byte offset 3"),
    ],
)
def test_broken_markdown_is_refused(text: str, expected: str) -> None:
    assert reason("markdownv2", text) == expected


def test_the_older_markdown_needs_its_marks_closed() -> None:
    assert parsed("markdown", "*b* a_b_ `c`") == ("b ab c", [("bold", 0, 1), ("code", 5, 1), ("italic", 3, 1)])
    assert reason("markdown", "snake_case") == "Can't find end of the entity starting at byte offset 5"


async def test_length_counts_after_parsing(api: Api, ada: Person) -> None:
    text = "<b>" + "a" * 4096 + "</b>"
    message = await api.result("sendMessage", chat_id=11, text=text, parse_mode="HTML")
    assert len(message["text"]) == 4096


async def test_an_unknown_mode_is_refused(api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessage", chat_id=11, text="x", parse_mode="bbcode")
    assert refusal == "400 Bad Request: unsupported parse_mode"


async def test_a_parse_error_fails_the_message(tg: Any, api: Api, ada: Person) -> None:
    refusal = await api.refusal("sendMessage", chat_id=11, text="<b>x", parse_mode="HTML")
    assert refusal.startswith("400 Bad Request: can't parse entities: ")
    assert len(tg.messages(ada.chat)) == 1
