"""Looking people up."""

import pytest

from bot.domain.people import Identity, Sender
from tests.conftest import ADMIN, Core


@pytest.fixture
async def met(core: Core) -> Core:
    """A core that Ada and Ben have spoken to."""
    for user in ("ada", "ben"):
        await core.say(user, "hello")
    return core


async def test_everybody_is_listed_with_id_and_role(met: Core) -> None:
    answer = await met.say(ADMIN, "/users")
    assert "3 identities" in answer
    assert [word for word in ("fake:ada", "@ben", "member", "owner") if word in answer] == [
        "fake:ada", "@ben", "member", "owner",
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["ADA", "fake:a", "аdа", "ad"])
async def test_people_are_found_by_any_part_of_name_username_or_id(met: Core, words: str) -> None:
    answer = await met.say(ADMIN, f"/users {words}")
    assert "fake:ada" in answer
    assert "fake:ben" not in answer


@pytest.mark.parametrize("words", ["%", "_", "\u200b", "nobody"])
async def test_what_nobody_is_called_finds_nobody(met: Core, words: str) -> None:
    assert "Nobody is called" in await met.say(ADMIN, f"/users {words}") or words == "\u200b"


async def test_many_people_come_in_pages(met: Core) -> None:
    async with met.storage.begin() as work:
        for number in range(40):
            identity = Identity(platform="fake", user=f"u{number:02}")
            await work.people.meet(Sender(identity=identity, name=f"Crowd {number:02}"))
    first = await met.say(ADMIN, "/users crowd")
    assert "40 identities" in first
    assert "Crowd 39" in first
    assert met.platform.labels[-1] == ["More →"]
    second = await met.click(ADMIN, "More →")
    assert "Crowd 24" in second
    assert met.platform.labels[-1] == ["← Back", "More →"]
    last = await met.click(ADMIN, "More →")
    assert "Crowd 00" in last
    assert met.platform.labels[-1] == ["← Back"]


async def test_one_person_is_told_with_use_and_role(met: Core) -> None:
    answer = await met.say(ADMIN, "/user @ada")
    assert "• `Ada (@ada, fake:ada)`" in answer
    assert "Role: member" in answer
    assert "Turns: 1, the last on" in answer
    assert "Messages today: 1 of 5" in answer
    assert met.platform.labels[-1] == ["What happened", "⛔ Block"]


async def test_a_person_is_blocked_from_their_card(met: Core) -> None:
    await met.say(ADMIN, "/user @ada")
    await met.click(ADMIN, "⛔ Block")
    assert "not blocked → blocked" in await met.click(ADMIN, "⛔ Block")
    assert "Blocked since" in await met.say(ADMIN, "/user @ada")


async def test_an_account_number_names_a_person(met: Core) -> None:
    number = (await met.say(ADMIN, "/user @ben")).split("`")[1]
    assert "fake:ben" in await met.say(ADMIN, f"/user {number}")
    assert "have not met `#9999`" in await met.say(ADMIN, "/user #9999")


async def test_a_card_is_for_one_person(met: Core) -> None:
    assert "Usage: `/user PERSON`" in await met.say(ADMIN, "/user @ada @ben")
    assert "Usage: `/user PERSON`" in await met.say(ADMIN, "/user")


async def test_whoever_the_settings_keep_out_is_not_shown_as_blocked(met: Core) -> None:
    await met.say("gus", "hello", belonging="guest")
    assert "fake:gus)`: kept out by the settings" in await met.say(ADMIN, "/users gus")
    assert "Role: kept out by the settings" in await met.say(ADMIN, "/user @gus")
