"""`/model` and `/spend`, as people type them."""

from dataclasses import replace

import pytest

from bot.domain.completions import Usage
from bot.storage import Storage
from tests.calls import PRICED, card, catalog
from tests.conftest import ADMIN, Core, make_core

BIG, SMALL, NEW = card("big", prices=PRICED), card("small", prices=PRICED), card("new", endpoint="lab")


@pytest.fixture
def core(storage: Storage) -> Core:
    return make_core(storage, catalog=catalog(BIG, SMALL, NEW), daily={"messages": None, "tokens": None})


def asked_last(core: Core) -> str:
    return core.model.prompts[-1].card.ref


async def spend(core: Core, user: str, usage: Usage, *, model: str = "default") -> None:
    core.model.usage = usage
    await core.say(user, f"/model {model}")
    await core.say(user, "hello")


async def test_model_lists_what_there_is(core: Core) -> None:
    answer = await core.say("ada", "/model")
    assert [line for line in answer.splitlines() if line.startswith("•")] == [
        "• `main/big`",
        "• `main/small`",
        "• `lab/new`",
    ]
    assert "`/model default`" in answer or "/model default" in answer


async def test_a_pinned_model_answers_and_is_marked(core: Core) -> None:
    assert "`main/small`" in await core.say("ada", "/model small")
    await core.say("ada", "hello")
    assert asked_last(core) == "main/small"
    assert "• `main/small` — your choice" in await core.say("ada", "/model")


async def test_a_model_is_chosen_by_a_click_in_the_same_message(core: Core) -> None:
    await core.say("ada", "/model")
    assert core.platform.labels[-1] == ["main/big", "main/small", "lab/new"]
    told = await core.click("ada", "main/small")
    assert told.startswith("From now on `main/small` answers you.")
    assert core.platform.labels[-1] == ["main/big", "lab/new", "The best suited one"]
    assert core.platform.instead_of[-1] == "1"
    await core.click("ada", "The best suited one")
    await core.say("ada", "hello")
    assert asked_last(core) == "main/big"


async def test_a_click_chooses_for_who_clicks(core: Core) -> None:
    await core.say("ada", "/model", chat="team")
    await core.click("ben", "main/small")
    await core.say("ada", "hello", chat="team")
    assert asked_last(core) == "main/big"
    await core.say("ben", "hello", chat="team")
    assert asked_last(core) == "main/small"


async def test_a_made_up_choice_is_refused(core: Core) -> None:
    refused = await core.say("ada", "/model lab/other", clicked=True, message="1")
    assert "no model `lab/other`" in refused


async def test_the_chain_stays_behind_a_pinned_model(core: Core) -> None:
    await core.say("ada", "/model lab/new")
    await core.say("ada", "hello")
    assert [one.ref for one in core.model.prompts[-1].chain.cards] == ["lab/new", "main/big", "main/small"]


async def test_a_pin_is_one_person_s_and_lasts(core: Core) -> None:
    await core.say("ada", "/model small")
    await core.say("ben", "hello")
    assert asked_last(core) == "main/big"
    again = make_core(core.storage, catalog=catalog(BIG, SMALL, NEW))
    await again.say("ada", "hello")
    assert asked_last(again) == "main/small"


async def test_default_gives_the_choice_back(core: Core) -> None:
    await core.say("ada", "/model small")
    await core.say("ada", "/model default")
    await core.say("ada", "hello")
    assert asked_last(core) == "main/big"
    assert "your choice" not in await core.say("ada", "/model")


@pytest.mark.parametrize("name", ["gpt-9", "BIG", "main/", "lab/big"])
async def test_a_model_that_is_not_there_is_refused_and_changes_nothing(core: Core, name: str) -> None:
    await core.say("ada", "/model small")
    assert f"no model `{name}`" in await core.say("ada", f"/model {name}")
    await core.say("ada", "hello")
    assert asked_last(core) == "main/small"


async def test_people_choose_among_what_their_plan_may_use(storage: Storage) -> None:
    both = replace(catalog(BIG, SMALL), access={"free": frozenset({"main/small"})})
    core = make_core(storage, catalog=both)
    offered = await core.say("ada", "/model")
    assert "main/small" in offered
    assert "main/big" not in offered
    assert "no model `big`" in await core.say("ada", "/model big")


async def test_more_than_a_name_is_no_model(core: Core) -> None:
    assert "Usage: `/model [NAME|default]`" in await core.say("ada", "/model big please")


async def test_a_pinned_model_that_left_the_file_is_forgotten(core: Core) -> None:
    await core.say("ada", "/model small")
    without = make_core(core.storage, catalog=catalog(BIG, NEW))
    assert await without.say("ada", "hello") == "echo: hello"
    assert asked_last(without) == "main/big"


async def test_spend_is_for_admins_only(core: Core) -> None:
    assert "do not know the command `spend`" in await core.say("ada", "/spend")


async def test_nothing_spent_is_said_so(core: Core) -> None:
    assert "Nothing was spent since" in await core.say(ADMIN, "/spend")


async def test_spend_adds_up_by_model_to_the_micro_dollar(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100))  # 2,500 + 1,000
    await spend(core, "ben", Usage(input=1001, output=1))  # 2,502.5 + 10, rounded up: 2,513
    await spend(core, "ben", Usage(input=400, output=40), model="small")  # 1,000 + 400
    assert (await core.say(ADMIN, "/spend")).splitlines()[1:] == [
        "Together: US$ 0.0074, 3 calls, 2,542 tokens",
        "• `main/big`: US$ 0.006, 2 calls, 2,102 tokens",
        "• `main/small`: US$ 0.0014, 1 calls, 440 tokens",
        "Of 2,401 tokens read, 0 % came from the providers' prompt caches.",
    ]


async def test_spend_tells_what_the_prompt_caches_save(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100, cached=800))
    await spend(core, "ben", Usage(input=1000, output=100, cached=100), model="small")
    said = await core.say(ADMIN, "/spend")
    assert said.endswith("Of 2,000 tokens read, 45 % came from the providers' prompt caches.")


async def test_spend_by_person_names_them_the_dearest_first(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100))
    await spend(core, "ben", Usage(input=4000, output=100))
    await spend(core, "ada", Usage(input=1000, output=100))
    assert (await core.say(ADMIN, "/spend day by person")).splitlines()[2:-1] == [
        "• `ben`: US$ 0.011, 1 calls, 4,100 tokens",
        "• `ada`: US$ 0.007, 2 calls, 2,200 tokens",
    ]


async def test_spend_by_platform(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100))
    assert (await core.say(ADMIN, "/spend by platform")).splitlines()[2:-1] == [
        "• `fake`: US$ 0.0035, 1 calls, 1,100 tokens"
    ]


async def test_calls_of_unknown_price_are_counted_apart(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100))
    await spend(core, "ada", Usage(input=500, output=50), model="lab/new")
    assert (await core.say(ADMIN, "/spend")).splitlines()[1:] == [
        "Together: US$ 0.0035 and 1 calls of unknown price, 2 calls, 1,650 tokens",
        "• `main/big`: US$ 0.0035, 1 calls, 1,100 tokens",
        "• `lab/new`: US$ 0 and 1 calls of unknown price, 1 calls, 550 tokens",
        "Of 1,500 tokens read, 0 % came from the providers' prompt caches.",
    ]


@pytest.mark.parametrize(("window", "calls"), [("day", 1), ("week", 2), ("month", 3)])
async def test_spend_looks_back_a_day_a_week_or_a_month(core: Core, window: str, calls: int) -> None:
    for days in (20, 5, 0):
        await spend(core, "ada", Usage(input=1000, output=100))
        core.clock.pass_(days=days)
    assert f", {calls} calls," in (await core.say(ADMIN, f"/spend {window}")).splitlines()[1]


async def test_a_day_begins_at_midnight(core: Core) -> None:
    await spend(core, "ada", Usage(input=1000, output=100))
    core.clock.pass_(hours=12)
    assert "Nothing was spent since" in await core.say(ADMIN, "/spend day")
    assert "Together" in await core.say(ADMIN, "/spend week")


@pytest.mark.parametrize("arguments", ["year", "by colour", "day person", "week by", "by person day"])
async def test_spend_says_how_it_is_asked(core: Core, arguments: str) -> None:
    assert "Usage: `/spend [day|week|month] [by person|model|platform] | picture`" in await core.say(
        ADMIN, f"/spend {arguments}"
    )


async def test_broken_and_stopped_answers_are_in_the_sum(core: Core) -> None:
    core.model.usage = None
    core.model.finish_reason = "length"
    await core.say("ada", "hello")
    assert "Together: US$ 0.0001, 1 calls" in await core.say(ADMIN, "/spend")
