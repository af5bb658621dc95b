"""Limits as admins set them, and what people feel of it."""

import pytest

from bot.domain.quotas import Plan, Rule
from bot.domain.windows import Window
from bot.storage import AuditRecord, Storage
from tests.calls import card, catalog
from tests.conftest import ADMIN, Core, make_core

DAY = Window(span="day")
FIVE = [Plan(name="free", rules=(Rule(meter="messages", window=DAY, limit=5),))]
TIERS = {"strong": ["gpt-strong"], "light": ["gpt-light"]}


@pytest.fixture
def tiers(storage: Storage) -> Core:
    """A bot with a strong model, which answers, and a light one."""
    both = catalog(card("gpt-strong"), card("gpt-light"), chains=TIERS)
    return make_core(storage, catalog=both, plans=[Plan(name="free")])


async def audit(core: Core) -> list[AuditRecord]:
    async with core.storage.begin() as work:
        return await work.audit.last(10)


def answers(core: Core) -> list[str]:
    """Which models were asked, in order."""
    return [prompt.card.name for prompt in core.model.prompts]


async def test_a_set_quota_takes_effect_with_the_next_message(core: Core) -> None:
    await core.say("ada", "one")
    answer = await core.say(ADMIN, "/quota set @ada messages 1")
    assert answer.startswith("Messages today: 5 → 1\nNo. 1 in the audit log.")
    refusal = await core.say("ada", "two")
    assert "• Messages today: 1 of 1" in refusal
    assert "There is room again on 23 Nov, 00:00 UTC" in refusal


async def test_a_change_is_taken_back_by_its_button(core: Core) -> None:
    await core.say("ada", "one")
    await core.say(ADMIN, "/quota set @ada messages 1")
    assert "1 → as planned" in (await core.click(ADMIN, "↩ Take it back")).replace("`", "")
    assert await core.say("ada", "two") == "echo: two"


async def test_a_change_that_was_changed_again_is_not_taken_back(core: Core) -> None:
    await core.say("ada", "one")
    await core.say(ADMIN, "/quota set @ada messages 1")
    await core.say(ADMIN, "/quota set @ada messages 2")
    await core.say(ADMIN, "/revert 1")
    assert "of 2" in await core.say(ADMIN, "/quota show @ada")


async def test_added_messages_last_until_the_end_of_the_day(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 0")
    assert "nothing more → 2 more until 23 Nov, 00:00 UTC" in await core.say(ADMIN, "/quota add fake:ada messages 2")
    assert await core.say("ada", "one") == "echo: one"
    assert "1 more until 23 Nov" in await core.say("ada", "/usage")
    core.clock.pass_(days=1)
    assert "does not reach" in await core.say("ada", "two")


async def test_a_credit_lasts_as_long_as_it_is_said_to(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 0")
    await core.say(ADMIN, "/quota add fake:ada messages 100 valid 30d")
    core.clock.pass_(days=29)
    assert await core.say("ada", "one") == "echo: one"
    core.clock.pass_(days=2)
    assert "does not reach" in await core.say("ada", "two")


async def test_a_credit_is_taken_back(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 0")
    await core.say(ADMIN, "/quota add fake:ada messages 100 valid 30d")
    await core.click(ADMIN, "↩ Take it back")
    assert "does not reach" in await core.say("ada", "one")


async def test_reset_asks_first_and_then_forgets(core: Core) -> None:
    for number in range(5):
        await core.say("ada", str(number))
    assert "Forget what" in await core.say(ADMIN, "/quota reset @ada")
    assert "does not reach" in await core.say("ada", "more")
    assert "Messages today: 0 of 5" in await core.click(ADMIN, "Reset")
    core.clock.pass_(seconds=1)
    assert await core.say("ada", "more") == "echo: more"


async def test_a_reset_is_taken_back(core: Core) -> None:
    for number in range(5):
        await core.say("ada", str(number))
    await core.say(ADMIN, "/quota reset @ada")
    await core.click(ADMIN, "Reset")
    await core.click(ADMIN, "↩ Take it back")
    assert "does not reach" in await core.say("ada", "more")


async def test_a_frozen_person_uses_nothing_until_they_are_thawed(core: Core) -> None:
    await core.say("ada", "one")
    assert "not frozen → frozen" in await core.say(ADMIN, "/quota freeze @ada")
    assert "frozen your quota" in await core.say("ada", "two")
    assert "• frozen" in await core.say("ada", "/usage")
    assert "frozen → not frozen" in await core.say(ADMIN, "/quota unfreeze @ada")
    assert await core.say("ada", "three") == "echo: three"


async def test_an_admin_freezes_nobody_who_is_not_below_them(core: Core) -> None:
    for admin in ("mod", "other"):
        await core.say(ADMIN, f"/role fake:{admin} admin")
        await core.click(ADMIN, "Make an admin")
    for person in (ADMIN, "other"):
        assert "frozen" not in await core.say("mod", f"/quota freeze fake:{person}")
        assert await core.say(person, "hello") == "echo: hello"


async def test_unlimited_lifts_every_limit_on_the_meter_and_default_brings_them_back(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 9 per 3h")
    answer = await core.say(ADMIN, "/quota set fake:ada messages unlimited")
    assert "Messages today: 5 → unlimited" in answer
    assert "Messages in 3 hours: 9 → unlimited" in answer
    assert "Messages" not in await core.say("ada", "/usage")
    assert "unlimited → 5" in await core.say(ADMIN, "/quota set fake:ada messages default")


async def test_unlimited_until_a_day_ends_with_that_day(core: Core) -> None:
    answer = await core.say(ADMIN, "/quota set fake:ada messages unlimited until 2026-11-23")
    assert "5 → unlimited until 24 Nov, 00:00 UTC" in answer
    core.clock.pass_(hours=35)
    assert "Messages" not in await core.say("ada", "/usage")
    core.clock.pass_(hours=1)
    assert "Messages today: 0 of 5" in await core.say("ada", "/usage")


async def test_when_a_limit_for_a_time_is_over_the_one_before_it_is_back(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 2")
    assert "2 → unlimited until" in await core.say(ADMIN, "/quota set fake:ada messages unlimited for 2h")
    assert "Messages" not in await core.say("ada", "/usage")
    core.clock.pass_(hours=2)
    assert "Messages today: 0 of 2" in await core.say("ada", "/usage")


async def test_a_limit_for_a_time_is_taken_back_and_leaves_the_one_before_it(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 2")
    await core.say(ADMIN, "/quota set fake:ada messages 9 for 2h")
    assert "9 until 22 Nov, 14:00 UTC → 2" in await core.click(ADMIN, "↩ Take it back")
    assert "Messages today: 0 of 2" in await core.say("ada", "/usage")


async def test_a_limit_for_good_ends_the_one_for_a_time_and_is_taken_back_with_it(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 2")
    await core.say(ADMIN, "/quota set fake:ada messages 9 for 2h")
    await core.say(ADMIN, "/quota set fake:ada messages 3")
    assert "Messages today: 0 of 3" in await core.say("ada", "/usage")
    await core.click(ADMIN, "↩ Take it back")
    assert "Messages today: 0 of 9" in await core.say("ada", "/usage")
    core.clock.pass_(hours=2)
    assert "Messages today: 0 of 2" in await core.say("ada", "/usage")


async def test_default_ends_both(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 2")
    await core.say(ADMIN, "/quota set fake:ada messages 9 for 2h")
    assert "9 → 5" in await core.say(ADMIN, "/quota set fake:ada messages default")
    core.clock.pass_(hours=2)
    assert "Messages today: 0 of 5" in await core.say("ada", "/usage")


async def test_money_is_written_in_dollars(core: Core) -> None:
    assert "US$ this month: unlimited → 2.5" in await core.say(ADMIN, "/quota set fake:ada $ 2.50 per month")


async def test_less_than_a_cent_is_not_told_as_nothing(core: Core) -> None:
    assert "US$ today: unlimited → 0.005" in await core.say(ADMIN, "/quota set fake:ada dollars 0.005")


async def test_several_changes_are_taken_back_each_by_its_number(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 9 per 3h")
    await core.say(ADMIN, "/quota set fake:ada messages unlimited")
    assert "unlimited → 9" in (await core.click(ADMIN, "↩ Take back no. 3")).replace("as planned", "unlimited")


async def test_a_member_sees_their_own_and_asks_for_more_by_a_button(core: Core) -> None:
    assert "Messages today: 0 of" in await core.say("ada", "/quota")
    assert "I have asked the admins" in await core.click("ada", "🙋 Ask for more") or core.platform.sent


async def test_an_admin_freezes_somebody_by_a_button_that_is_nobody_else_s(core: Core) -> None:
    await core.say("ada", "hello", chat="team")
    await core.say(ADMIN, "/quota show @ada")
    assert core.platform.labels[-1] == ["❄️ Freeze", "Reset"]
    assert "do not know the command" in await core.click("ada", "❄️ Freeze", chat="ada")
    assert "not frozen → frozen" in await core.click(ADMIN, "❄️ Freeze")
    await core.say(ADMIN, "/quota show @ada")
    assert core.platform.labels[-1] == ["Unfreeze", "Reset"]
    assert "Forget what `Ada (@ada)` has used" in (await core.click(ADMIN, "Reset")) or core.platform.labels[-1]


async def test_the_audit_log_tells_a_limit_without_brackets(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 9")
    assert "`– → meter messages limit 9 until –, " in await core.say(ADMIN, "/audit")


async def test_thousands_are_set_apart_by_commas(core: Core) -> None:
    assert "10,000 → 1,250,000" in await core.say(ADMIN, "/quota set fake:ada tokens 1,250,000")
    assert "unlimited → 1,250.5" in await core.say(ADMIN, "/quota set fake:ada dollars $1250.50")


async def test_a_person_is_named_by_replying_to_them(core: Core) -> None:
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, "/quota set messages 9", replied_to="ada")
    assert "5 → 9" in answer
    assert "`Ada (@ada, fake:ada)`" in answer


async def test_show_without_a_name_shows_oneself(core: Core) -> None:
    assert "fake:root" in await core.say(ADMIN, "/quota show")


async def test_someone_never_met_can_be_named_by_id_only(core: Core) -> None:
    assert "have not met `@nobody`" in await core.say(ADMIN, "/quota show @nobody")
    assert "5 → 3" in await core.say(ADMIN, "/quota set fake:new messages 3")
    assert "have not met `telegram:7`" in await core.say(ADMIN, "/quota set telegram:7 messages 3")


@pytest.mark.parametrize(
    "arguments",
    [
        "dance",
        "set",
        "set @ada",
        "set @ada messages",
        "set @ada messages minus",
        "set @ada messages -1",
        "set @ada messages 1.5",
        "set @ada messages NaN",
        "set @ada messages 1e99",
        "set @ada messages 99999999999999",
        "set @ada euros 5",
        "set @ada messages 5 6",
        "set @ada messages 5 per",
        "set @ada messages 5 per year",
        "set @ada messages 5 per 0h",
        "set @ada messages 5 per day per week",
        "set @ada messages 5 until yesterday",
        "set @ada messages 5 until 0h",
        "set @ada messages 1e999999",
        "set @ada dollars 1,50",
        "set @ada dollars 1e999999",
        "set @ada dollars 0.0000001",
        "set @ada messages 5 until 2026-11-21",
        "set @ada messages 5 until 9999-12-31",
        "add @ada messages unlimited",
        "add @ada messages 5 per day",
        "add chat:fake:team messages 5",
        "reset @ada euros",
        "reset chat:fake:team",
        "show @ada 5",
        "set : messages 5",
        "set chat: messages 5",
        "set messages 5",
    ],
)
async def test_bad_arguments_get_the_usage_and_an_example_and_change_nothing(core: Core, arguments: str) -> None:
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, f"/quota {arguments}")
    assert "Usage: `/quota show|set|add|reset" in answer
    assert "`/quota set @ada messages 40 per 3h on strong`" in answer
    assert await audit(core) == []


async def test_a_limit_on_a_model_that_nobody_knows_is_refused(core: Core) -> None:
    assert "no model `gpt-99`" in await core.say(ADMIN, "/quota set fake:ada messages 5 on gpt-99")


async def test_every_change_is_audited_with_actor_subject_and_values(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say(ADMIN, "/quota set @ada messages 1")
    (changed,) = await audit(core)
    assert (changed.actor, changed.action, changed.subject) == ("fake:root", "quota.set", "fake:ada")
    after = {"meter": "messages", "limit": 1, "until": None}
    assert (changed.facts["before"], changed.facts["after"]) == (None, after)


class TestTiers:
    """When the strong model's quota is used up, the light one answers."""

    async def test_the_light_model_steps_in_and_says_so(self, tiers: Core) -> None:
        await tiers.say(ADMIN, "/quota set fake:ada messages 1 per 3h on strong")
        assert await tiers.say("ada", "one") == "echo: one\n\n🔔 Messages in 3 hours, `strong`: 1 of 1"
        answer = await tiers.say("ada", "two")
        assert "💡 Used up: Messages in 3 hours, `strong`, back on 22 Nov, 15:05 UTC. So `light` answered." in answer
        assert answers(tiers) == ["gpt-strong", "gpt-light"]

    async def test_when_both_are_used_up_the_first_is_told(self, tiers: Core) -> None:
        await tiers.say(ADMIN, "/quota set fake:ada messages 0 per week on strong")
        await tiers.say(ADMIN, "/quota set fake:ada messages 0 per day on light")
        assert "Messages this week, `strong`: 0 of 0" in await tiers.say("ada", "one")
        assert answers(tiers) == []

    async def test_a_model_that_one_may_never_ask_is_not_said_to_be_back(self, tiers: Core) -> None:
        await tiers.say(ADMIN, "/quota set fake:ada messages 0 per week on strong")
        assert "💡 Used up: Messages this week, `strong`. So `light` answered." in await tiers.say("ada", "one")

    async def test_a_limit_on_everything_is_no_reason_for_the_light_one(self, tiers: Core) -> None:
        await tiers.say(ADMIN, "/quota set fake:ada messages 0")
        assert "Messages today: 0 of 0" in await tiers.say("ada", "one")
        assert answers(tiers) == []

    async def test_the_strong_model_is_back_when_its_window_says_so(self, tiers: Core) -> None:
        await tiers.say(ADMIN, "/quota set fake:ada messages 1 per 3h on strong")
        for words in ("one", "two"):
            await tiers.say("ada", words)
        tiers.clock.pass_(hours=3, minutes=5)
        await tiers.say("ada", "three")
        assert answers(tiers) == ["gpt-strong", "gpt-light", "gpt-strong"]


class TestGroups:
    """Limits of a group, and what its pool pays."""

    async def test_a_group_without_a_pool_is_told_to_have_none(self, core: Core) -> None:
        answer = await core.say(ADMIN, "/quota set chat:fake:team pool messages 1")
        assert "Messages today: nothing → 1" in answer
        assert "Messages today: 1 → nothing" in await core.say(ADMIN, "/quota set chat:fake:team pool messages default")

    async def test_the_pool_pays_when_a_member_has_nothing_left(self, core: Core) -> None:
        await core.say(ADMIN, "/quota set fake:ada messages 1")
        await core.say(ADMIN, "/quota set chat:fake:team pool messages 1")
        assert await core.say("ada", "one", chat="team") != ""
        assert await core.say("ada", "two", chat="team") == "echo: two"
        assert "Neither your quota nor that of this group" in await core.say("ada", "three", chat="team")
        assert "does not reach" in await core.say("ada", "four")

    async def test_each_member_has_a_limit_in_it(self, core: Core) -> None:
        await core.say(ADMIN, "/quota set chat:fake:team each messages 1")
        await core.say("ada", "one", chat="team")
        assert "Your quota in this group" in await core.say("ada", "two", chat="team")
        assert await core.say("ada", "three") == "echo: three"
        assert (await core.say("ben", "one", chat="team")).startswith("echo: one")

    async def test_the_group_as_a_whole_has_one(self, core: Core) -> None:
        await core.say(ADMIN, "/quota set chat:fake:team messages 1")
        await core.say("ada", "one", chat="team")
        assert "quota of this group" in await core.say("ben", "one", chat="team")
        overview = await core.say(ADMIN, "/quota show chat:fake:team")
        assert "As a whole:\n▰▰▰▰▰▰▰▰▰▰ Messages today: 1 of 1" in overview


async def test_usage_tells_when_the_first_of_a_rolling_window_comes_back(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 40 per 3h")
    await core.say("ada", "hello")
    usage = await core.say("ada", "/usage")
    assert "Messages in 3 hours: 1 of 40, the first back on 22 Nov, 15:05 UTC" in usage
