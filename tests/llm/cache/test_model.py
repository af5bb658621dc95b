"""The cache before a model: what is given again, what is asked once, and who pays."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.completions import Call, Prompt, PromptMessage, Usage
from bot.errors import CompletionRefused, ModelError, StreamInterrupted, UpstreamBusy, UpstreamDown
from bot.llm.cache import CachedModel, MemoryShelf
from bot.ports import Completion
from tests.fakes import FakeClock, FakeModel, Piece
from tests.llm.prompts import card, chain, prompt

NOTHING, SPENT = Usage(input=0, output=0), Usage(input=10, output=5)


class Desk:
    """A cache of an hour before a fake model."""

    def __init__(self) -> None:
        self.inner = FakeModel()
        self.clock = FakeClock()
        self.shelf = MemoryShelf()
        self.model = CachedModel(self.inner, self.shelf, self.clock, scope="everyone", seconds=3600)

    def script(self, *answers: Sequence[Piece]) -> None:
        self.inner.script.extend(answers)

    async def ask(self, asked: Prompt | None = None) -> tuple[str, Completion]:
        completion = self.model.complete(asked or prompt())
        try:
            return "".join([piece async for piece in completion]), completion
        finally:
            await completion.aclose()

    @property
    def calls(self) -> int:
        return len(self.inner.prompts)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def cached(completion: Completion) -> bool:
    assert completion.call is not None
    return completion.call.cached


async def test_the_same_question_is_answered_again_for_nothing(desk: Desk) -> None:
    first, paid = await desk.ask()
    again, free = await desk.ask()
    assert (first, again, desk.calls) == ("echo: hello", "echo: hello", 1)
    assert (cached(paid), paid.usage) == (False, SPENT)
    assert (cached(free), free.usage, free.finish_reason, free.model) == (True, NOTHING, "stop", "scripted-1")


async def test_who_wants_another_answer_gets_one_which_is_kept_instead(desk: Desk) -> None:
    desk.script(["an answer"], ["another answer"])
    await desk.ask()
    assert (await desk.ask(replace(prompt(), anew=True)))[0] == "another answer"
    assert ((await desk.ask())[0], desk.calls) == ("another answer", 2)


async def test_when_there_is_no_other_the_old_one_is_given_again(desk: Desk) -> None:
    desk.script(["an answer"], [UpstreamDown("gone")])
    await desk.ask()
    assert (await desk.ask(replace(prompt(), anew=True)))[0] == "an answer"


async def test_another_question_is_another_call(desk: Desk) -> None:
    await desk.ask()
    assert (await desk.ask(prompt("scripted-1", "bye")))[0] == "echo: bye"
    assert desk.calls == 2


async def test_an_answer_is_given_again_for_its_time_only(desk: Desk) -> None:
    await desk.ask()
    desk.clock.pass_(seconds=3599)
    assert cached((await desk.ask())[1])
    desk.clock.pass_(seconds=1)
    assert not cached((await desk.ask())[1])


async def test_a_later_turn_goes_to_the_model_each_time(desk: Desk) -> None:
    messages = [PromptMessage(role=role, text="hi") for role in ("user", "assistant", "user")]
    later = replace(prompt(), messages=messages)
    await desk.ask(later)
    await desk.ask(later)
    assert desk.calls == 2


@pytest.mark.parametrize("finish", ["length", "content_filter", None])
async def test_an_answer_that_was_cut_is_not_kept(desk: Desk, finish: str | None) -> None:
    desk.inner.finish_reason = finish  # type: ignore[assignment]
    await desk.ask()
    await desk.ask()
    assert desk.calls == 2


async def test_an_empty_answer_is_not_kept(desk: Desk) -> None:
    desk.script([" "], ["words"])
    await desk.ask()
    assert (await desk.ask())[0] == "words"


@pytest.mark.parametrize("error", [StreamInterrupted("cut"), CompletionRefused("no"), UpstreamDown("gone")])
async def test_a_failure_is_not_kept(desk: Desk, error: ModelError) -> None:
    desk.script([error])
    with pytest.raises(type(error)):
        await desk.ask()
    assert (await desk.ask())[0] == "echo: hello"


async def test_a_fallbacks_answer_is_not_kept_for_the_model_that_was_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(prompt(), chain=chain(card("first-1"), card("second-1")))
    other = Call(card=card("second-1"), attempts=2, waited=0.0, first_piece=0.1, lasted=1.0)
    monkeypatch.setattr("tests.fakes.Call", lambda **_: other)
    await desk.ask(asked)
    await desk.ask(asked)
    assert desk.calls == 2


async def test_the_same_question_at_the_same_time_is_one_call_that_one_pays(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script(["one ", gate, "two"])
    asking = [asyncio.create_task(desk.ask()) for _ in range(20)]
    await asyncio.sleep(0.01)
    gate.set()
    answers = await asyncio.gather(*asking)
    assert ({text for text, _ in answers}, desk.calls) == ({"one two"}, 1)
    assert [completion.usage for _, completion in answers] == [SPENT] + [NOTHING] * 19
    assert [cached(completion) for _, completion in answers] == [False] + [True] * 19


async def test_listeners_hear_the_answer_as_it_comes(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script(["one ", gate, "two"])
    leader, follower = (aiter(desk.model.complete(prompt())) for _ in range(2))
    assert [await anext(leader), await anext(follower)] == ["one ", "one "]
    gate.set()
    assert [await anext(follower), await anext(leader)] == ["two", "two"]
    assert [await anext(one, "end") for one in (leader, follower)] == ["end", "end"]


async def test_who_stops_ends_it_for_nobody_else_and_the_next_one_pays(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script(["one ", gate, "two"])
    leader, follower = desk.model.complete(prompt()), desk.model.complete(prompt())
    first, second = aiter(leader), aiter(follower)
    await anext(first)
    await anext(second)
    await leader.aclose()
    gate.set()
    assert [piece async for piece in second] == ["two"]
    assert (leader.usage, follower.usage, cached(follower)) == (None, SPENT, False)
    assert (await desk.ask())[0] == "one two"


async def test_when_the_last_one_stops_the_call_is_given_up(desk: Desk) -> None:
    desk.script(["one ", asyncio.Event()])
    leader, follower = desk.model.complete(prompt()), desk.model.complete(prompt())
    await anext(aiter(leader))
    await anext(aiter(follower))
    await leader.aclose()
    assert desk.inner.closed == 0
    await follower.aclose()
    assert desk.inner.closed == 1
    assert (follower.usage, cached(follower)) == (None, False)
    assert (await desk.ask())[0] == "echo: hello"


async def test_a_follower_who_stops_pays_nothing(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script(["one ", gate, "two"])
    leader, follower = desk.model.complete(prompt()), desk.model.complete(prompt())
    first = aiter(leader)
    await anext(first)
    await anext(aiter(follower))
    await follower.aclose()
    gate.set()
    assert [piece async for piece in first] == ["two"]
    assert (leader.usage, follower.usage, cached(follower)) == (SPENT, NOTHING, True)


async def test_a_task_that_is_cancelled_leaves_nothing_running(desk: Desk) -> None:
    desk.script(["one ", asyncio.Event()])
    asking = asyncio.create_task(desk.ask())
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (desk.inner.closed, len(asyncio.all_tasks())) == (1, 1)


async def test_when_a_call_fails_one_of_the_others_tries_again(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script([gate, UpstreamDown("gone")])
    asking = [asyncio.create_task(desk.ask()) for _ in range(5)]
    await asyncio.sleep(0.01)
    gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(answers[0], UpstreamDown)
    heard = [one for one in answers[1:] if not isinstance(one, BaseException)]
    assert [text for text, _ in heard] == ["echo: hello"] * 4
    assert [cached(completion) for _, completion in heard] == [False, True, True, True]
    assert desk.calls == 2


async def test_nobody_waits_for_a_second_failure(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script([gate, UpstreamDown("gone")], [UpstreamBusy("busy")])
    asking = [asyncio.create_task(desk.ask()) for _ in range(5)]
    await asyncio.sleep(0.01)
    gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in answers] == [UpstreamDown] + [UpstreamBusy] * 4


async def test_a_refusal_is_everyones_and_is_not_repeated(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.script([gate, CompletionRefused("no")])
    asking = [asyncio.create_task(desk.ask()) for _ in range(3)]
    await asyncio.sleep(0.01)
    gate.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in answers] == [CompletionRefused] * 3
    assert desk.calls == 1


@pytest.mark.parametrize("error", [UpstreamDown("gone"), UpstreamBusy("busy")])
async def test_an_old_answer_is_better_than_none(
    desk: Desk, error: ModelError, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.ask()
    desk.clock.pass_(days=2)
    desk.script([error])
    text, completion = await desk.ask()
    assert (text, cached(completion), completion.usage) == ("echo: hello", True, NOTHING)
    assert "stale_answer_given" in caplog.text


async def test_an_answer_of_long_ago_is_not_given_even_then(desk: Desk) -> None:
    await desk.ask()
    desk.clock.pass_(days=8)
    desk.script([UpstreamDown("gone")])
    with pytest.raises(UpstreamDown):
        await desk.ask()


async def test_everybody_who_waits_is_told_of_the_queue(desk: Desk) -> None:
    told: list[tuple[str, int]] = []
    gate = asyncio.Event()
    desk.script([gate, "one"])
    waiting = [desk.model.complete(prompt(), lambda place, _, name=name: told.append((name, place))) for name in "ab"]  # type: ignore[misc]
    first, second = (asyncio.ensure_future(anext(aiter(one))) for one in waiting)
    await asyncio.sleep(0.01)
    assert desk.inner.on_wait is not None
    desk.inner.on_wait(3, 1.0)
    gate.set()
    assert [await first, await second] == ["one", "one"]
    assert told == [("a", 3), ("b", 3)]
    for one in waiting:
        await one.aclose()


async def test_nothing_is_asked_before_the_first_piece_is(desk: Desk) -> None:
    await desk.model.complete(prompt()).aclose()
    assert desk.calls == 0
