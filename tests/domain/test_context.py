"""The window is never exceeded, whatever is put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.context import ContextWindow, PastTurn, Weighed
from bot.errors import MessageTooLong


def weighed(tokens: int, text: str = "x") -> Weighed:
    return Weighed(text=text, tokens=tokens)


def turn(tokens: int, text: str = "x") -> PastTurn:
    return PastTurn(question=weighed(tokens, text), answer=weighed(tokens, text))


def window(size: int = 1000, room: int = 100) -> ContextWindow:
    return ContextWindow(size=size, wanted_room=room)


def test_everything_is_kept_while_it_fits() -> None:
    fitted = window().fit(weighed(10), [turn(20, "new"), turn(20, "old")], weighed(10))
    assert [past.question.text for past in fitted.turns] == ["old", "new"]


def test_the_oldest_turns_go_first_and_whole() -> None:
    fitted = window(400).fit(weighed(10), [turn(60, "new"), turn(60, "mid"), turn(60, "old")], weighed(10))
    assert [past.question.text for past in fitted.turns] == ["new"]


def test_a_turn_that_does_not_fit_leaves_no_hole() -> None:
    fitted = window(400).fit(weighed(10), [turn(10, "new"), turn(500, "big"), turn(1, "old")], weighed(10))
    assert [past.question.text for past in fitted.turns] == ["new"]


def test_a_message_larger_than_the_window_is_refused_with_the_limit() -> None:
    with pytest.raises(MessageTooLong) as refused:
        window().fit(weighed(10), [], weighed(5000))
    assert refused.value.size == 5000
    window().fit(weighed(10), [], weighed(refused.value.limit))


def test_a_small_window_keeps_room_for_the_question() -> None:
    assert window(1000, room=4096).answer_room == 250


def test_a_window_that_turned_out_smaller_is_believed_or_halved() -> None:
    assert window(1000).smaller(600).size == 600
    assert window(1000).smaller(None).size == 500
    assert window(1000).smaller(9999).size == 500


@given(
    size=st.integers(16, 5000),
    room=st.integers(1, 5000),
    system=st.integers(0, 3000),
    turns=st.lists(st.integers(0, 2000), max_size=30),
    message=st.integers(0, 6000),
)
def test_prompt_and_answer_never_exceed_the_window(
    size: int, room: int, system: int, turns: list[int], message: int
) -> None:
    model = window(size, room)
    try:
        fitted = model.fit(weighed(system), [turn(tokens) for tokens in turns], weighed(message))
    except MessageTooLong:
        fits_alone = False
    else:
        fits_alone = True
        assert fitted.tokens + model.answer_room <= size
        assert fitted.tokens >= system + message + sum(past.cost for past in fitted.turns)
    assert fits_alone == (message <= model.longest(weighed(system)))
