"""Experiments with a persona's prompt: sticky variants, thumbs, and intervals that say how sure one may be."""

from collections.abc import Mapping

import pytest

from bot.domain.experiments import wilson
from bot.domain.quotas import Meter
from bot.storage import Storage
from tests.conftest import ADMIN, Core, make_core

MANY: Mapping[Meter, int | None] = {"messages": None, "tokens": None}


@pytest.fixture
async def core(storage: Storage) -> Core:
    core = make_core(storage, daily=MANY)
    await core.say(ADMIN, "/experiment start default 50 Be brief.")
    return core


def system(core: Core) -> str:
    return core.model.prompts[-1].messages[0].text


async def ask_in_many(core: Core, count: int = 30) -> list[str]:
    """Ada asks in so many conversations; returns what the model was told first in each."""
    told = []
    for number in range(count):
        await core.say("ada", "/new")
        await core.say("ada", f"hello {number}")
        told.append(system(core))
    return told


async def test_conversations_get_one_variant_or_the_other_and_keep_it(core: Core) -> None:
    assert set(await ask_in_many(core)) == {"be kind", "Be brief."}
    before = system(core)
    for number in range(5):
        await core.say("ada", f"again {number}")
        assert system(core) == before


async def test_answers_have_thumbs_only_while_it_runs(core: Core) -> None:
    await core.say("ada", "hello")
    assert core.platform.labels[-1] == ["👍", "👎"]
    await core.say(ADMIN, "/experiment stop default")
    await core.say("ada", "hello")
    assert core.platform.labels[-1] == []


async def test_the_overview_counts_answers_cost_thumbs_and_retries_for_each(core: Core) -> None:
    await core.say("ada", "hello")
    await core.click("ada", "👍")
    await core.say("ada", "/retry")
    answer = await core.say(ADMIN, "/experiment")
    (line,) = [line for line in answer.splitlines() if "2 answers" in line]
    assert "(50 %): 2 answers in 1 conversations, 30 tokens, US$" in line
    assert "👍 1/1 (21–100 %), asked again 1/2 (9–91 %)" in line


async def test_a_thumb_can_be_turned(core: Core) -> None:
    await core.say("ada", "hello")
    await core.click("ada", "👍")
    await core.click("ada", "👎")
    assert "👍 0/1" in await core.say(ADMIN, "/experiment")


async def test_nobody_judges_an_answer_to_somebody_else(core: Core) -> None:
    await core.say("ada", "hello", chat="team")
    assert "no answer of yours" in await core.click("ben", "👎")


async def test_the_winner_is_kept(core: Core) -> None:
    await core.say(ADMIN, "/experiment keep default b")
    assert set(await ask_in_many(core, 5)) == {"Be brief."}
    assert await core.say(ADMIN, "/experiment") == "No experiment runs."


@pytest.mark.parametrize(
    "words", ["start default 60 More.", "start nobody 10 x", "start default 0 x", "keep default z", "stop pirate"]
)
async def test_what_cannot_be_is_told(core: Core, words: str) -> None:
    await core.say(ADMIN, f"/experiment {words}")
    assert "B (50 %)" in await core.say(ADMIN, "/experiment")


async def test_a_third_variant_takes_from_the_first(core: Core) -> None:
    await core.say(ADMIN, "/experiment start default 30 Be long.")
    answer = await core.say(ADMIN, "/experiment")
    assert [share in answer for share in ("A (20 %)", "B (50 %)", "C (30 %)")] == [True] * 3


async def test_it_is_for_admins(core: Core) -> None:
    assert "do not know the command" in await core.say("ada", "/experiment")


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(0, 0, 0, 1), (0, 10, 0, 0.278), (10, 10, 0.722, 1), (50, 100, 0.404, 0.596)]
)
def test_intervals_are_wilsons(hits: int, trials: int, low: float, high: float) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=0.001)
