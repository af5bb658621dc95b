"""Commands as people type them, with the change each makes."""

from collections.abc import Sequence
from typing import Any

from bot.storage.audit import AuditRecord
from tests.conftest import ADMIN, Core


async def audit(core: Core) -> Sequence[AuditRecord]:
    async with core.storage.begin() as work:
        return await work.audit.last(10)


async def asked(core: Core, user: str, text: str, **more: Any) -> str:
    return await core.say(user, text, **more)


async def test_help_lists_what_a_member_may_use_and_hides_the_rest(core: Core) -> None:
    answer = await core.say("ada", "/help")
    assert "/usage" in answer
    assert "/budget" not in answer


async def test_help_shows_admins_their_commands_too(core: Core) -> None:
    assert "/budget" in await core.say(ADMIN, "/help")


async def test_an_unknown_command_is_named(core: Core) -> None:
    assert "`dance`" in await core.say("ada", "/dance")


async def test_an_admin_command_does_not_exist_for_members(core: Core) -> None:
    assert await core.say("ada", "/budget") == (await core.say("ada", "/dance")).replace("dance", "budget")
    assert "do not know the command `quota set`" in await core.say("ada", "/quota set @ada messages 999")


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
    assert "▰▰▱▱▱▱▱▱▱▱ Messages today: 1 of 5, until 23 Nov, 00:00 UTC" in answer
    assert "Tokens today: 15 of 10,000" in answer
    assert "Your plan is `free`" in answer


async def test_commands_cost_nothing(core: Core) -> None:
    for _ in range(10):
        await core.say("ada", "/usage")
    assert "Messages today: 0 of 5" in core.platform.sent[-1][1]


async def test_a_persons_days_begin_where_they_are(core: Core) -> None:
    assert "`UTC`" in await core.say("ada", "/timezone")
    assert "`Asia/Shanghai`" in await core.say("ada", "/timezone Asia/Shanghai")
    assert "until 22 Nov, 16:00 UTC" in await core.say("ada", "/usage")
    assert "Usage: `/timezone" in await core.say("ada", "/timezone Mars/Base")
    assert "`UTC`" in await core.say("ada", "/timezone default")


async def test_moving_about_begins_a_new_day_but_once_in_a_week(core: Core) -> None:
    for number in range(5):
        await core.say("ada", str(number))
    assert "`Pacific/Auckland`" in await core.say("ada", "/timezone Pacific/Auckland")  # 01:00 there
    for number in range(5):
        await core.say("ada", str(number))
    core.clock.pass_(hours=10)
    assert "once in 7 days" in await core.say("ada", "/timezone Europe/Moscow")  # 01:00 there by now
    assert "does not reach" in await core.say("ada", "more")


async def test_usage_tells_until_when_one_is_on_a_plan(core: Core) -> None:
    await core.say(ADMIN, "/plan assign fake:ada vip until 2026-12-24")
    assert "Your plan is `vip` until 25 Dec, 00:00 UTC." in await core.say("ada", "/usage")
    assert "plan `vip` until 25 Dec, 00:00 UTC" in await core.say(ADMIN, "/quota show @ada")


async def test_usage_tells_that_one_is_frozen_even_where_nothing_is_limited(core: Core) -> None:
    await core.say(ADMIN, "/plan new free-for-all")
    await core.say(ADMIN, "/plan assign fake:ada free-for-all")
    await core.say(ADMIN, "/quota freeze fake:ada")
    assert "• frozen" in await core.say("ada", "/usage")


async def test_usage_in_a_group_tells_its_limits_and_what_admins_call_it(core: Core) -> None:
    await core.say(ADMIN, "/quota set chat:fake:team each messages 3")
    await core.say("ada", "hello", chat="team")
    said = await core.say("ada", "/usage", chat="team")
    assert "Messages today: 1 of 5" in said
    assert "Group `fake:team`:\nEach member (here: you):\n▰▰▰▱▱▱▱▱▱▱ Messages today: 1 of 3" in said


async def test_stop_with_nothing_to_stop_says_so(core: Core) -> None:
    assert await core.say("ada", "/stop") == "Nothing is running here."


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
