"""The examples of CommonMark and models' worst answers, sent to Slack and read there."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.emulator import Message, Person, SlackEmulator
from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.links import honest
from adapters.slack.markup import escape, joint, open_fence, settled, split
from adapters.slack.messages import content
from adapters.slack.outbound import parts
from adapters.slack.platform import SlackPlatform
from bot.domain.names import shown
from bot.domain.people import Identity, Sender
from bot.domain.updates import Place, Update
from bot.texts import code, text
from bot.texts.catalogues import Catalogues
from tests.adapters.slack.conftest import Make
from tests.fakes import FakeClock
from tests.markdown.corpus import DISGUISES, FETCHES, HOMOGRAPHS, NASTY, OTHER_WAYS, PINGS, SHORT
from tests.markdown.visible import examples, missing, squeezed, visible, words

CHANNEL = Place(platform="slack", chat="T1/C1", private=False)
DIRECT = Place(platform="slack", chat="T1/DU1", private=True)
PREVIEWED = {**NASTY, **{text: text for text in (*PINGS, *DISGUISES, *FETCHES)}}


@pytest.fixture(autouse=True)
def ada(slack: SlackEmulator) -> Person:
    person = slack.person("U1", name="ada")
    slack.channel("C1", "general", members=[person])
    slack.dm(person)
    return person


def asked(place: Place, message: str) -> Update:
    sender = Sender(identity=Identity(platform="slack", user="T1/U1"), name="ada")
    return Update(sender=sender, place=place, text="why?", message=message)


async def sent(slack: SlackEmulator, platform: SlackPlatform, markdown: str) -> list[Message]:
    """The messages that stand there. Nothing may have been refused on the way, and then sent some other way."""
    before = len(slack.calls)
    names = [await platform.deliver(part) for part in platform.parts(CHANNEL, markdown)]
    assert [call.error for call in slack.calls[before:]] == [None] * len(names), markdown
    standing = {message.ts: message for message in slack.messages("C1")}
    return [standing[name] for name in names]


def read(messages: Sequence[Message]) -> str:
    """What stands in the messages."""
    return _as_read(message.visible for message in messages)


def _as_read(texts: Iterable[str]) -> str:
    """Slack reads the Markdown of each message by itself, and takes its own `&lt;` for `<` in code too."""
    return "\n".join(visible(text).replace("&lt;", "<") for text in texts)


def accepted(markdown: str) -> str:
    """What would be read: Slack's rules for blocks, without its limits on how often one may call it."""
    blocks = [content(part["text"])["blocks"] for part in parts(CHANNEL, markdown)]
    return _as_read(block["text"] for message in blocks for block in check_blocks(message))


@pytest.mark.node
@pytest.mark.timeout(180)
def test_every_example_of_commonmark_reaches_its_reader_whole(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.cache is not None
    found = examples(pytestconfig.cache)
    assert len(found) >= 650
    for example in found:
        assert not missing(squeezed(visible(example.markdown)), accepted(example.markdown)), example


@pytest.mark.parametrize("name", NASTY)
async def test_nasty_answers_are_accepted_and_lose_no_word(
    slack: SlackEmulator, platform: SlackPlatform, name: str
) -> None:
    text = read(await sent(slack, platform, NASTY[name]))
    assert not missing(words(visible(NASTY[name])), text)


@pytest.mark.parametrize("text", PINGS)
async def test_no_answer_notifies_anybody(slack: SlackEmulator, platform: SlackPlatform, text: str) -> None:
    messages = await sent(slack, platform, text)
    assert [message.pings for message in messages] == [[] for _ in messages]
    assert [message.links for message in messages] == [[] for _ in messages]
    assert not missing(words(visible(text)), read(messages))


@pytest.mark.parametrize("name", PREVIEWED)
async def test_previews_notify_nobody_and_are_never_refused(
    slack: SlackEmulator, platform: SlackPlatform, ada: Person, name: str
) -> None:
    message = await ada.says("why?", "DU1")
    text, before = PREVIEWED[name], len(slack.calls)
    reply = platform.reply(asked(DIRECT, message))
    for size in (len(text) // 3, len(text) // 2, len(text)):
        await reply.show(text[:size])
    assert {call.error for call in slack.calls[before:]} <= {None}
    assert not [message for message in slack.messages("DU1") if message.from_bot and message.pings]
    await reply.close()


@pytest.mark.parametrize("name", PREVIEWED)
async def test_streams_notify_nobody_and_end_with_every_word(
    slack: SlackEmulator, make: Make, ada: Person, name: str
) -> None:
    text, clock = PREVIEWED[name], FakeClock()
    platform, thread = make(clock=clock), await ada.says("<@UBOT> why?", "C1")
    reply = platform.reply(asked(Place(platform="slack", chat="T1/C1", thread=thread, private=False), thread))
    for size in range(0, len(text), 1 if len(text) < SHORT else len(text) // 7 + 1):
        await reply.show(text[:size])
        assert not [message for message in slack.messages("C1", thread) if message.from_bot and message.pings]
        clock.pass_(seconds=1 if len(text) < SHORT else 5)
    for part in reply.parts(text):
        await platform.deliver(part)
    answer = [message for message in slack.messages("C1", thread) if message.from_bot]
    assert not missing(words(visible(text)), read(answer))
    assert "evil.example" in read(answer) or text not in DISGUISES


@pytest.mark.parametrize(("markdown", "spelled"), HOMOGRAPHS.items())
async def test_letters_that_pass_for_others_are_spelled(
    slack: SlackEmulator, platform: SlackPlatform, *, markdown: str, spelled: str
) -> None:
    assert f"({spelled})" in read(await sent(slack, platform, markdown))


@pytest.mark.parametrize("markdown", FETCHES)
async def test_nothing_that_a_model_wrote_is_fetched(
    slack: SlackEmulator, platform: SlackPlatform, markdown: str
) -> None:
    for message in await sent(slack, platform, markdown):
        assert not message.unfurls
        assert {block["type"] for block in message.blocks} == {"markdown"}


@pytest.mark.parametrize("url", OTHER_WAYS)
@pytest.mark.parametrize("markdown", ["[x](<{}>)", "![x](<{}>)", "[x]: <{}>\n\n[x]", "<{}>", "<{}|x>"])
async def test_a_link_into_an_app_is_seen_for_what_it_is(
    slack: SlackEmulator, platform: SlackPlatform, *, markdown: str, url: str
) -> None:
    messages = await sent(slack, platform, markdown.format(url))
    assert [message.links for message in messages] == [[] for _ in messages]
    assert url.strip("\x01") in read(messages)


@pytest.mark.parametrize("name", PINGS)
async def test_no_name_of_a_person_notifies_anybody(slack: SlackEmulator, platform: SlackPlatform, name: str) -> None:
    asked = text("{person} would like to use this bot.", person=code(shown(name)))
    messages = await sent(slack, platform, Catalogues("en", UTC).of(None).render(asked))
    assert [message.pings for message in messages] == [[]]


@pytest.mark.parametrize(
    "piece", ["[", "![a](", "**", "`", "```\n", "> ", "1. ", "|a", "|a|\n|-|\n", "<", "<!", "&", "[a]: ", "<https://"]
)
def test_an_answer_made_to_take_long_does_not(piece: str) -> None:
    markdown = piece * (40_000 // len(piece))
    began = time.process_time()
    made = parts(CHANNEL, markdown)
    escape(markdown[: settled(markdown)])
    assert time.process_time() - began < 3
    assert len(made) < 20


async def test_formulas_grow_in_one_stream(slack: SlackEmulator, make: Make, ada: Person) -> None:
    text, clock = r"Since \(a_1 * b\) and $$\int_0^1 x\,dx$$ are known, it follows.", FakeClock()
    platform, thread = make(clock=clock), await ada.says("<@UBOT> why?", "C1")
    reply = platform.reply(asked(Place(platform="slack", chat="T1/C1", thread=thread, private=False), thread))
    for size in range(5, len(text), 5):
        await reply.show(text[:size])
        clock.pass_(seconds=5)
    for part in reply.parts(text):
        await platform.deliver(part)
    assert read(slack.messages("C1", thread)[1:]).strip() == text
    assert "chat.update" not in {call.method for call in slack.calls}


def test_a_defect_in_a_parser_costs_only_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> str:
        raise RuntimeError("defect")

    monkeypatch.setattr("adapters.slack.outbound.honest", broken)
    assert [part["text"] for part in parts(CHANNEL, "**x** <!here>")] == ["**x** &lt;!here>"]


@pytest.mark.parametrize("markdown", DISGUISES)
def test_no_link_hides_where_it_leads(markdown: str) -> None:
    shown = visible(escape(honest(markdown)))
    assert "evil.example" in shown


def test_a_link_into_an_app_shows_its_address() -> None:
    assert honest("[click](slack://user?id=1) me") == "[click](slack://user?id=1) (slack://user?id=1) me"


@pytest.mark.parametrize(
    "markdown", ["[docs](https://example.org) `[bank.example](https://evil.example)` [a](b) é", "no link", "[x]: y"]
)
def test_honest_links_stay_as_they_are(markdown: str) -> None:
    assert honest(markdown) == markdown


def test_a_table_that_is_cut_goes_on_under_its_head() -> None:
    head = "| name | value |\n|---|---|\n"
    pieces = split(head + "".join(f"| row {n} | {n} |\n" for n in range(100)), 400)
    assert len(pieces) > 2
    assert all(piece.startswith(head) for piece in pieces)
    assert [f"| row {n} | {n} |" for n in range(100)] == [
        line for piece in pieces for line in piece.split("\n")[2:] if line
    ]


FRAGMENTS = st.one_of(
    st.sampled_from([text for text in [*PINGS, *DISGUISES, *NASTY.values()] if len(text) < 600]),
    st.sampled_from(["**", "`", "```\n", "~~~", "> ", "- ", "| a | b |\n", "|---|---|\n", "\n", "\n\n", "    ", "\\"]),
    st.sampled_from(["<", "<!", "<@", "](https://example.org)", "[", "&amp;", "&#60;", "&", "\u200d", "\u05d0", "文"]),
    st.from_regex(r"[a-zA-Z0-9]{1,8}", fullmatch=True),
)
TEXTS = st.lists(FRAGMENTS, max_size=12).map("".join)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_no_letter_of_prose_is_lost(markdown: str) -> None:
    assert not missing(words(visible(markdown)), visible(escape(honest(markdown))))


@given(TEXTS, st.integers(1, 100), st.integers(200, 2000))
@settings(max_examples=100, deadline=None)
def test_pieces_fit_and_have_all_the_words(markdown: str, times: int, limit: int) -> None:
    text = escape(markdown * times)
    pieces = split(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    assert not missing(words(text), "".join(pieces))


@given(TEXTS, st.integers(0, 400))
def test_no_preview_ends_within_an_entity(markdown: str, size: int) -> None:
    text = escape(markdown[: settled(markdown[:size])])
    until = joint(text)
    whole = [at for at in range(len(text)) if text.startswith(("&lt;", "&amp;", "&#60;"), at)]
    assert not any(at < until < text.index(";", at) + 1 for at in whole)


def test_every_piece_of_long_code_is_code() -> None:
    pieces = split(escape(NASTY["long code"]))
    assert len(pieces) > 1
    assert all(piece.startswith("```python\n") and open_fence(piece) is None for piece in pieces)
