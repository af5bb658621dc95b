import pytest

from adapters.telegram.emulator import Fault, Person, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.domain.people import Identity
from bot.domain.updates import Place

ADA = Identity(platform="telegram", user="11")
TEAM = Place(platform="telegram", chat="-1001", private=False)


@pytest.mark.parametrize("admin", [True, False])
async def test_admins_run_their_group(
    tg: TelegramEmulator,
    platform: TelegramPlatform,
    ada: Person,
    admin: bool,  # noqa: FBT001
) -> None:
    team = tg.group(id=-1001, title="Team", members=(ada,))
    if admin:
        team.admins.add(ada.id)
    assert await platform.presides(ADA, TEAM) is admin


async def test_whoever_speaks_anonymously_is_an_admin(platform: TelegramPlatform) -> None:
    assert await platform.presides(Identity(platform="telegram", user="-1001"), TEAM)


async def test_whom_telegram_does_not_tell_about_runs_nothing(
    tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
) -> None:
    tg.group(id=-1001, title="Team", members=(ada,)).admins.add(ada.id)
    tg.faults.next("getChatMember", Fault(status=500))
    assert not await platform.presides(ADA, TEAM)


async def test_a_topic_in_private_is_renamed_and_cut_to_what_telegram_takes(
    platform: TelegramPlatform, ada: Person
) -> None:
    topic = ada.opens_topic("New", implicit=True)
    await platform.entitle(Place(platform="telegram", chat="11", thread=str(topic), private=True), "E" * 200)
    assert ada.chat.topics[topic] == "E" * 128


async def test_what_cannot_be_renamed_stays_as_it_is(
    tg: TelegramEmulator, platform: TelegramPlatform, ada: Person
) -> None:
    forum = tg.group(id=-1001, title="Team", members=(ada,), forum=True)
    tg.promote_bot(forum, by=ada)
    topic = ada.opens_topic("Ours", chat=forum)
    await platform.entitle(Place(platform="telegram", chat="-1001", thread=str(topic), private=False), "Eggs")
    await platform.entitle(Place(platform="telegram", chat="11", thread="99", private=True), "Eggs")
    await platform.entitle(Place(platform="telegram", chat="11", private=True), "Eggs")
    assert forum.topics == {topic: "Ours"}
