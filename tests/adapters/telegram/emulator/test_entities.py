"""Entities as the server keeps them, and the ones it refuses."""

from typing import Any

import pytest

from adapters.telegram.emulator import Person
from tests.adapters.telegram.emulator.client import Api

Json = dict[str, Any]


def entity(kind: str, offset: int, length: int, **extra: Any) -> Json:
    return {"type": kind, "offset": offset, "length": length, **extra}


async def kept(api: Api, text: str, *entities: Json) -> list[Json]:
    message = await api.result("sendMessage", chat_id=11, text=text, entities=list(entities))
    found: list[Json] = message.get("entities", [])
    return found


async def refused(api: Api, text: str, *entities: Json) -> str:
    return await api.refusal("sendMessage", chat_id=11, text=text, entities=list(entities))


async def test_offsets_count_utf16_units(api: Api, ada: Person) -> None:
    assert await kept(api, "😀 bold", entity("bold", 3, 4)) == [entity("bold", 3, 4)]


@pytest.mark.parametrize(
    ("offset", "length", "reason"),
    [
        (6, 1, "entity begins after the end of the text at UTF-16 offset 6"),
        (
            0,
            6,
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 6",
        ),
        (1, 1, "entity begins in a middle of a UTF-16 symbol at UTF-16 offset 1"),
        (0, 1, "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at UTF-16 offset 1"),
        (-1, 1, "receive an entity with incorrect offset -1"),
    ],
)
async def test_an_entity_outside_the_text_is_refused(
    api: Api, ada: Person, offset: int, length: int, reason: str
) -> None:
    assert await refused(api, "😀abc", entity("bold", offset, length)) == f"400 Bad Request: {reason}"


async def test_an_unknown_type_is_refused(api: Api, ada: Person) -> None:
    refusal = await refused(api, "abc", entity("sparkle", 0, 1))
    assert refusal == "400 Bad Request: can't parse MessageEntity: Unsupported type specified"


async def test_an_empty_entity_is_dropped(api: Api, ada: Person) -> None:
    assert await kept(api, "abc", entity("bold", 1, 0)) == []


async def test_a_crossing_style_is_cut_at_the_link(api: Api, ada: Person) -> None:
    link = entity("text_link", 0, 5, url="https://example.com/")
    found = await kept(api, "hello world", link, entity("bold", 3, 5))
    assert found == [link, entity("bold", 3, 2), entity("bold", 5, 3)]


async def test_nothing_lies_inside_code(api: Api, ada: Person) -> None:
    found = await kept(api, "hello world", entity("bold", 0, 11), entity("code", 3, 3))
    assert found == [entity("bold", 0, 3), entity("code", 3, 3), entity("bold", 6, 5)]


async def test_a_link_over_code_gives_way(api: Api, ada: Person) -> None:
    link = entity("text_link", 0, 5, url="https://example.com/")
    assert await kept(api, "hello", link, entity("code", 0, 5)) == [entity("code", 0, 5)]


async def test_quotes_hold_code_but_no_quotes(api: Api, ada: Person) -> None:
    quote = entity("blockquote", 0, 11)
    found = await kept(api, "hello world", quote, entity("code", 0, 5), entity("blockquote", 6, 5))
    assert found == [quote, entity("code", 0, 5)]


async def test_more_than_a_hundred_marks_are_dropped_in_silence(api: Api, ada: Person) -> None:
    marks = [entity("code", 2 * number, 1) for number in range(120)]
    assert len(await kept(api, "x " * 119 + "x", *marks)) == 100


async def test_styles_do_not_count_towards_the_hundred(api: Api, ada: Person) -> None:
    marks = [entity("bold", 2 * number, 1) for number in range(120)]
    assert len(await kept(api, "x " * 119 + "x", *marks)) == 120


@pytest.mark.parametrize("url", ["javascript:1", "/relative", "http://localhost", "ftp://example.com"])
async def test_a_bad_link_fails_the_whole_message(api: Api, ada: Person, url: str) -> None:
    refusal = await refused(api, "abc", entity("text_link", 0, 3, url=url))
    assert refusal.startswith(f"400 Bad Request: entity URL '{url}' is invalid: ")


async def test_a_user_link_becomes_a_mention(api: Api, ada: Person) -> None:
    [mention] = await kept(api, "Ada", entity("text_link", 0, 3, url="tg://user?id=11"))
    assert (mention["type"], mention["user"]["first_name"]) == ("text_mention", "Ada")


async def test_a_link_to_an_unknown_user_is_refused(api: Api, ada: Person) -> None:
    refusal = await refused(api, "who", entity("text_link", 0, 3, url="tg://user?id=404"))
    assert refusal == "400 Bad Request: user not found"


async def test_trimming_moves_and_clips_entities(api: Api, ada: Person) -> None:
    found = await kept(api, "  hi bold  ", entity("bold", 5, 6))
    assert found == [entity("bold", 3, 4)]


async def test_links_and_mentions_are_found_outside_code(api: Api, ada: Person) -> None:
    found = await kept(api, "@ada_ see https://example.com/x and @ben_", entity("code", 36, 5))
    assert [one["type"] for one in found] == ["mention", "url", "code"]
