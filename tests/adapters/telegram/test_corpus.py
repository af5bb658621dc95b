"""The examples of CommonMark and models' worst answers, sent to Telegram and read there."""

import time
from collections import Counter
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.telegram.emulator import Chat, Person, TelegramEmulator
from adapters.telegram.emulator.entities import check, covered, find, mend
from adapters.telegram.emulator.values import Message
from adapters.telegram.growing import preview
from adapters.telegram.markup import render
from adapters.telegram.outbound import parts_of
from adapters.telegram.platform import TelegramPlatform
from adapters.telegram.rich import rich
from adapters.telegram.splitting import LIMIT, utf16_len
from bot.domain.completions import is_blank
from bot.domain.names import shown
from bot.domain.people import Identity, Sender
from bot.domain.updates import Place, Update
from bot.texts import code, text
from bot.texts.catalogues import Catalogues
from tests.adapters.telegram.conftest import ManualClock
from tests.markdown.corpus import DISGUISES, FETCHES, HOMOGRAPHS, NASTY, OTHER_WAYS, PINGS, SHORT, TABLES
from tests.markdown.visible import examples, missing, squeezed, visible, words

PRIVATE = Place(platform="telegram", chat="11", private=True)
GROUP = Place(platform="telegram", chat="-1001", private=False)
PREVIEWED = {**NASTY, **{text: text for text in (*PINGS, *DISGUISES, *FETCHES)}}
PROSE_THAT_LOOKS_LIKE_A_DEFINITION = {216, 534, 535, 564}
"""Examples with `[foo]: /url`: we show it, as models write `[INFO]: started`, and so read the marks beside it anew."""


@pytest.fixture
def team(tg: TelegramEmulator, ada: Person) -> Chat:
    return tg.group(id=-1001, title="Team", members=[ada])


async def sent(
    tg: TelegramEmulator, platform: TelegramPlatform, markdown: str, place: Place = PRIVATE
) -> list[Message]:
    """The messages that stand there. Nothing may have been refused on the way, and then sent some other way."""
    tg.calls.clear()
    parts = parts_of(place, markdown)
    numbers = [int(await platform.deliver(part)) for part in parts]
    assert len(tg.calls) == len(parts), markdown
    standing = {message.id: message for message in tg.world.chats[int(place.chat)].messages.values()}
    return [standing[number] for number in numbers]


def read(messages: list[Message]) -> str:
    return "\n".join(message.text for message in messages)


@pytest.mark.node
@pytest.mark.timeout(180)
async def test_every_example_of_commonmark_reaches_its_reader_whole(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, pytestconfig: pytest.Config
) -> None:
    assert pytestconfig.cache is not None
    found = examples(pytestconfig.cache)
    assert len(found) >= 650
    for example in found:
        text = read(await sent(tg, platform, example.markdown))
        assert not missing(words(example.visible), text), example
        if example.number not in PROSE_THAT_LOOKS_LIKE_A_DEFINITION:
            assert not missing(squeezed(example.visible), text), example


@pytest.mark.parametrize("name", NASTY)
async def test_nasty_answers_are_accepted_and_lose_no_word(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, name: str
) -> None:
    text = read(await sent(tg, platform, NASTY[name]))
    wanted = words(visible(NASTY[name]))
    if name in TABLES:
        assert not Counter(wanted) - Counter(text)
    else:
        assert not missing(wanted, text)


@pytest.mark.parametrize("name", NASTY)
async def test_entities_stay_with_their_words_in_every_part(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, name: str
) -> None:
    for part, message in zip(parts_of(PRIVATE, NASTY[name]), await sent(tg, platform, NASTY[name]), strict=True):
        ours = {covered(part["text"], entity).strip() for entity in part.get("entities", [])}
        theirs = {
            covered(message.text, entity).strip() for entity in message.entities if entity["type"] in {"pre", "code"}
        }
        assert theirs <= ours


@pytest.mark.parametrize("text", PINGS)
async def test_no_answer_notifies_anybody(
    tg: TelegramEmulator, team: Chat, platform: TelegramPlatform, text: str
) -> None:
    messages = await sent(tg, platform, text, GROUP)
    kinds = {entity["type"] for message in messages for entity in message.entities}
    assert not kinds & {"mention", "text_mention"}
    assert not missing(words(visible(text)), read(messages))


@pytest.mark.parametrize("markdown", DISGUISES)
async def test_no_link_hides_where_it_leads(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, markdown: str
) -> None:
    for message in await sent(tg, platform, markdown):
        if any("evil.example" in entity.get("url", "") for entity in message.entities):
            assert "evil.example" in message.text


@pytest.mark.parametrize(("markdown", "spelled"), HOMOGRAPHS.items())
async def test_letters_that_pass_for_others_are_spelled(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, *, markdown: str, spelled: str
) -> None:
    assert f"({spelled})" in read(await sent(tg, platform, markdown))


@pytest.mark.parametrize("markdown", FETCHES)
async def test_nothing_that_a_model_wrote_is_fetched(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, markdown: str
) -> None:
    assert all(not message.media for message in await sent(tg, platform, markdown))
    assert [call.params.get("link_preview_options") for call in tg.calls] == [{"is_disabled": True}] * len(tg.calls)
    assert "example.org" in markdown or rich(markdown) is None


@pytest.mark.parametrize("url", OTHER_WAYS)
@pytest.mark.parametrize("markdown", ["[x](<{}>)", "![x](<{}>)", "[x]: <{}>\n\n[x]", "<{}>", "| [x](<{}>) |\n|---|"])
async def test_no_link_leads_into_an_app(
    tg: TelegramEmulator, ada: Person, platform: TelegramPlatform, *, markdown: str, url: str
) -> None:
    for message in await sent(tg, platform, markdown.format(url)):
        kinds = {entity["type"]: entity.get("url", "https://") for entity in message.entities}
        assert kinds.get("text_link", "https://").startswith("https://")
        assert not kinds.keys() & {"text_mention", "custom_emoji"}


@pytest.mark.parametrize("name", PINGS)
async def test_no_name_of_a_person_notifies_anybody(
    tg: TelegramEmulator, team: Chat, platform: TelegramPlatform, name: str
) -> None:
    asked = text("{person} would like to use this bot.", person=code(shown(name)))
    messages = await sent(tg, platform, Catalogues("en", UTC).of(None).render(asked), GROUP)
    assert not {entity["type"] for message in messages for entity in message.entities} & {"mention", "text_mention"}


@pytest.mark.parametrize("text", [one for one in (*PINGS, *DISGUISES) if len(one) < SHORT])
def test_an_answer_that_grows_letter_by_letter_rings_and_hides_nothing(text: str) -> None:
    for size in range(1, len(text)):
        shown_now, entities = preview(text[:size], quiet=True)
        assert not [one for one in mend([*entities, *find(shown_now)]) if "mention" in one["type"]]
        assert all(one.get("url", "https://").startswith("http") for one in entities)
        if any("evil.example" in one.get("url", "") for one in entities):
            assert "evil.example" in shown_now


@pytest.mark.parametrize(
    "piece", ["[", "![a](", "**", "`", "> ", "1. ", "- a\n  ", "|a", "|a|\n|-|\n", "\\(", "$", "<", "&", "[a]: ", "<b>"]
)
def test_an_answer_made_to_take_long_does_not(piece: str) -> None:
    markdown = piece * (20_000 // len(piece))
    began = time.process_time()
    parts = render(markdown, quiet=True)
    preview(markdown)
    rich(markdown)
    assert time.process_time() - began < 3
    assert len(parts) <= 20


@pytest.mark.parametrize(
    "markdown", ["1. " * 4000, "|" + "n" * 3000 + "|\n|-|\n" + "|a|\n" * 2000], ids=["lists in lists", "a long head"]
)
def test_a_short_answer_does_not_fill_a_chat(markdown: str) -> None:
    assert len(render(markdown)) < 10


@pytest.mark.parametrize("place", [PRIVATE, GROUP], ids=["private", "group"])
@pytest.mark.parametrize("name", PREVIEWED)
async def test_previews_are_accepted_and_notify_nobody(
    tg: TelegramEmulator, team: Chat, platform: TelegramPlatform, *, clock: ManualClock, name: str, place: Place
) -> None:
    text, sender = PREVIEWED[name], Sender(identity=Identity(platform="telegram", user="11"), name="Ada")
    reply = platform.reply(Update(sender=sender, place=place, text="?", message="1"))
    for size in (len(text) // 3, len(text) // 2, len(text)):
        await reply.show(text[:size])
        clock.seconds += 10
    assert {call.status for call in tg.calls} <= {200}
    assert not [one for one in tg.messages(team) for entity in one.entities if "mention" in entity["type"]]


FRAGMENTS = st.one_of(
    st.sampled_from([text for name, text in NASTY.items() if len(text) < 600 and name not in TABLES]),
    st.sampled_from(
        ["**", "*", "_", "~~", "`", "```\n", "> ", "- ", "1. ", "# ", "\n", "\n\n", "    ", "\\", "<", ">"]
    ),
    st.sampled_from(["](https://example.org) ", "[", "![", "|", "&amp;", "\u200d", "\u05d0", "👩‍🔬", "文", "\t"]),
    st.from_regex(r"[a-zA-Z0-9]{1,8}", fullmatch=True),
)


@pytest.mark.parametrize("quiet", [False, True])
@given(markdown=st.lists(FRAGMENTS, max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_letter_of_prose_is_lost(*, markdown: str, quiet: bool) -> None:
    text = "".join(text for text, _ in render(markdown, quiet=quiet))
    assert not missing(words(visible(markdown)), text)


@given(st.lists(FRAGMENTS, max_size=12).map("".join), st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_previews_are_never_refused(markdown: str, times: int) -> None:
    text, entities = preview(markdown * times)
    assert utf16_len(text) <= LIMIT
    assert text == "" or not is_blank(text)
    assert check(text, entities, lambda _: None) or not entities
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        edges = (entity["offset"], entity["offset"] + entity["length"])
        assert all(units[: 2 * edge].decode("utf-16-le") for edge in edges if edge)
