import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.telegram import markup
from adapters.telegram.markup import plain, render
from adapters.telegram.splitting import LIMIT, MOST_ENTITIES, UNSPLITTABLE, Formatted, utf16_len


def one(markdown: str) -> Formatted:
    (part,) = render(markdown)
    return part


def text_of(markdown: str) -> str:
    return one(markdown)[0]


def marked(markdown: str) -> list[tuple[str, str]]:
    """What is marked how."""
    text, entities = one(markdown)
    units = text.encode("utf-16-le")
    slices = [(entity["type"], entity["offset"], entity["offset"] + entity["length"]) for entity in entities]
    return [(kind, units[2 * start : 2 * end].decode("utf-16-le")) for kind, start, end in slices]


def links(markdown: str) -> list[str]:
    return [entity["url"] for entity in one(markdown)[1] if entity["type"] == "text_link"]


def test_emphasis_becomes_entities_counted_in_utf16() -> None:
    assert marked("🙂 **bold** _it_ ~~gone~~ `code`") == [
        ("bold", "bold"),
        ("italic", "it"),
        ("strikethrough", "gone"),
        ("code", "code"),
    ]


def test_a_fence_keeps_its_language() -> None:
    assert one("```python\nx = 1\n```") == (
        "x = 1",
        [{"type": "pre", "offset": 0, "length": 5, "language": "python"}],
    )


def test_an_open_fence_is_code_to_the_end() -> None:
    assert marked("```\nx = 1\ny") == [("pre", "x = 1\ny")]


@pytest.mark.parametrize(
    "markdown",
    [
        "use List<String> here",
        "<think>hm</think> yes",
        "a <br> b",
        "<!-- note -->",
        "if a < b and c > d",
        "a || b || c",
        "[Ada]: hello",
        "[INFO]: started\n[WARN]: slow",
        "$5 or $6",
        "~5 to ~6",
        "x^2 and #tag and @name",
        r"C:\new\table",
    ],
)
def test_plain_words_stay_as_they_are(markdown: str) -> None:
    assert text_of(markdown) == markdown


def test_a_block_of_html_stays_text() -> None:
    assert text_of("<div>\nhello\n</div>\n\nafter") == "<div>\nhello\n</div>\n\nafter"


def test_code_is_not_touched_by_the_guards() -> None:
    code = "[x]: y\n<b> || c || \\(d\\)\n    || e"
    assert text_of(f"```\n{code}\n```") == code


@pytest.mark.parametrize("latex", [r"\(\frac{a}{b}\)", r"\[ x_1 * y_2 * z \]", "$x^2$", "$$\\sum_{i}^{n} i$$"])
def test_latex_stays_source_in_code_style(latex: str) -> None:
    assert marked(f"so {latex} holds") == [("code", latex)]


def test_a_safe_link_is_a_link() -> None:
    assert links("[docs](https://example.org/a?b=c)") == ["https://example.org/a?b=c"]


@pytest.mark.parametrize("url", ["javascript:1", "tg://user?id=1", "/relative", "http://localhost", "data:x"])
def test_an_unsafe_link_is_its_text(url: str) -> None:
    assert one(f"a [label]({url}) b") == ("a label b", [])


def test_a_link_dressed_up_as_another_shows_its_host() -> None:
    assert text_of("[https://bank.example](https://evil.example/x)!") == "https://bank.example (evil.example)!"


def test_a_mail_link_shows_its_address() -> None:
    assert one("[write](mailto:ada@example.org)") == ("write (ada@example.org)", [])


def test_an_image_is_a_link_to_it() -> None:
    assert links("![a cat](https://example.org/cat.png)") == ["https://example.org/cat.png"]
    assert text_of("![a cat](https://example.org/cat.png)") == "a cat"


def test_a_link_without_a_label_shows_its_address() -> None:
    assert text_of("![](https://example.org/cat.png)") == "https://example.org/cat.png"


def test_an_image_in_a_link_is_one_link() -> None:
    assert links("[![b](https://example.org/b.png)](https://example.com)") == ["https://example.com"]


def test_a_definition_in_use_makes_its_link() -> None:
    assert links("see [docs][1]\n\n[1]: https://example.org") == ["https://example.org"]
    assert links("see [1] there\n\n[1]: https://example.org") == ["https://example.org"]


def test_a_definition_nobody_uses_stays_visible() -> None:
    assert "https://example.org" in text_of("text\n\n[1]: https://example.org")


def test_lists_have_bullets_numbers_and_boxes() -> None:
    assert text_of("- a\n- b") == "• a\n• b"
    assert text_of("1. a\n2. b") == "1. a\n2. b"
    assert text_of("- [x] a\n- [ ] b") == "✅ a\n⬜ b"
    assert text_of("1. [x] a\n2. [ ] b") == "1. ✅ a\n2. ⬜ b"


def test_a_fence_in_a_tight_list_stands_on_lines_of_its_own() -> None:
    assert text_of("- item\n  ```\n  x = 1\n  ```\n  more\n- next") == "• item\nx = 1\nmore\n• next"


def test_quotes_are_not_nested() -> None:
    assert marked("> a\n> > b\n>\n> c")[0][0] == "blockquote"
    assert len(marked("> a\n> > b\n>\n> c")) == 1


def test_a_table_is_aligned_monospace() -> None:
    assert marked("| a | b |\n|---|--:|\n| one | 1 |\n| 二 | 20 |") == [("pre", "a     b\n───  ──\none   1\n二   20")]


def test_a_table_too_wide_for_a_phone_is_a_paragraph_for_each_row() -> None:
    wide = "| Name | What it is |\n|---|---|\n| **one** | " + "word " * 12 + "|\n| two | |\n"
    assert text_of(wide) == f"Name: one\n• What it is: {('word ' * 12).strip()}\n\nName: two"
    assert marked(wide)[0] == ("bold", "Name: one")


def test_links_in_a_table_can_be_clicked() -> None:
    table = "| site | |\n|---|---|\n| [one](https://example.org/1) | x |"
    assert text_of(table) == "site: one\n• x"
    assert links(table) == ["https://example.org/1"]
    assert links("- item\n\n  | [one](https://example.org/1) |\n  |---|") == ["https://example.org/1"]


def test_cells_beyond_a_tables_header_are_kept() -> None:
    assert text_of("| a |\n|---|\n| 1 | **2** | 3 |").splitlines()[-1].split() == ["1", "**2**", "|", "3"]


def test_names_are_hushed_where_they_would_notify_people() -> None:
    ((text, entities),) = render("👩 hi @ada and `@code`, **@ben** a@b.example", quiet=True)
    assert text == "👩 hi @\u2060ada and @code, @\u2060ben a@b.example"
    assert [(entity["type"], entity["offset"], entity["length"]) for entity in entities] == [
        ("code", 16, 5),
        ("bold", 23, 5),
    ]
    assert text_of("hi @ada") == "hi @ada"


def test_headings_carry_no_ornaments() -> None:
    assert text_of("# Title\n\ntext") == "Title\n\ntext"


def test_a_text_that_is_all_markup_is_sent_as_it_is() -> None:
    assert render("```python") == [("```python", [])]


def test_blank_markdown_is_no_message() -> None:
    assert render("") == []
    assert render(" \n\n ") == []


def test_a_long_answer_comes_in_parts_with_its_code_in_code() -> None:
    parts = render("intro\n\n```py\n" + "x = 1\n" * 2000 + "```\n\nend")
    assert len(parts) == 3
    assert all(entities[0]["language"] == "py" for _, entities in parts)


def test_lone_surrogates_and_nul_are_harmless() -> None:
    assert text_of("a\ud800b\0c") == "a?bc"


def test_a_defect_in_the_renderer_costs_only_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr(markup, "_formatted", broken)
    assert render("**x**") == [("**x**", [])]


def test_plain_marks_nothing() -> None:
    assert plain("**x**") == [("**x**", [])]


def test_rendering_is_not_loaded_at_start() -> None:
    code = "import sys, adapters.telegram.platform; sys.exit('telegramify_markdown' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "noise", ["`" * 3000, "*" * 3000, "[" * 3000, "> " * 1000, "- " * 500, "<" * 3000, "~a" * 2000]
)
def test_pathological_markdown_is_rendered_in_time(noise: str) -> None:
    assert render(noise + " end")


words = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
pieces = st.sampled_from([
    "**{}**", "*{}*", "`{}`", "~~{}~~", "[{}](https://example.org)", "[{}](javascript:1)", "# {}\n", "> {}\n", "- {}\n",
    "\n\n", "```\n{}\n```\n", "<{}>", "||{}||", "$ {} $", r"\({}\)", "| {} | 1 |\n|--|--|\n", "1. {}\n", "👩‍🔬{}",
    "  {}\n", "[{}]: x\n", "![{}](https://example.org/i.png)", "**{}", "`{}", "\n    {}\n", "<b>{}</b>", "{}\\",
    "- [ ] {}\n",
])  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str]]:
    chosen = draw(st.lists(pieces, min_size=1, max_size=14))
    filled = [(piece, draw(words)) for piece in chosen]
    text = " ".join(piece.replace("{}", word) for piece, word in filled)
    return text, [word for piece, word in filled if "{}" in piece]


@given(documents())
@example(("| a | b |\n|--|--|\n|| [c](https://example.org) |", ["a", "b", "c"]))
@settings(max_examples=200, deadline=None)
def test_every_visible_word_survives_in_order(document: tuple[str, list[str]]) -> None:
    markdown, expected = document
    text = " ".join(part for part, _ in render(markdown))
    at = 0
    for word in expected:
        at = text.find(word, at)
        assert at >= 0, (word, markdown, text)
        at += len(word)


def valid(part: Formatted) -> bool:
    text, entities = part
    units = utf16_len(text)
    inside = all(e["offset"] >= 0 and e["length"] > 0 and e["offset"] + e["length"] <= units for e in entities)
    heavy = sum(entity["type"] in UNSPLITTABLE for entity in entities)
    return inside and bool(text.strip()) and units <= LIMIT and heavy <= MOST_ENTITIES


@given(documents(), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_every_part_is_one_telegram_accepts(document: tuple[str, list[str]], times: int) -> None:
    assert all(valid(part) for part in render((document[0] + "\n\n") * times))


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_renders_to_valid_parts(text: str) -> None:
    assert all(valid(part) for part in render(text))
