"""Asking for more: admins get buttons, both sides hear how it ended."""

import asyncio

from bot.domain.people import Identity, Sender
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core
from tests.databases import on


def told(core: Core, user: str) -> list[str]:
    """What somebody was sent, in order."""
    return [said for chat, said in core.platform.sent if chat == user]


async def test_admins_are_asked_and_the_person_is_told(core: Core) -> None:
    answer = await core.say("ada", "/quota request [more](http://evil) for the launch")
    assert "I have asked the admins (request no. 1)" in told(core, "ada")[-1]
    (question,) = told(core, ADMIN)
    assert "`Ada (@ada, fake:ada)` asks for more (request no. 1): `[more](http://evil) for the launch`" in question
    assert "Messages today: 0 of 5" in question
    assert answer in told(core, "ada") + told(core, ADMIN)


async def test_a_click_gives_more_and_both_sides_hear_of_it(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 0")
    await core.say("ada", "/quota request")
    await core.click(ADMIN, "✅ +20 today")
    assert "Request no. 1 of `Ada (@ada, fake:ada)`: approved." in told(core, ADMIN)[-1]
    assert "An admin has granted your request:\nMessages: nothing more → 20 more until 23 Nov" in told(core, "ada")[-1]
    assert await core.say("ada", "hello") == "echo: hello"


async def test_the_audit_names_the_admin_and_the_person(core: Core) -> None:
    await core.say("ada", "/quota request")
    await core.click(ADMIN, "✅ +100 in 30 days")
    async with core.storage.begin() as work:
        approved, given = await work.audit.last(2)
    assert (approved.action, approved.actor, approved.subject) == ("quota.approve", "fake:root", "fake:ada")
    assert (given.action, given.facts["after"]["amount"]) == ("quota.add", 100)


async def test_a_denial_is_told(core: Core) -> None:
    await core.say("ada", "/quota request")
    await core.click(ADMIN, "⛔ Deny")
    assert told(core, "ada")[-1] == "An admin has denied your request."
    assert await core.say(ADMIN, "/quota requests") == "No request is waiting."


async def test_an_admin_may_give_something_else(core: Core) -> None:
    await core.say("ada", "/quota request")
    await core.say(ADMIN, "/quota approve 1 plan vip for 7d")
    assert "`vip` until 29 Nov" in told(core, "ada")[-1]
    assert "Your plan is `vip`" in await core.say("ada", "/usage")


async def test_of_two_admins_one_wins_and_the_other_is_told(storage: Storage) -> None:
    core = make_core(storage, more_admins=[Identity(platform="fake", user="boss")])
    await core.say("ada", "/quota request")
    await core.hear(ADMIN, "/quota approve 1 messages 20")
    await core.hear("boss", "/quota deny 1")
    await core.work()
    late = [said for chat, said in core.platform.sent if "Too late" in said]
    assert len(late) == 1
    decisions = [said for said in told(core, "ada") if "your request" in said]
    assert len(decisions) == 1


async def test_one_request_waits_at_a_time(core: Core) -> None:
    await core.say("ada", "/quota request")
    assert "asked already (request no. 1)" in await core.say("ada", "/quota request please")


async def test_waiting_requests_are_listed_with_their_buttons(core: Core) -> None:
    await core.say("ada", "/quota request please")
    assert "• 1: `Ada (@ada, fake:ada)` `please`" in await core.say(ADMIN, "/quota requests")
    assert "asks for more" in await core.click(ADMIN, "No. 1")
    await core.click(ADMIN, "⛔ Deny")
    assert told(core, "ada")[-1] == "An admin has denied your request."


async def test_nobody_else_decides(core: Core) -> None:
    await core.say("ada", "/quota request")
    for words in ("approve 1 messages 20", "deny 1", "requests"):
        assert "do not know the command" in await core.say("ada", f"/quota {words}")
    assert "Messages today: 0 of 5" in await core.say("ada", "/usage")


async def test_a_decision_with_bad_arguments_decides_nothing(core: Core) -> None:
    await core.say("ada", "/quota request")
    for words in (
        "approve",
        "approve 1",
        "approve 1 messages lots",
        "approve 7 messages 5",
        "deny",
        "approve x 5",
    ):
        assert "Usage: `/quota" in await core.say(ADMIN, f"/quota {words}")
    assert "no plan `gold`" in await core.say(ADMIN, "/quota approve 1 plan gold")
    assert "asks for more" in await core.say(ADMIN, "/quota requests 1")


async def test_support_sees_requests_without_the_buttons_of_admins(core: Core) -> None:
    await core.say("ada", "/quota request")
    await core.say(ADMIN, "/role fake:sam support")
    await core.say("sam", "/quota requests 1")
    assert "asks for more" in told(core, "sam")[-1]
    assert core.platform.labels[-1] == []


async def test_the_person_is_told_where_they_can_be_reached(core: Core) -> None:
    await core.say("ada", "/quota request")
    async with core.storage.begin() as work:
        (ada,) = await work.people.named("fake", "ada")
        elsewhere = Sender(identity=Identity(platform="elsewhere", user="ada"), name="Ada")
        await work.merging.merge(ada.id, (await work.people.meet(elsewhere)).id, None)
    await core.say(ADMIN, "/quota deny 1")
    assert told(core, "ada")[-1] == "An admin has denied your request."


@on("postgresql")
async def test_of_two_requests_at_once_in_two_processes_one_is_made(storage: Storage, database_url: str) -> None:
    elsewhere = Storage.open(database_url)
    here, there = make_core(storage), make_core(elsewhere)
    await here.say("ada", "hello")
    for chat in ("ada", "team"):
        await here.hear("ada", "/quota request", chat=chat)
    ((first,), (second,)) = await here.inbox.claim(1), await there.inbox.claim(1)
    here.dispatcher.start(first)
    there.dispatcher.start(second)
    await asyncio.gather(here.dispatcher.drain(60), there.dispatcher.drain(60))
    async with storage.begin() as work:
        assert len(await work.limits.waiting()) == 1
    await elsewhere.close()
    said = [text for _, text in [*here.platform.sent, *there.platform.sent]]
    assert sum("have asked already" in text for text in said) == 1
