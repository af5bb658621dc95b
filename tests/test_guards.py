"""How large a single turn may be."""

from dataclasses import replace

import pytest

from bot.domain.models import Guard
from bot.errors import UpstreamDown
from bot.llm.emulator import refusals, twists
from bot.storage import Storage
from tests.calls import card, catalog
from tests.conftest import ADMIN, Core, make_core
from tests.llm.test_pool import TEXT, server, staged


def guarded(storage: Storage, **limits: int) -> Core:
    """A core whose people have no plan of their own. Its window has 1000 tokens, an answer 100."""
    return make_core(storage, catalog=replace(catalog(card("m")), guards={"default": Guard(**limits)}))


async def test_a_longer_message_is_refused_with_the_plan_s_limit(storage: Storage) -> None:
    core = guarded(storage, question=3)
    assert await core.say("ada", "one two three") == "echo: one two three"
    assert "4 tokens, at most 3" in await core.say("ada", "one two three four")
    assert len(core.model.prompts) == 1


async def test_another_plan_has_another_limit_from_the_next_message_on(storage: Storage) -> None:
    guards = {"default": Guard(question=2), "vip": Guard(question=50)}
    core = make_core(storage, catalog=replace(catalog(card("m")), guards=guards))
    assert "at most 2" in await core.say("ada", "one two three")
    await core.say(ADMIN, "/plan assign ada vip")
    assert await core.say("ada", "one two three four") == "echo: one two three four"


async def test_the_smaller_of_both_limits_holds(storage: Storage) -> None:
    core = make_core(
        storage,
        catalog=replace(catalog(card("m")), guards={"default": Guard(question=5)}),
        longest_question=2,
    )
    assert "at most 2" in await core.say("ada", "one two three")


async def test_an_answer_has_the_plan_s_room(storage: Storage) -> None:
    core = guarded(storage, answer=70)
    await core.say("ada", "hello")
    assert core.model.prompts[-1].answer_room == 70


async def test_a_call_takes_no_more_than_the_plan_allows_and_leaves_the_past_out(storage: Storage) -> None:
    core = guarded(storage, call=300, answer=64)
    core.model.usage = None
    for number in range(4):
        await core.say("ada", f"{number} " + "word " * 50)
        prompt = core.model.prompts[-1]
        assert prompt.tokens + prompt.answer_room <= 300
    assert [len(prompt.messages) for prompt in core.model.prompts] == [2, 4, 4, 4]


async def test_a_turn_s_limit_goes_with_the_prompt(storage: Storage) -> None:
    core = guarded(storage, turn=600)
    await core.say("ada", "hello")
    assert core.model.prompts[-1].most == 600


@pytest.mark.parametrize(("most", "attempts"), [(None, 3), (310, 3), (309, 2), (209, 1), (1, 1)])
async def test_what_broke_off_is_not_tried_again_beyond_the_turn_s_limit(most: int | None, attempts: int) -> None:
    """An attempt may take 100 tokens of prompt and 10 of answer; one that is lost has taken its prompt."""
    async with staged(server()) as stage:
        stage.servers[0].faults.when(lambda _: True, twists.cut_clean(after=0))
        prompt = replace(stage.prompt(), tokens=100, answer_room=10, most=most)
        assert type(await stage.failure(prompt)) is UpstreamDown
        assert stage.requests == [attempts]


async def test_the_next_model_is_not_asked_beyond_the_turn_s_limit_either() -> None:
    async with staged(server(), server()) as stage:
        stage.servers[0].faults.when(lambda _: True, twists.cut_clean(after=0))
        assert type(await stage.failure(replace(stage.prompt(), most=100))) is UpstreamDown
        assert stage.requests == [1, 0]


async def test_what_was_refused_before_it_began_is_tried_again_whatever_the_limit() -> None:
    async with staged(server()) as stage:
        stage.servers[0].faults.next(refusals.status(500), refusals.status(500))
        assert await stage.answer(replace(stage.prompt(), most=1)) == TEXT
