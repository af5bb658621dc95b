"""The window is never exceeded, whatever is put in; and its beginning stays the same as long as it can."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.completions import PromptMessage
from bot.domain.context import SUMMARY_OVERHEAD, ContextPolicy, ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.recall import Piece, pack
from bot.errors import MessageTooLong

TRUNCATE = ContextPolicy(recall=0, low_water=1)
BLOCKS = ContextPolicy(budget=1000, recall=0)
PICTURE = 1500
"""Tokens that have no text."""


def weighed(tokens: int, text: str = "x") -> Weighed:
    return Weighed(text=text, tokens=tokens)


def turn(tokens: int, text: str = "x", number: int = 1) -> PastTurn:
    return PastTurn(id=number, question=weighed(tokens, text), answer=weighed(tokens, text))


def turns(count: int, tokens: int = 46) -> list[PastTurn]:
    """The newest first; each costs twice its tokens and 8."""
    return [turn(tokens, number=number) for number in range(count, 0, -1)]


def window(size: int = 1000, room: int = 100) -> ContextWindow:
    return ContextWindow(size=size, wanted_room=room)


def fit(
    policy: ContextPolicy,
    past: Sequence[PastTurn],
    *,
    size: int = 1000,
    message: int = 10,
    cold: bool = False,
) -> Fitted:
    return window(size).fit(policy, weighed(10), past, weighed(message), cold=cold)


def kept(fitted: Fitted) -> list[int]:
    return [past.id for past in fitted.turns]


def test_everything_is_kept_while_it_fits() -> None:
    fitted = fit(TRUNCATE, [turn(20, "new"), turn(20, "old")])
    assert [past.question.text for past in fitted.turns] == ["old", "new"]


def test_the_oldest_turns_go_first_and_whole() -> None:
    fitted = fit(TRUNCATE, [turn(60, "new"), turn(60, "mid"), turn(60, "old")], size=400)
    assert [past.question.text for past in fitted.turns] == ["new"]


def test_a_turn_that_does_not_fit_leaves_no_hole() -> None:
    fitted = fit(TRUNCATE, [turn(10, "new"), turn(500, "big"), turn(1, "old")], size=400)
    assert [past.question.text for past in fitted.turns] == ["new"]


def test_a_message_larger_than_the_window_is_refused_with_the_limit() -> None:
    with pytest.raises(MessageTooLong) as refused:
        fit(TRUNCATE, [], message=5000)
    assert refused.value.size == 5000
    fit(TRUNCATE, [], message=refused.value.limit)


def test_a_small_window_keeps_room_for_the_question() -> None:
    assert window(1000, room=4096).answer_room == 250


def test_turns_go_in_blocks_once_the_high_mark_is_passed() -> None:
    assert kept(fit(BLOCKS, turns(10), size=8000)) == list(range(1, 11))
    assert kept(fit(BLOCKS, turns(11), size=8000)) == [7, 8, 9, 10, 11]


def test_an_idle_conversation_gives_up_early_what_would_go_soon() -> None:
    assert len(fit(BLOCKS, turns(8), size=8000).turns) == 8
    assert kept(fit(BLOCKS, turns(8), size=8000, cold=True)) == [4, 5, 6, 7, 8]
    assert len(fit(BLOCKS, turns(7), size=8000, cold=True).turns) == 7


def test_the_newest_turn_stays_though_it_alone_is_beyond_the_low_mark() -> None:
    fitted = fit(BLOCKS, [turn(450, number=2), turn(300, number=1)], size=8000)
    assert kept(fitted) == [2]


def test_no_more_of_the_past_goes_along_than_the_budget_however_large_the_window() -> None:
    fitted = fit(TRUNCATE, turns(500), size=1_000_000)
    assert TRUNCATE.budget - 100 < fitted.verbatim <= TRUNCATE.budget


@pytest.mark.parametrize(("budget", "room"), [(2000, 500), (4000, 1000), (8000, 1000), (16_000, 2000)])
def test_what_may_be_recalled_grows_with_the_budget(budget: int, room: int) -> None:
    assert fit(ContextPolicy(budget=budget), [], size=100_000).spare == room


def test_recalling_and_summing_up_take_room_from_the_turns() -> None:
    plain = fit(ContextPolicy(budget=8000, recall=0), [], size=100_000)
    both = fit(ContextPolicy(budget=8000, recall=1000, summary=400), [], size=100_000)
    assert (plain.high, both.high) == (8000, 8000 - 1000 - 400 - SUMMARY_OVERHEAD)


def test_a_summary_that_is_too_long_is_left_out() -> None:
    fitted = fit(ContextPolicy(summary=400), [], size=100_000)
    assert fitted.summing_up(weighed(400)).summary
    assert not fitted.summing_up(weighed(401)).summary


def test_what_will_go_is_known_before_it_goes() -> None:
    oldest_first = turns(10)[::-1]
    upto = BLOCKS.going(oldest_first, 1000)
    assert upto == 5
    gone = fit(BLOCKS, turns(11), size=8000).turns[0].id
    assert upto < gone


def test_a_model_that_counts_more_tokens_than_we_gets_less() -> None:
    dear = ContextWindow(size=1000, wanted_room=100, ratio=2.0)
    assert dear.budget == pytest.approx(window().budget / 2, abs=1)


def test_a_system_prompt_that_is_empty_is_not_sent() -> None:
    assert [message.role for message in fit(TRUNCATE, []).messages("", weighed(1, "hi"))] == ["user"]


def test_summary_and_recalled_pieces_do_not_speak_with_the_system_s_voice() -> None:
    fitted = fit(ContextPolicy(summary=100), turns(1), size=9000)
    fitted = fitted.summing_up(weighed(10, "SUMMED")).recalling([piece(1, "FOUND", 5)])
    messages = fitted.messages("be kind", weighed(1, "hi"))
    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[0].text == "be kind"
    assert "SUMMED" in messages[1].text
    assert "FOUND" in messages[-1].text
    assert messages[-1].text.endswith("\n\nhi")
    assert [message.passing for message in messages] == [False, False, False, True]


def piece(number: int, text: str, tokens: int, score: float = 1.0) -> Piece:
    day = date(2026, 5, 8)
    return Piece(number=number, turn=number, role="user", text=text, tokens=tokens, day=day, score=score)


texts = st.sampled_from(["word", "你好吗", "👩‍👩‍👧‍👦", "", "\0", "a\n" * 50, "ﷺ", "\ud800"])
sizes = st.one_of(st.integers(0, 60), st.integers(0, 2000), st.just(PICTURE))
weights = st.builds(Weighed, text=texts, tokens=sizes)
policies = st.builds(
    ContextPolicy,
    budget=st.integers(256, 5000),
    low_water=st.floats(0, 1),
    summary=st.one_of(st.just(0), st.integers(1, 1000)),
    recall=st.one_of(st.none(), st.integers(0, 3000)),
)


@given(
    size=st.integers(16, 9000),
    room=st.integers(1, 5000),
    ratio=st.floats(0.7, 2.0),
    policy=policies,
    system=weights,
    past=st.lists(st.tuples(weights, weights), max_size=30),
    message=st.builds(Weighed, text=texts, tokens=st.integers(0, 9000)),
    summary=weights,
    found=st.lists(st.tuples(texts, sizes), max_size=20),
    cold=st.booleans(),
)
def test_prompt_and_answer_never_exceed_the_window(
    *,
    size: int,
    room: int,
    ratio: float,
    policy: ContextPolicy,
    system: Weighed,
    past: list[tuple[Weighed, Weighed]],
    message: Weighed,
    summary: Weighed,
    found: list[tuple[str, int]],
    cold: bool,
) -> None:
    model = ContextWindow(size=size, wanted_room=room, ratio=ratio)
    newest_first = [PastTurn(id=-i, question=one, answer=other) for i, (one, other) in enumerate(past)]
    try:
        fitted = model.fit(policy, system, newest_first, message, cold=cold)
    except MessageTooLong:
        assert message.tokens > model.longest(system)
        return
    assert message.tokens <= model.longest(system)
    fitted = fitted.summing_up(summary)
    pieces = [piece(2 * number, text, tokens) for number, (text, tokens) in enumerate(found)]
    fitted = fitted.recalling(pack(pieces, room=fitted.spare))
    assert fitted.tokens * ratio + model.answer_room <= size
    assert fitted.tokens - system.cost - message.cost - 3 <= policy.budget
    assert fitted.tokens >= system.cost + message.cost + fitted.verbatim
    assert list(fitted.turns) == newest_first[: len(fitted.turns)][::-1]
    assert len(fitted.messages(system.text, message)) == 2 * len(fitted.turns) + 1 + bool(system.text)


@given(policy=policies, tokens=st.lists(st.integers(1, 300), min_size=2, max_size=60))
def test_between_evictions_a_prompt_begins_with_all_of_the_last_one_but_its_question(
    policy: ContextPolicy, tokens: list[int]
) -> None:
    cut, before = 0, list[PromptMessage]()
    said: list[PastTurn] = []
    for number, size in enumerate(tokens):
        verbatim = [past for past in reversed(said) if past.id >= cut]
        fitted = fit(policy, verbatim, size=20_000, message=size)
        evicted = len(fitted.turns) < len(verbatim)
        if evicted:
            cut = fitted.turns[0].id if fitted.turns else number
        fitted = fitted.recalling(pack([piece(1, f"found {number}", 9)], room=fitted.spare))
        prompt = fitted.messages("be kind", weighed(size, f"question {number}"))
        assert evicted or prompt[: len(before)] == before
        before = prompt[:-1]
        said.append(turn(size, f"text {number}", number))


@given(policy=policies, sizes=st.lists(st.integers(1, 300), max_size=60))
def test_the_same_past_gives_the_same_bytes(policy: ContextPolicy, sizes: list[int]) -> None:
    past = [turn(size, f"{size}", -number) for number, size in enumerate(sizes)]
    once, again = (fit(policy, past, size=20_000).messages("s", weighed(1, "q")) for _ in range(2))
    assert once == again
