"""Summaries: written when nobody waits, beside what was said, and never needed."""

from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from bot.domain.completions import Prompt
from bot.domain.context import ContextPolicy
from bot.errors import UpstreamDown
from bot.storage import Storage
from bot.storage.tables import TurnState, summary, turn
from tests.books import used
from tests.conftest import Core
from tests.test_memory import chatter, mark, prompt, remembering

SUMMARIZE = ContextPolicy(budget=400, recall=0, summary=40)


def written(core: Core) -> list[Prompt]:
    """What the model was asked to sum up."""
    return [one for one in core.model.prompts if one.purpose == "summary"]


def chats(core: Core) -> list[Prompt]:
    return [one for one in core.model.prompts if one.purpose == "chat"]


async def versions(storage: Storage) -> list[Any]:
    async with storage._engine.begin() as connection:
        return list((await connection.execute(sa.select(summary).order_by(summary.c.id))).all())


async def rows(storage: Storage) -> int:
    async with storage._engine.begin() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(turn))).scalar_one())


async def test_old_turns_are_summed_up_before_they_leave(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 30)
    first = written(core)[0].messages[-1].text
    assert "Person: 0 green bottles" in first
    assert "(none yet)" in first
    assert "Ada counts bottles." in chats(core)[-1].messages[1].text


async def test_each_version_goes_on_from_the_one_before_and_none_replaces_a_turn(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 40)
    stored = await versions(storage)
    assert len(stored) > 1
    assert [one.upto for one in stored] == sorted({one.upto for one in stored})
    assert "Ada counts bottles." in written(core)[1].messages[-1].text
    assert "Person: 0 green bottles" not in written(core)[1].messages[-1].text
    assert await rows(storage) == 40


async def test_a_new_version_changes_the_beginning_only_together_with_an_eviction(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 60)
    changes = 0
    prompts = [list(one.messages) for one in chats(core)]
    for before, after in pairwise(prompts):
        same = after[: len(before) - 1] == before[:-1]
        changes += not same
        assert same or len(after) < len(before)
    assert 2 < changes < 12


async def test_without_a_summary_the_turns_leave_all_the_same(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = (UpstreamDown("503"),)
    await chatter(core, 40)
    assert len(core.platform.sent) == 40
    assert await versions(storage) == []
    assert len(prompt(core)) < 30


async def test_a_summary_that_is_too_long_is_cut_after_a_line(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("\n".join(["five words on this line"] * 20),)
    await chatter(core, 15)
    (version,) = await versions(storage)
    assert version.text.splitlines() == ["five words on this line"] * 8
    assert version.tokens == 40


async def test_what_was_taken_back_while_the_model_wrote_is_not_summed_up(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)

    async def take_back() -> None:
        await mark(storage, "0 green bottles are hanging on the wall", TurnState.REPLACED)

    core.model.before_summary = take_back
    while not written(core):
        await core.say("ada", f"{len(core.model.prompts)} green bottles are hanging on the wall")
    assert await versions(storage) == []


async def test_what_has_to_be_forgotten_takes_its_summaries_along(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 40)
    async with storage.begin() as work:
        await work.contexts.distrust(1, 1)
    assert await versions(storage) == []
    await core.say("ada", "and now?")
    assert not any("Ada counts bottles." in message.text for message in prompt(core))


async def test_nobody_s_quota_pays_for_a_summary(storage: Storage) -> None:
    core = remembering(storage, SUMMARIZE)
    core.model.summary = ("Ada counts bottles.",)
    await chatter(core, 40)
    assert (await used(core))[0] == 40
