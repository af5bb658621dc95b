"""What admins are told, when, and how often."""

import asyncio
from typing import Any

import pytest

from bot.alerts import Thresholds
from bot.domain.budgets import Budget, BudgetPlan
from bot.domain.completions import Usage
from bot.domain.quotas import Meter
from bot.errors import RecipientGone, UpstreamDown, UpstreamMisconfigured
from bot.llm.ways import Trouble
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core
from tests.test_budgets import priced

DOWN = Trouble(subject="main/gpt", reason=UpstreamDown("503"))
UNLIMITED: dict[Meter, int | None] = {"messages": None, "tokens": None}


async def told(core: Core) -> list[str]:
    """What admins hear when the watch looks."""
    before = len(core.platform.sent)
    await core.watch.look()
    await core.work()
    fresh = core.platform.sent[before:]
    assert {chat for chat, _ in fresh} <= {ADMIN}
    return [words for _, words in fresh]


def core_with(storage: Storage, *, limit: int = 10**9, **more: Any) -> Core:
    budgets = BudgetPlan(budgets=(Budget(scope="", span="day", limit=limit),))
    return make_core(storage, catalog=priced("1"), budgets=budgets, daily=UNLIMITED, **more)


async def spend(core: Core, tokens: int) -> None:
    core.model.usage = Usage(input=0, output=tokens)
    await core.say("ada", f"{tokens} please")


async def test_when_all_is_well_nobody_is_disturbed(core: Core) -> None:
    await core.say("ada", "hello")
    assert await told(core) == []


async def test_an_alert_is_told_once_while_it_holds(core: Core) -> None:
    core.troubles.append(DOWN)
    assert ["left alone" in words for words in await told(core)] == [True]
    for _ in range(30):
        core.clock.pass_(minutes=1)
        assert await told(core) == []


async def test_the_end_of_an_alert_is_told_once(core: Core) -> None:
    core.troubles.append(DOWN)
    await told(core)
    core.troubles.clear()
    core.clock.pass_(minutes=10)
    assert await told(core) == ["✅ `main/gpt` works again."]
    core.clock.pass_(minutes=10)
    assert await told(core) == []


async def test_what_comes_and_goes_is_told_once(core: Core) -> None:
    heard = []
    for minute in range(20):
        core.troubles[:] = [DOWN] if minute % 2 else []
        heard += await told(core)
        core.clock.pass_(minutes=1)
    assert len(heard) == 1


async def test_what_begins_again_after_its_end_is_told_again(core: Core) -> None:
    for _ in range(2):
        core.troubles.append(DOWN)
        assert len(await told(core)) == 1
        core.troubles.clear()
        core.clock.pass_(minutes=10)
        assert len(await told(core)) == 1


async def test_each_subject_has_an_alert_of_its_own(core: Core) -> None:
    core.troubles += [DOWN, Trouble(subject="main/other", reason=UpstreamDown("503"))]
    assert len(await told(core)) == 2


async def test_a_restart_does_not_tell_again(storage: Storage) -> None:
    core = make_core(storage)
    core.troubles.append(DOWN)
    await told(core)
    again = make_core(storage)
    again.troubles.append(DOWN)
    assert await told(again) == []


async def test_a_key_that_is_refused_is_told_and_so_is_its_cure(core: Core) -> None:
    core.troubles.append(Trouble(subject="main KEY", reason=UpstreamMisconfigured("401", cause="key")))
    assert "refuses the key" in (await told(core))[0]
    core.troubles.clear()
    core.clock.pass_(minutes=10)
    assert await told(core) == ["✅ `main KEY` works again."]


async def test_a_budget_is_told_at_its_soft_limit_at_its_end_and_when_it_returns(storage: Storage) -> None:
    core = core_with(storage, limit=1000)
    await spend(core, 850)
    (soft,) = await told(core)
    assert "Budget `all/day`" in soft
    await spend(core, 60)
    assert "does not reach" in await core.say("ada", "more")
    (hard,) = await told(core)
    assert "does not reach for further answers" in hard
    core.clock.pass_(hours=13)
    assert await told(core) == ["✅ There is room in the budget `all/day` again."] * 2


async def test_a_turn_that_fits_again_ends_the_alarm_of_those_that_did_not(storage: Storage) -> None:
    core = core_with(storage, limit=1000)
    async with storage.begin() as work:
        await core.budgets.reserve(work, 999, "fake", 950, limited=True)
    await core.say("ada", "does not fit")
    assert len(await told(core)) == 1
    async with storage.begin() as work:
        await core.budgets.release(work, 999)
    await core.say("ada", "fits")
    core.clock.pass_(minutes=10)
    assert await told(core) == ["✅ There is room in the budget `all/day` again."]


async def test_errors_are_told_from_what_really_happened(storage: Storage) -> None:
    core = core_with(storage)
    for number in range(20):
        core.model.script = [(UpstreamDown("503"),)] if number % 10 == 0 else []
        await core.say("ada", f"hello {number}")
    assert await told(core) == ["⚠️ 2 of 20 calls of the models failed in the last 5 minutes."]


async def test_errors_of_before_are_forgotten(storage: Storage) -> None:
    core = core_with(storage)
    for number in range(20):
        core.model.script = [(UpstreamDown("503"),)]
        await core.say("ada", f"hello {number}")
    core.clock.pass_(minutes=6)
    assert await told(core) == []


async def test_a_call_that_failed_is_no_spending(storage: Storage) -> None:
    core = core_with(storage)
    core.model.script = [(UpstreamDown("503"),)]
    await core.say("ada", "hello")
    assert "Nothing was spent" in await core.say(ADMIN, "/spend")


async def test_a_single_large_call_is_told_once_and_has_no_end(storage: Storage) -> None:
    core = core_with(storage, thresholds=Thresholds(call_tokens=5000))
    await spend(core, 5000)
    assert await told(core) == []
    await spend(core, 5001)
    assert await told(core) == ["⚠️ One call of `main/fake-1` for `fake:ada` took 5,001 tokens."]
    core.clock.pass_(hours=2)
    assert await told(core) == []


async def test_an_unusual_hour_is_told(storage: Storage) -> None:
    core = core_with(storage, thresholds=Thresholds(call_tokens=None))
    for _ in range(30):
        await spend(core, 500_000)
        core.clock.pass_(hours=1)
        assert await told(core) == []
    await spend(core, 1_600_000)
    assert await told(core) == ["⚠️ The last hour cost US$ 2.1; US$ 0.5 is usual."]


async def test_a_past_is_read_an_hour_at_a_time(storage: Storage) -> None:
    core = core_with(storage, thresholds=Thresholds(call_tokens=None))
    for _ in range(30):
        await spend(core, 500_000)
        core.clock.pass_(hours=1)
    await spend(core, 3_000_000)
    heard = [await told(core) for _ in range(26)]
    assert heard[:23] == [[]] * 23
    assert sum(len(words) for words in heard) == 1


async def test_admins_are_told_in_their_language(core: Core) -> None:
    await core.say(ADMIN, "/start", language="zh-hans")
    core.troubles.append(DOWN)
    assert await told(core) == ["⚠️ `main/gpt` 屡次出错，暂时停用。"]


async def test_an_admin_who_cannot_be_reached_holds_nobody_up(core: Core) -> None:
    core.troubles.append(DOWN)
    core.platform.failures = [RecipientGone("blocked")]
    await told(core)
    assert await core.say("ada", "hello") == "echo: hello"


async def test_a_notice_does_not_wait_for_the_admins_own_conversation(core: Core) -> None:
    await core.hear(ADMIN, "a long question")
    core.troubles.append(DOWN)
    await core.watch.look()
    lanes = {lease.claim.lane for lease in await core.inbox.claim(10)}
    assert lanes == {"fake:root", "notice:fake:root"}


async def test_a_look_that_fails_is_made_up_for_by_the_next(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    async def look() -> None:
        looks.append(len(looks))
        if len(looks) == 3:
            raise asyncio.CancelledError
        raise RuntimeError("the database is away")

    monkeypatch.setattr(core.watch, "look", look)
    with pytest.raises(asyncio.CancelledError):
        await core.watch.run()
    assert core.clock.slept == [60.0] * 3


async def test_whom_an_owner_made_an_admin_is_told_too(storage: Storage) -> None:
    core = core_with(storage, limit=10)
    await core.say("ben", "/start")
    await core.say(ADMIN, "/role fake:ben admin")
    await core.click(ADMIN, "Make an admin")
    await spend(core, 10)
    await core.watch.look()
    await core.work()
    assert {chat for chat, said in core.platform.sent if "Budget" in said} == {"ben", ADMIN}


async def test_whom_an_owner_made_an_admin_goes_on_when_a_budget_is_spent(storage: Storage) -> None:
    core = core_with(storage, limit=1)
    await core.say("ben", "/start")
    assert "may spend in a day" in await core.say("ben", "one")
    await core.say(ADMIN, "/role fake:ben admin")
    await core.click(ADMIN, "Make an admin")
    assert await core.say("ben", "two") == "echo: two"
