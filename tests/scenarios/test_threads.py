"""Threads of Slack's channels: followed without a mention where the bot was asked something, and nowhere else."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from adapters.slack.emulator import Channel, Message, Person
from bot.domain.access import AccessPolicy
from bot.storage import Storage
from bot.storage.tables import inbox
from tests.conftest import Core, make_core
from tests.scenarios.office import Office, office_of


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with office_of(follow=True) as one:
        yield one


@pytest.fixture
def ada(office: Office) -> Person:
    return office.slack.person("U1", name="ada")


@pytest.fixture
def ben(office: Office) -> Person:
    return office.slack.person("U2", name="ben")


@pytest.fixture
def general(office: Office, ada: Person, ben: Person) -> Channel:
    return office.slack.channel("C1", "general", members=[ada, ben])


async def stored(core: Core) -> int:
    """How many arrivals there are, whatever became of them."""
    async with core.storage.begin() as work:
        counted = sa.select(sa.func.count()).select_from(inbox)
        return int((await work.inbox._connection.execute(counted)).scalar_one())


async def delivered(office: Office) -> None:
    """Everything that was said is with the bot."""
    await office.until(lambda: office.slack.unacknowledged == 0)


def texts(messages: list[Message]) -> list[str]:
    return [one.visible for one in messages]


async def test_whoever_is_in_the_thread_goes_on_without_a_mention(
    storage: Storage, office: Office, ada: Person, ben: Person, general: Channel
) -> None:
    core = make_core(storage, others=[office.platform])
    async with office.open(core):
        root = await ada.says("<@UBOT> one", general)
        await office.said(general, 1)
        await ben.says("two", general, root)
        _, second = await office.said(general, 2)
    assert (second.visible, second.thread_ts) == ("echo: two", root)


async def test_what_people_say_elsewhere_is_not_even_stored(
    storage: Storage, office: Office, ada: Person, ben: Person, general: Channel
) -> None:
    core = make_core(storage, others=[office.platform])
    async with office.open(core):
        root = await ada.says("lunch?", general)
        await ben.says("yes", general, root)
        await ada.says("<@UBOT> hello", general)
        await office.said(general, 1)
        await delivered(office)
    assert texts(office.by_bot(general)) == ["echo: hello"]
    assert await stored(core) == 1


async def test_a_reply_that_names_somebody_else_is_theirs(
    storage: Storage, office: Office, ada: Person, general: Channel
) -> None:
    core = make_core(storage, others=[office.platform])
    async with office.open(core):
        root = await ada.says("<@UBOT> one", general)
        await office.said(general, 1)
        await ada.says("<@U2> what do you think?", general, root)
        await ada.says("two", general, root)
        await office.said(general, 2)
        await delivered(office)
    assert texts(office.by_bot(general)) == ["echo: one", "echo: two"]


async def test_a_reply_right_after_the_mention_is_followed_too(
    storage: Storage, office: Office, ada: Person, general: Channel
) -> None:
    """Before anything of the thread was handled."""
    core = make_core(storage, others=[office.platform])
    async with office.open(core):
        root = await ada.says("<@UBOT> one", general)
        await delivered(office)
        await ada.says("two", general, root)
        await office.said(general, 2)
    assert texts(office.by_bot(general)) == ["echo: one", "echo: two"]


@pytest.mark.parametrize("who", [{"is_guest": True}, {"team": "T2"}])
async def test_guests_and_other_organisations_who_talk_among_themselves_are_left_alone(
    storage: Storage, office: Office, ada: Person, who: dict[str, object]
) -> None:
    core = make_core(storage, others=[office.platform], policy=AccessPolicy())
    eve = office.slack.person("U9", name="eve", **who)  # type: ignore[arg-type]
    room = office.slack.channel("C2", "shared", members=[ada, eve], shared=True)
    async with office.open(core):
        root = await ada.says("<@UBOT> one", room)
        await office.said(room, 1)
        await eve.says("and I?", room, root)
        await eve.says("<@UBOT> and I?", room, root)
        _, refused = await office.said(room, 2)
        await ada.says("two", room, root)
        await office.said(room, 3)
    assert texts(office.by_bot(room))[0::2] == ["echo: one", "echo: two"]
    assert "echo" not in refused.visible


async def test_an_app_that_does_not_follow_waits_for_its_name(storage: Storage) -> None:
    async with office_of() as office:
        ada = office.slack.person("U1", name="ada")
        room = office.slack.channel("C1", "general", members=[ada])
        core = make_core(storage, others=[office.platform])
        async with office.open(core):
            root = await ada.says("<@UBOT> one", room)
            await office.said(room, 1)
            await ada.says("two", room, root)
            await ada.says("<@UBOT> three", room, root)
            await office.said(room, 2)
            await delivered(office)
        assert texts(office.by_bot(room)) == ["echo: one", "echo: three"]


async def test_files_are_shared_in_the_thread_by_both_sides(
    storage: Storage, office: Office, ada: Person, general: Channel
) -> None:
    core, slack = make_core(storage, others=[office.platform]), office.slack
    async with office.open(core):
        root = await ada.says("<@UBOT> one", general)
        await office.said(general, 1)
        await ada.says("export json", general, root)
        await office.until(lambda: any(one.files for one in office.by_bot(general)))
        (shared,) = (one for one in office.by_bot(general) if one.files)
        content = slack.uploaded(shared.files[0]["id"]) or b""
        assert (shared.thread_ts, b"echo: one" in content) == (root, True)
        await ada.says("import", general, root, files=(slack.file("one.json", content),))
        told = await office.told(general, "Imported: 1 question.")
    assert told.thread_ts == root
