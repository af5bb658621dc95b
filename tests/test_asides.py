"""Questions beside the turns: answered, paid by the budgets, and written down."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from bot.asides import Aside, Asides
from bot.domain.budgets import Budget, BudgetPlan
from bot.domain.completions import PromptMessage, Usage
from bot.domain.models import Parameters, Purpose
from bot.errors import BudgetExhausted, CompletionRefused, ModelError, StreamInterrupted, UpstreamDown
from bot.storage import Storage
from bot.storage.tables import call
from bot.turns import Cause
from tests.books import used
from tests.calls import PRICED, card, catalog
from tests.conftest import Core, make_core
from tests.fakes import WordCounter

CATALOG = catalog(card("gpt-test", prices=PRICED))
DAY = Budget(scope="", span="day", limit=10_000)


@pytest.fixture
async def core(storage: Storage) -> Core:
    """A core in which ada has talked once: her account and her conversation have the number 1."""
    core = make_core(storage, catalog=CATALOG, budgets=BudgetPlan(budgets=(DAY,)))
    await core.say("ada", "hello")
    return core


def asides(core: Core) -> Asides:
    accounting = core.dispatcher._accounting
    return Asides(model=core.model, catalog=CATALOG, tokens=WordCounter(), accounting=accounting)


def aside(purpose: Purpose = "title", **more: Any) -> Aside:
    cause = Cause(purpose=purpose, arrival=999, account=1, conversation=1, platform="fake")
    return Aside(cause=cause, messages=(PromptMessage(role="user", text="name this talk"),), room=20, **more)


async def ask(core: Core, one: Aside | None = None) -> str:
    return await asides(core).ask(core.storage.begin, one or aside())


async def last_row(core: Core) -> Any:
    async with core.storage.begin() as work:
        rows = await work.calls._connection.execute(sa.select(call).order_by(call.c.id.desc()))
        return rows.mappings().first()


async def spent(core: Core) -> tuple[int, int]:
    """Spent and reserved of the day's budget, in micro-US$."""
    async with core.storage.begin() as work:
        (day,) = await core.budgets.standings(work)
        return day.spent, day.reserved


async def tokens_of(core: Core, user: str) -> int:
    return (await used(core, user))[1]


async def test_an_aside_is_answered_and_has_its_row(core: Core) -> None:
    core.model.script = [(" A talk", " about greetings ")]
    core.model.usage = Usage(input=40, output=4)
    assert await ask(core) == "A talk about greetings"
    row = await last_row(core)
    told = ("purpose", "account_id", "conversation_id", "inbox_id", "platform", "asked", "ending", "failed")
    assert [row[name] for name in told] == ["title", 1, 1, 999, "fake", "main/gpt-test", "stop", False]
    assert (row["input_tokens"], row["output_tokens"], row["cost"]) == (40, 4, 140)  # 40 × 2.50 + 4 × 10.00


async def test_the_budgets_pay_and_the_person_s_quota_does_not(core: Core) -> None:
    before, used = await spent(core), await tokens_of(core, "ada")
    core.model.usage = Usage(input=40, output=4)
    await ask(core)
    assert await spent(core) == (before[0] + 140, 0)
    assert await tokens_of(core, "ada") == used


async def test_the_prompt_says_what_it_is_for(core: Core) -> None:
    core.model.summary = ("short",)
    await ask(core, aside("summary", parameters=Parameters(temperature=0.2)))
    prompt = core.model.prompts[-1]
    assert (prompt.purpose, prompt.background, prompt.parameters.temperature) == ("summary", True, 0.2)
    assert (prompt.tokens, prompt.answer_room) == (3 + 4 + 3, 20)


async def test_a_failed_aside_costs_nothing_and_has_its_row(core: Core) -> None:
    before = await spent(core)
    core.model.script = [(CompletionRefused("no"),)]
    with pytest.raises(CompletionRefused):
        await ask(core)
    row = await last_row(core)
    assert (row["failed"], row["ending"], row["cost"]) == (True, "CompletionRefused", 0)
    assert await spent(core) == before


@pytest.mark.parametrize(
    ("spoken", "error", "cost"),
    [(("half of", StreamInterrupted("cut")), StreamInterrupted, 45), ((" ",), UpstreamDown, 25)],
)
async def test_half_an_answer_is_none_and_was_paid_for(
    core: Core, spoken: Any, error: type[ModelError], cost: int
) -> None:
    before = await spent(core)
    core.model.usage, core.model.script = None, [spoken]
    with pytest.raises(error):
        await ask(core)
    row = await last_row(core)
    assert (row["estimated"], row["cost"]) == (True, cost)
    assert await spent(core) == (before[0] + cost, 0)


async def test_without_a_budget_left_nothing_is_asked(storage: Storage) -> None:
    tiny = BudgetPlan(budgets=(Budget(scope="", span="day", limit=1),))
    core = make_core(storage, catalog=CATALOG, budgets=tiny)
    await core.say("ada", "/help")
    with pytest.raises(BudgetExhausted):
        await ask(core)
    assert core.model.prompts == []


async def test_an_aside_that_a_crash_cut_off_reserves_once(core: Core) -> None:
    await ask(core)
    async with core.storage.begin() as work:
        await core.dispatcher._accounting.hold(work, aside().cause, core.model.prompts[-1])
    core.model.usage = Usage(input=40, output=4)
    before = (await spent(core))[0]
    await ask(core)
    assert await spent(core) == (before + 140, 0)


def test_the_prices_are_those_the_figures_were_reckoned_with() -> None:
    assert (PRICED.base.input, PRICED.base.output) == (Decimal("2.50"), Decimal("10.00"))
