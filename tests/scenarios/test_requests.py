"""Asking for more on both platforms: the question goes to admins on each, and one of them decides."""

from bot.domain.access import AccessPolicy
from bot.storage import Storage
from tests.scenarios.test_people import world

OPEN = AccessPolicy()


async def test_a_request_from_telegram_is_granted_on_slack(storage: Storage) -> None:
    async with world(storage, OPEN) as here:
        ada = here.tg.person(id=11, first_name="Ada", username="ada")
        desk = here.slack.dm(here.boss)
        ada.says("/quota request for the launch")
        await here.told(ada.chat, "I have asked the admins")
        asked = await here.told_on_slack(desk, "asks for more (request no. 1): `for the launch`")
        await here.told(here.root.chat, "asks for more (request no. 1)")
        await here.press_on_slack(here.boss, desk, asked, "✅ +20 today")
        await here.told(ada.chat, "An admin has granted your request")
        await here.told_on_slack(desk, "approved")
        ada.says("/usage")
        await here.told(ada.chat, "Messages: 20 more until")
        (approved,) = await here.acts("quota.approve")
    assert (approved.actor, approved.subject) == ("slack:T1/U1", "telegram:11")


async def test_a_request_from_slack_is_denied_on_telegram_and_the_late_admin_is_told(storage: Storage) -> None:
    async with world(storage, OPEN) as here:
        ben = here.slack.person("U2", name="ben")
        room, desk = here.slack.dm(ben), here.slack.dm(here.boss)
        await ben.runs("/parley", "quota request please", room)
        await here.told_on_slack(room, "I have asked the admins")
        question = await here.told(here.root.chat, "asks for more")
        late = await here.told_on_slack(desk, "asks for more")
        here.press(here.root, question, "⛔ Deny")
        await here.told_on_slack(room, "An admin has denied your request.")
        await here.press_on_slack(here.boss, desk, late, "✅ +20 today")
        await here.told_on_slack(desk, "Too late: `telegram:1` has decided")
        assert [one.action for one in await here.acts("quota.approve", "quota.deny", "quota.add")] == ["quota.deny"]


async def test_a_button_in_the_wrong_hands_decides_nothing(storage: Storage) -> None:
    async with world(storage, OPEN) as here:
        ada = here.tg.person(id=11, first_name="Ada", username="ada")
        ada.says("/quota request")
        own = await here.told(ada.chat, "I have asked the admins")
        here.forge(ada, own, "quota approve 1 messages 100 valid 30d")
        await here.told(ada.chat, "I do not know the command quota approve")
        assert await here.acts("quota.approve", "quota.add") == []


async def test_talk_in_a_group_that_is_not_for_the_bot_costs_nothing(storage: Storage) -> None:
    async with world(storage, OPEN) as here:
        ada, ben = (here.tg.person(id=number, first_name=name) for number, name in ((11, "Ada"), (12, "Ben")))
        team = here.tg.group(id=-1001, title="Team", members=[ada, ben, here.root])
        for number in range(20):
            ada.says(f"just between us, {number}", chat=team)
        ben.says("@parley_bot hello", chat=team)
        await here.told(team, "echo")
        ada.says("/usage")
        await here.told(ada.chat, "Messages today: 0 of 5")
        assert len(here.core.model.prompts) == 1
