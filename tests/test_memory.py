"""What the model is sent of a long conversation: a beginning that stays, and what belongs to the question."""

from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from bot.domain.completions import PromptMessage, Usage
from bot.domain.context import ContextPolicy
from bot.domain.quotas import Meter
from bot.errors import ContextOverflow
from bot.storage import Storage
from bot.storage.tables import TurnState, context, memory, piece, posting, turn
from tests.conftest import ADMIN, Core, make_core

UNLIMITED: dict[Meter, int | None] = {"messages": None, "tokens": None}
RECALL = ContextPolicy(budget=400)
BLOCKS = ContextPolicy(budget=400, recall=0)
SECRET = "My locker number is 4711."


def remembering(storage: Storage, policy: ContextPolicy = RECALL, *, elsewhere: bool = False) -> Core:
    core = make_core(storage, window=8000, daily=UNLIMITED, context=policy, elsewhere=elsewhere)
    core.model.always = ("That is how they have always been hanging.",)
    return core


async def chatter(core: Core, turns: int, *, user: str = "ada", chat: str = "") -> None:
    """Talk about nothing in particular; each turn costs some thirty tokens."""
    for number in range(turns):
        core.clock.pass_(minutes=1)
        await core.say(user, f"{number} green bottles are hanging on the wall", **({"chat": chat} if chat else {}))


def prompt(core: Core) -> list[PromptMessage]:
    return list(core.model.prompts[-1].messages)


def last(core: Core) -> str:
    return prompt(core)[-1].text


async def rows(storage: Storage, table: sa.Table) -> int:
    async with storage._engine.begin() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


async def mark(storage: Storage, question: str, state: int) -> None:
    async with storage._engine.begin() as connection:
        asked = await connection.execute(sa.select(turn.c.id, turn.c.question))
        its_id = next(row.id for row in asked if row.question == question)
        await connection.execute(sa.update(turn).where(turn.c.id == its_id).values(state=state))


async def test_what_was_said_long_ago_is_recalled_when_it_is_asked_for(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    await chatter(core, 40)
    await core.say("ada", "What is my locker number?")
    assert f"user: {SECRET}" in last(core)
    assert last(core).endswith("\n\nWhat is my locker number?")
    assert [message.text for message in prompt(core)[:-1] if SECRET in message.text] == []


async def test_what_still_goes_along_is_not_recalled_as_well(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 40)
    await core.say("ada", SECRET)
    await core.say("ada", "What is my locker number?")
    assert sum(message.text.count(SECRET) for message in prompt(core)) == 1


async def test_the_beginning_stays_the_same_until_a_block_of_turns_goes(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 60)
    prompts = [list(one.messages) for one in core.model.prompts]
    kept = [one[: len(before) - 1] == before[:-1] for before, one in pairwise(prompts)]
    assert 0 < kept.count(False) <= 60 // 5


async def test_a_restart_does_not_move_the_beginning(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 45)
    before = prompt(core)
    successor = remembering(storage)
    successor.clock._now = core.clock.now() + timedelta(minutes=1)
    await successor.say("ada", "and now?")
    assert prompt(successor)[: len(before) - 1] == before[:-1]


async def test_nothing_is_indexed_of_a_conversation_that_fits(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 3)
    assert await rows(storage, posting) == 0


async def test_every_turn_is_indexed_once_before_it_leaves_the_prompt(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 60)
    left = 60 - (len(prompt(core)) - 2) // 2
    async with storage._engine.begin() as connection:
        turns = list((await connection.execute(sa.select(piece.c.turn_id))).scalars())
    assert len(set(turns)) >= left
    assert len(turns) == 2 * len(set(turns))


async def test_the_index_tells_nobody_what_was_said(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 40)
    async with storage._engine.begin() as connection:
        found = [row for table in (posting, piece, memory) for row in await connection.execute(sa.select(table))]
    assert found
    assert "bottle" not in repr(found)


async def test_nobody_recalls_what_another_person_said(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ben", SECRET, chat="group")
    await chatter(core, 40, chat="group")
    await core.say("ada", "What is my locker number?", chat="group")
    assert SECRET not in last(core)
    await core.say("ben", "What is my locker number?", chat="group")
    assert SECRET in last(core)


@pytest.mark.parametrize("state", [TurnState.REPLACED, TurnState.FAILED])
async def test_what_is_no_part_of_the_conversation_any_more_is_not_recalled(storage: Storage, state: int) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    await chatter(core, 40)
    await mark(storage, SECRET, state)
    await core.say("ada", "What is my locker number?")
    assert SECRET not in last(core)


async def test_a_deleted_conversation_leaves_nothing_in_the_index(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 40)
    async with storage._engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM conversation")
    assert [await rows(storage, table) for table in (memory, piece, posting)] == [0, 0, 0]


async def test_a_forgotten_conversation_leaves_nothing_in_the_index(storage: Storage) -> None:
    core = remembering(storage)
    await chatter(core, 40)
    async with storage.begin() as work:
        await work.contexts.forget(1)
    assert [await rows(storage, table) for table in (context, memory, piece, posting)] == [0, 0, 0, 0]


async def test_turns_are_taken_out_of_the_index_one_by_one(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    await chatter(core, 40)
    before = await rows(storage, posting)
    async with storage.begin() as work:
        (first,) = [one.id for one in await work.spoken.unindexed(1, after=0, most=1)]
        await work.memories.forget([first])
    assert 0 < before - await rows(storage, posting) < 20
    await core.say("ada", "What is my locker number?")
    assert SECRET not in last(core)


async def test_other_conversations_stay_apart_unless_the_operator_joins_them(storage: Storage) -> None:
    core = remembering(storage)
    await core.say("ada", SECRET)
    await core.say("ada", "/new")
    await core.say("ada", "What is my locker number?")
    await core.say("ada", "What is my locker number?")
    assert SECRET not in last(core)


async def test_other_conversations_are_recalled_in_private_if_the_operator_wants_it(storage: Storage) -> None:
    core = remembering(storage, elsewhere=True)
    await core.say("ada", SECRET)
    await core.say("ada", "/new")
    await core.say("ada", "Hello again.")
    await core.say("ada", "What is my locker number?")
    assert SECRET in last(core)
    await core.say("ada", "What is my locker number?", chat="group")
    assert SECRET not in last(core)
    await core.say("ben", "What is my locker number?")
    assert SECRET not in last(core)


async def test_asking_anew_from_an_early_turn_on_brings_the_turns_before_it_back(storage: Storage) -> None:
    core = remembering(storage, BLOCKS)
    await chatter(core, 40)
    beginning = int(prompt(core)[1].text.split()[0])
    for number in range(beginning - 1, 40):
        await mark(storage, f"{number} green bottles are hanging on the wall", TurnState.REPLACED)
    await core.say("ada", "Where were we?")
    assert prompt(core)[-3].text.startswith(f"{beginning - 2} green bottles")


async def test_a_long_message_is_recalled_in_pieces(storage: Storage) -> None:
    core = remembering(storage, ContextPolicy(budget=1000))
    story = "\n\n".join([f"Chapter {number}. " + "Nothing much happened. " * 30 for number in range(4)] + [SECRET])
    await core.say("ada", story)
    await chatter(core, 40)
    await core.say("ada", "What is my locker number?")
    assert SECRET in last(core)
    assert "Chapter 0" not in last(core)


async def test_a_window_that_turned_out_smaller_is_remembered(storage: Storage) -> None:
    core = remembering(storage, BLOCKS)
    await chatter(core, 8)
    core.model.script = [(ContextOverflow("400", window=200),), ("fine",)]
    assert await core.say("ada", "hello") == "fine"
    refused, retried = core.model.prompts[-2:]
    assert retried.tokens < refused.tokens
    await core.say("ada", "once more")
    assert core.model.prompts[-1].tokens + core.model.prompts[-1].answer_room <= 200


async def test_a_model_that_counts_more_gets_less_from_then_on_and_after_a_restart(storage: Storage) -> None:
    core = remembering(storage, ContextPolicy(budget=8000, recall=0))
    for number in range(20):
        await core.say("ada", "/new")
        await core.say("ada", f"{number} " + "word " * 150)
        core.model.usage = Usage(input=round(core.model.prompts[-1].tokens * 1.5), output=5)
    async with storage.begin() as work:
        (lesson,) = (await work.contexts.lessons()).values()
    assert 1.3 < lesson.ratio < 1.6


async def test_what_a_persona_adds_to_a_question_is_not_searched_for(storage: Storage) -> None:
    core = remembering(storage)
    await core.say(ADMIN, "/persona edit default Be kind to {name} on {platform}.")
    await core.say("ada", "Ada is a name, fake is a platform.")
    await chatter(core, 40)
    await core.say("ada", "thanks")
    assert "is a platform" not in last(core)
    assert prompt(core)[-1].passing
