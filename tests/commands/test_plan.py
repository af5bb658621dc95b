"""Plans: made, changed and given by admins."""

import pytest

from tests.conftest import ADMIN, Core


async def test_somebody_is_put_back_on_the_default_plan(core: Core) -> None:
    await core.say(ADMIN, "/plan assign fake:ada vip")
    assert "`vip` → the default plan" in await core.say(ADMIN, "/plan assign fake:ada default")
    assert "Your plan is `free`" in await core.say("ada", "/usage")
    assert "Usage: `/plan" in await core.say(ADMIN, "/plan assign fake:ada default for 7d")
    assert "Usage: `/plan" in await core.say(ADMIN, "/plan new default")


async def test_the_plans_parley_comes_with_are_listed(core: Core) -> None:
    answer = await core.say(ADMIN, "/plan list")
    assert "`free`, the default, priority 0:\n• Messages today: 5\n• Tokens today: 10,000" in answer
    assert "`plus`, priority 1:\n• Messages today: 25" in answer
    assert "`vip`, priority 2:\n• Messages today: 100" in answer


async def test_a_plan_is_made_given_limits_and_assigned(core: Core) -> None:
    assert "Plan `team` is there" in await core.say(ADMIN, "/plan new team")
    assert "Messages this week: unlimited → 2" in await core.say(ADMIN, "/plan set team messages 2 per week")
    assert "the default plan → `team`" in await core.say(ADMIN, "/plan assign fake:ada team")
    assert "Your plan is `team`" in await core.say("ada", "/usage")
    for words in ("one", "two"):
        await core.say("ada", words)
    assert "Messages this week: 2 of 2" in await core.say("ada", "three")


async def test_a_plan_may_be_given_for_a_time(core: Core) -> None:
    answer = await core.say(ADMIN, "/plan assign fake:ada vip for 7d")
    assert "the default plan → `vip` until 29 Nov, 12:00 UTC" in answer
    core.clock.pass_(days=7)
    assert "Your plan is `free`" in await core.say("ada", "/usage")


async def test_an_assignment_is_taken_back(core: Core) -> None:
    await core.say(ADMIN, "/plan assign fake:ada vip")
    await core.click(ADMIN, "↩ Take it back")
    assert "Your plan is `free`" in await core.say("ada", "/usage")


async def test_a_limit_of_a_plan_parley_comes_with_is_changed_for_everybody_on_it(core: Core) -> None:
    assert "Messages today: 5 → 1" in await core.say(ADMIN, "/plan set free messages 1")
    await core.say("ada", "one")
    assert "1 of 1" in await core.say("ada", "two")
    await core.say(ADMIN, "/revert 1")
    assert await core.say("ada", "three") == "echo: three"


async def test_a_higher_priority_waits_less(core: Core) -> None:
    assert "Priority of `plus`: 1 → 9" in await core.say(ADMIN, "/plan set plus priority 9")
    await core.say(ADMIN, "/plan assign fake:ada plus")
    await core.say("ada", "hello")
    await core.say("ben", "hello")
    assert [prompt.priority for prompt in core.model.prompts] == [9, 0]


async def test_how_long_a_plan_keeps_words_is_set_after_a_question_and_taken_back(core: Core) -> None:
    assert "is deleted for good within the hour" in await core.say(ADMIN, "/plan set free keep 90")
    assert "words kept" not in await core.say(ADMIN, "/plan show free")
    await core.say(ADMIN, "/plan set free keep 90")
    changed = await core.click(ADMIN, "🗑 Keep no longer")
    assert "Words kept on `free`: until they are forgotten → 90 days" in changed
    assert "• words kept: 90 days" in await core.say(ADMIN, "/plan show free")
    assert "90 days → until they are forgotten" in await core.say(ADMIN, "/plan set free keep unlimited")
    await core.say(ADMIN, "/revert 2")
    assert "• words kept: 90 days" in await core.say(ADMIN, "/plan show free")


async def test_a_plan_keeps_its_priority_when_it_is_told_how_long_to_keep_words(core: Core) -> None:
    await core.say(ADMIN, "/plan set vip keep 1")
    await core.click(ADMIN, "🗑 Keep no longer")
    assert "priority 2" in await core.say(ADMIN, "/plan show vip")
    await core.say(ADMIN, "/plan set vip priority 9")
    assert "• words kept: 1 day" in await core.say(ADMIN, "/plan show vip")


async def test_a_plan_that_nobody_made_is_named(core: Core) -> None:
    assert "no plan `gold`" in await core.say(ADMIN, "/plan assign fake:ada gold")
    assert "There is a plan `free` already" in await core.say(ADMIN, "/plan new free")


@pytest.mark.parametrize(
    "arguments",
    [
        "dance",
        "new",
        "new Ünplan",
        "new a b",
        "set free",
        "set free priority high",
        "set free priority 101",
        "set free keep 0",
        "set free keep long",
        "assign fake:ada",
        "assign fake:ada free soon",
        "assign fake:ada free until never",
        "show",
    ],
)
async def test_bad_arguments_get_the_usage_and_change_nothing(core: Core, arguments: str) -> None:
    assert "Usage: `/plan list" in await core.say(ADMIN, f"/plan {arguments}")
    async with core.storage.begin() as work:
        assert await work.audit.last(1) == []
