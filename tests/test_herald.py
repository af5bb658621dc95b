"""Broadcasts: everybody who wants them gets them once, at the platform's pace, whatever dies in between."""

import pytest

from bot.domain.access import AccessPolicy
from bot.domain.people import Identity
from bot.errors import RecipientGone
from bot.storage import Storage
from bot.storage.tables import BroadcastState
from tests.conftest import ADMIN, Core, make_core

PEOPLE = ("ada", "ben", "carl", "dora", "eve")


async def met(core: Core) -> Core:
    for user in PEOPLE:
        await core.say(user, "/start")
    await core.say(ADMIN, "/start")
    core.platform.sent.clear()
    core.platform.buttons.clear()
    core.platform.labels.clear()
    return core


@pytest.fixture
async def crowd(core: Core) -> Core:
    """A core that five people and an admin have met."""
    return await met(core)


async def broadcast(core: Core, said: str = "Cake at four.") -> None:
    """Write and send one."""
    await core.say(ADMIN, f"/broadcast {said}")
    await core.click(ADMIN, "📣 Send", chat=ADMIN)


async def tick(core: Core, times: int = 1) -> None:
    """So many seconds pass."""
    for _ in range(times):
        await core.herald.step()
        await core.work()


def readers(core: Core) -> list[str]:
    """Who has read the broadcast, in order."""
    return [chat for chat, said in core.platform.sent if said.startswith("📣 Cake at four.")]


async def test_it_is_shown_first_and_sent_after_a_click(crowd: Core) -> None:
    preview = await crowd.say(ADMIN, "/broadcast Cake at four.")
    assert preview.startswith("About 6 people would read:\n📣 Cake at four.\n/notices off ends messages like this.")
    await tick(crowd, 3)
    assert readers(crowd) == []
    answer = await crowd.click(ADMIN, "📣 Send", chat=ADMIN)
    assert "on its way" in answer
    assert "No. 1 in the audit log." in answer
    await tick(crowd, 4)
    assert sorted(readers(crowd)) == sorted((*PEOPLE, ADMIN))


async def test_it_keeps_the_platforms_pace(crowd: Core) -> None:
    await broadcast(crowd)
    await tick(crowd)
    assert len(readers(crowd)) == 3
    await tick(crowd)
    assert len(readers(crowd)) == 6


async def test_its_lines_are_kept_and_its_author_told_how_it_went(crowd: Core) -> None:
    await broadcast(crowd, "Cake at four.\n\nBring forks.")
    await tick(crowd, 4)
    assert ("ada", "📣 Cake at four.\n\nBring forks.\n/notices off ends messages like this.") in crowd.platform.sent
    assert crowd.platform.sent[-1] == (
        ADMIN, "📣 Broadcast no. 1 is out: 6 delivered, 0 could not be delivered.",
    )  # fmt: skip


async def test_whoever_wants_none_gets_none(crowd: Core) -> None:
    assert "no more messages" in await crowd.say("ada", "/notices off")
    await crowd.say("ben", "/notices off")
    await crowd.say("ben", "/notices on")
    await broadcast(crowd)
    await tick(crowd, 4)
    assert "ada" not in readers(crowd)
    assert "ben" in readers(crowd)


async def test_blocked_people_and_newcomers_get_none(storage: Storage) -> None:
    core = await met(make_core(storage, policy=AccessPolicy(entry="approval")))
    await core.say(ADMIN, "/role fake:ben member")
    await core.say(ADMIN, "/role fake:carl member")
    await core.say(ADMIN, "/block @carl")
    await core.click(ADMIN, "⛔ Block")
    await broadcast(core)
    await tick(core, 4)
    assert sorted(readers(core)) == ["ben", ADMIN]


async def test_one_person_with_two_identities_reads_it_once(crowd: Core) -> None:
    code = (await crowd.say("ada", "/link")).split("/link ")[1].split("`")[0]
    await crowd.say("ben", f"/link {code}")
    await crowd.click("ben", "Join")
    await broadcast(crowd)
    await tick(crowd, 4)
    assert readers(crowd).count("ada") == 1
    assert "ben" not in readers(crowd)


async def test_after_a_crash_it_goes_on_where_it_was(crowd: Core, storage: Storage) -> None:
    await broadcast(crowd)
    await tick(crowd)
    await crowd.herald.step()  # handed over, and then the process dies
    heir = make_core(storage)
    await heir.recover()
    await tick(heir, 3)
    assert sorted([*readers(crowd), *readers(heir)]) == sorted((*PEOPLE, ADMIN))


async def test_what_cannot_be_delivered_is_counted(crowd: Core) -> None:
    await broadcast(crowd)
    crowd.platform.failures = [RecipientGone("blocked the bot")]
    await tick(crowd, 4)
    assert "5 delivered, 1 could not be delivered" in crowd.platform.sent[-1][1]


async def test_a_click_twice_sends_once(crowd: Core) -> None:
    await broadcast(crowd)
    await crowd.click(ADMIN, "📣 Send", chat=ADMIN)
    await tick(crowd, 5)
    assert len(readers(crowd)) == 6
    assert "sent" in await crowd.click(ADMIN, "📣 Send", chat=ADMIN)
    await tick(crowd, 3)
    assert len(readers(crowd)) == 6


async def test_a_draft_that_was_discarded_is_not_sent(crowd: Core) -> None:
    await crowd.say(ADMIN, "/broadcast Cake at four.")
    assert "discarded" in await crowd.click(ADMIN, "Discard", chat=ADMIN)
    assert "discarded" in await crowd.click(ADMIN, "📣 Send", chat=ADMIN)
    await tick(crowd, 3)
    assert readers(crowd) == []


async def test_it_can_be_stopped_on_its_way(crowd: Core) -> None:
    await broadcast(crowd)
    await tick(crowd)
    assert "stopped\n3 of 6 people" in await crowd.click(ADMIN, "Stop it", chat=ADMIN)
    await tick(crowd, 3)
    assert len(readers(crowd)) == 3


async def test_how_far_it_is_can_be_asked(crowd: Core) -> None:
    assert "Nothing has been broadcast" in await crowd.say(ADMIN, "/broadcast")
    await broadcast(crowd)
    await tick(crowd)
    assert "on its way\n3 of 6 people written to, 3 delivered" in await crowd.click(ADMIN, "How far?", chat=ADMIN)
    await tick(crowd, 4)
    assert "no. 1: sent" in await crowd.say(ADMIN, "/broadcast status")


async def test_another_admin_does_not_send_a_draft_by_the_button_of_its_author(crowd: Core) -> None:
    await crowd.say(ADMIN, "/role @ada admin")
    await crowd.click(ADMIN, "Make an admin")
    await crowd.say(ADMIN, "/broadcast Cake at four.")
    assert "for whoever asked" in await crowd.click("ada", "📣 Send", chat="ada")
    await tick(crowd, 2)
    assert readers(crowd) == []


async def test_nobody_but_an_admin_says_something_to_everybody(crowd: Core) -> None:
    await crowd.say(ADMIN, "/role @ada support")
    assert "Usage" in await crowd.say("ada", "/broadcast status of things")
    assert "do not know the command" in await crowd.say("ada", "/broadcast Cake at four.")
    assert "do not know the command" in await crowd.say("ben", "/broadcast send 1")


async def test_sending_is_on_record(crowd: Core) -> None:
    await broadcast(crowd)
    async with crowd.storage.begin() as work:
        (record,) = await work.audit.last(5)
        sending = await work.broadcasts.sending()
    assert (record.actor, record.action, record.subject) == ("fake:root", "broadcast.send", "broadcast:1")
    assert sending is not None
    assert sending.state == BroadcastState.SENDING


async def test_one_written_on_the_command_line_ends_without_a_message_to_nobody(crowd: Core) -> None:
    async with crowd.storage.begin() as work:
        author = Identity(platform="cli", user="root")
        number = await work.broadcasts.draft(author=author, said="Cake at four.", reach=6)
        await work.broadcasts.move(number, before=BroadcastState.DRAFT, after=BroadcastState.SENDING)
    await tick(crowd, 5)
    assert len(readers(crowd)) == 6
    async with crowd.storage.begin() as work:
        found = await work.broadcasts.get(number)
    assert found is not None
    assert found.state == BroadcastState.SENT
