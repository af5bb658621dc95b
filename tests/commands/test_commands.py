"""Commands as people type them, with the change each makes."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.storage.audit import AuditRecord
from tests.conftest import ADMIN, Core


async def audit(core: Core) -> Sequence[AuditRecord]:
    async with core.storage.begin() as work:
        return await work.audit.last(10)


async def asked(core: Core, user: str, text: str, **more: Any) -> str:
    return await core.say(user, text, **more)


async def test_start_says_what_the_bot_is(core: Core) -> None:
    assert "language model answers" in await core.say("ada", "/start")


async def test_help_lists_what_a_member_may_use_and_hides_the_rest(core: Core) -> None:
    answer = await core.say("ada", "/help")
    assert "/usage" in answer
    assert "/quota" not in answer


async def test_help_shows_admins_their_commands_too(core: Core) -> None:
    assert "/quota `show|set|add|reset PERSON" in await core.say(ADMIN, "/help")


async def test_an_unknown_command_is_named(core: Core) -> None:
    assert "`dance`" in await core.say("ada", "/dance")


async def test_an_admin_command_does_not_exist_for_members(core: Core) -> None:
    assert await core.say("ada", "/quota show") == await core.say("ada", "/quota set @ada messages 999")
    assert "do not know the command `quota`" in core.platform.sent[-1][1]


async def test_what_was_refused_is_on_record(core: Core) -> None:
    await core.say("ada", "/quota set @ada messages 999")
    (refused,) = await audit(core)
    assert (refused.actor, refused.action, refused.subject) == ("fake:ada", "refused", "fake:ada")
    assert refused.facts == {"command": "quota set", "place": "fake:ada"}


async def test_a_command_that_nobody_has_is_not_on_record(core: Core) -> None:
    await core.say("ada", "/dance")
    assert await audit(core) == []


async def test_new_forgets_what_was_said(core: Core) -> None:
    await core.say("ada", "one")
    await core.say("ada", "/new")
    await core.say("ada", "two")
    assert [message.text for message in core.model.prompts[-1].messages] == ["be kind", "two"]


async def test_new_waits_for_its_place_in_line(core: Core) -> None:
    for words in ("one", "/new", "two"):
        await core.hear("ada", words)
    await core.work()
    assert [message.text for message in core.model.prompts[-1].messages] == ["be kind", "two"]


async def test_usage_tells_what_was_used_and_when_it_returns(core: Core) -> None:
    await core.say("ada", "hello")
    answer = await core.say("ada", "/usage")
    assert "• Messages: 1 of 5" in answer
    assert "• Tokens: 15 of 10,000" in answer
    assert "23 Nov, 00:00 UTC" in answer


async def test_commands_cost_nothing(core: Core) -> None:
    for _ in range(10):
        await core.say("ada", "/usage")
    assert "• Messages: 0 of 5" in core.platform.sent[-1][1]


async def test_stop_with_nothing_to_stop_says_so(core: Core) -> None:
    assert await core.say("ada", "/stop") == "Nothing is running here."


async def test_a_set_quota_takes_effect_with_the_next_message(core: Core) -> None:
    await core.say("ada", "one")
    answer = await core.say(ADMIN, "/quota set @ada messages 1")
    assert answer.startswith("5 → 1 (audit no. 1)")
    assert "all of today's messages (1 of 1)" in await core.say("ada", "two")


async def test_a_refused_message_is_answered_after_the_limit_is_raised(core: Core) -> None:
    await core.say(ADMIN, "/quota set fake:ada messages 0")
    assert "all of today's messages" in await core.say("ada", "one")
    await core.say(ADMIN, "/quota add ada messages 2")
    assert await core.say("ada", "two") == "echo: two"


async def test_added_messages_add_up_and_end_with_the_day(core: Core) -> None:
    await core.say("ada", "hello")
    assert "5 → 7" in await core.say(ADMIN, "/quota add @ada messages 2")
    assert "7 → 10" in await core.say(ADMIN, "/quota add @ada messages 3")
    core.clock.pass_(days=1)
    assert "of 5" in await core.say(ADMIN, "/quota show @ada")


async def test_reset_sets_todays_use_back(core: Core) -> None:
    for number in range(5):
        await core.say("ada", str(number))
    assert "Today's use was set back to zero" in await core.say(ADMIN, "/quota reset @ada")
    core.clock.pass_(seconds=1)
    assert await core.say("ada", "more") == "echo: more"


async def test_reset_of_one_meter_leaves_the_other(core: Core) -> None:
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, "/quota reset @ada messages")
    assert "• Messages: 0 of 5" in answer
    assert "• Tokens: 15 of" in answer


async def test_unlimited_and_default_go_there_and_back(core: Core) -> None:
    await core.say("ada", "hello")
    assert "10,000 → unlimited" in await core.say(ADMIN, "/quota set @ada tokens unlimited")
    assert "unlimited → 10,000" in await core.say(ADMIN, "/quota set @ada tokens default")


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
        "",
        "dance",
        "set",
        "set @ada",
        "set @ada messages",
        "set @ada messages minus",
        "set @ada messages -1",
        "set @ada messages 99999999999999",
        "set @ada euros 5",
        "set @ada messages 5 6",
        "add @ada messages unlimited",
        "reset @ada euros",
        "show @ada 5",
        "set : messages 5",
        "set messages 5",
    ],
)
async def test_bad_arguments_get_the_usage_and_an_example_and_change_nothing(core: Core, arguments: str) -> None:
    await core.say("ada", "hello")
    answer = await core.say(ADMIN, f"/quota {arguments}")
    assert "Usage: `/quota show|set|add|reset" in answer
    assert "`/quota set @ada messages 50`" in answer
    assert await audit(core) == []


async def test_every_change_is_audited_with_actor_subject_and_values(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say(ADMIN, "/quota set @ada messages 1")
    await core.say(ADMIN, "/block @ada")
    await core.click(ADMIN, "⛔ Block")
    blocked, changed = await audit(core)
    assert (changed.actor, changed.action, changed.subject) == ("fake:root", "quota.set", "fake:ada")
    assert changed.facts == {"meter": "messages", "before": 5, "after": 1}
    assert blocked.action == "block"


async def test_a_blocked_person_is_told_and_costs_nothing(core: Core) -> None:
    await core.say("ada", "hello")
    await core.say(ADMIN, "/block @ada")
    await core.click(ADMIN, "⛔ Block")
    assert "cannot use this bot" in await core.say("ada", "hello?")
    assert "cannot use this bot" in await core.say("ada", "/usage")
    assert len(core.model.prompts) == 1
    await core.say(ADMIN, "/unblock @ada")
    assert await core.say("ada", "again") == "echo: again"


async def test_an_owner_cannot_be_locked_out(core: Core) -> None:
    assert "out of your reach" in await core.say(ADMIN, f"/block {ADMIN}")


async def test_hostile_names_are_shown_as_they_are(core: Core) -> None:
    assert "`x`" not in await core.say(ADMIN, "/quota show [x](http://evil)")
    assert "`[x](http://evil)`" in core.platform.sent[-1][1]
