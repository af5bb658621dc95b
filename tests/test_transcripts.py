"""Conversations as files: whole, harmless, and only one's own in a group."""

import json
from html.parser import HTMLParser

import pytest

from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.transcripts.record import FORMAT
from tests.conftest import Core, make_core

MANY: dict[Meter, int | None] = {"messages": None, "tokens": None}
HOSTILE = "</title><script>alert(1)</script>\n```\n</pre><img src=x onerror=alert(1)>\n```\n\"'&"


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, daily=MANY)


def file(core: Core) -> tuple[str, str]:
    """Name and content of what came with the last answer."""
    (sent,) = core.platform.files[-1]
    return sent.name, sent.content.decode()


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


async def test_json_has_every_branch(core: Core) -> None:
    await core.say("ada", "/new Numbers")
    core.model.script = [("first",), ("second",)]
    for words in ("one", "/retry", "/export json"):
        await core.say("ada", words)
    name, content = file(core)
    record = json.loads(content)
    assert (name, record["format"], record["title"]) == ("Numbers.json", FORMAT, "Numbers")
    assert [(turn["answer"], turn["state"], turn["replaced_by"]) for turn in record["turns"]] == [
        ("first", "replaced", 1),
        ("second", "answered", None),
    ]


async def test_markdown_is_questions_as_quotes_and_answers_as_they_came(core: Core) -> None:
    core.model.script = [("**bold**",)]
    await core.say("ada", "two\nlines")
    await core.say("ada", "/export md")
    name, content = file(core)
    assert name == "conversation.md"
    assert "> two\n> lines\n\n### 🤖\n\n**bold**\n" in content


async def test_a_page_holds_nothing_that_acts_or_loads(core: Core) -> None:
    core.model.script = [(HOSTILE,)]
    await core.say("ada", f"/new {HOSTILE}")
    await core.say("ada", HOSTILE)
    await core.say("ada", "/export html")
    page = Tags(file(core)[1])
    assert page.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "time",
        "article",
        "div",
        "pre",
    }
    assert page.attributes <= {"charset", "http-equiv", "content", "name", "class"}


async def test_a_page_shows_code_as_code(core: Core) -> None:
    core.model.script = [("see\n```python\nx < 1\n```\nthere",)]
    await core.say("ada", "code")
    await core.say("ada", "/export html")
    assert '<div class="answer">see\n<pre>x &lt; 1\n</pre>there</div>' in file(core)[1]


async def test_it_asks_for_the_form(core: Core) -> None:
    await core.say("ada", "one")
    await core.say("ada", "/export")
    assert core.platform.labels[-1] == ["md", "html", "json"]
    await core.click("ada", "html")
    assert file(core)[0] == "conversation.html"


async def test_in_a_group_one_gets_ones_own_questions(core: Core) -> None:
    await core.say("ada", "adas", chat="team")
    await core.say("ben", "bens", chat="team")
    await core.say("ada", "/export json", chat="team")
    assert [turn["question"] for turn in json.loads(file(core)[1])["turns"]] == ["adas"]


async def test_an_empty_conversation_is_no_file(core: Core) -> None:
    assert await core.say("ada", "/export md") == "There is nothing in this conversation yet."
