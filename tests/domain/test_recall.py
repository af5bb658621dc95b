"""What is found for a message, and what of it is packed."""

from collections.abc import Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.recall import LONGEST_PIECE, Piece, Posting, cost, pack, pieces, rank, written

TODAY = date(2026, 5, 8)


def piece(number: int, *, text: str = "cats", tokens: int = 10, score: float = 1.0) -> Piece:
    return Piece(
        number=number,
        turn=number // 2,
        role="assistant" if number % 2 else "user",
        text=text,
        tokens=tokens,
        day=TODAY,
        score=score,
    )


def first(words: Sequence[Sequence[Posting]], dates: Sequence[Sequence[Posting]] = ()) -> int:
    return rank(words, dates, pieces=100, length=5.0)[0][0]


def numbers(found: Sequence[Piece]) -> list[int]:
    return [one.number for one in found]


def test_a_rare_word_counts_more_than_common_ones() -> None:
    common = [(number, 1, 5) for number in range(50)]
    assert first([common, common, [(7, 1, 5)]]) == 7


def test_of_two_pieces_with_the_word_the_shorter_comes_first() -> None:
    assert first([[(10, 1, 50), (90, 1, 5)]]) == 90


def test_a_piece_is_found_by_the_words_around_it() -> None:
    ranked = dict(rank([[(10, 1, 5)], [(12, 1, 5)]], [], pieces=100, length=5.0))
    assert ranked[11] > ranked[9] > 0


def test_a_named_day_decides_between_equals() -> None:
    word = [(10, 1, 5), (90, 1, 5)]
    assert first([word], [[(90, 1, 1)]]) == 90


def test_of_equals_the_earlier_comes_first_every_time() -> None:
    assert first([[(90, 1, 5), (10, 1, 5)]]) == 10


def test_nothing_is_found_for_nothing() -> None:
    assert rank([], [], pieces=0, length=0.0) == []


def test_what_is_packed_stands_in_the_order_in_which_it_was_said() -> None:
    assert numbers(pack([piece(9), piece(4), piece(5)], room=200)) == [4, 5, 9]


def test_what_is_found_much_less_well_than_the_best_is_left_out() -> None:
    rare, common = [(7, 1, 5)], [(number, 1, 5) for number in range(20, 60)]
    ranked = rank([rare, common], [], pieces=100, length=5.0, threshold=0.35)
    assert [number for number, _ in ranked if number >= 20] == []


def test_a_piece_that_does_not_fit_is_passed_over() -> None:
    assert numbers(pack([piece(1, tokens=500), piece(5)], room=200)) == [5]


def test_what_is_written_tells_days_and_who_spoke() -> None:
    assert written(pack([piece(4), piece(5, text="dogs"), piece(9)], room=200)).splitlines()[1:-1] == [
        "",
        "[2026-05-08]",
        "user: cats",
        "assistant: dogs",
        "",
        "[2026-05-08]",
        "assistant: cats",
        "",
    ]


def test_nothing_is_written_for_nothing() -> None:
    assert (written([]), cost([])) == ("", 0)


@given(
    found=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 100), st.floats(0, 3)), max_size=40),
    room=st.integers(0, 2000),
)
def test_what_is_packed_never_takes_more_than_its_room(found: list[tuple[int, int, float]], room: int) -> None:
    packed = pack([piece(number, tokens=tokens, score=score) for number, tokens, score in found], room=room)
    assert cost(packed) <= room


@given(text=st.one_of(st.text(max_size=3000), st.text("你好。 a\n", max_size=3000), st.just("\ud800" * 2000)))
def test_pieces_together_are_the_message_and_none_is_too_long(text: str) -> None:
    cuts = pieces(text)
    assert "".join(text[start:end] for start, end in cuts) == text
    assert all(len(text[start:end].encode(errors="replace")) <= LONGEST_PIECE for start, end in cuts)
    assert all(end > start for start, end in cuts) or text == ""


def test_messages_are_cut_between_paragraphs_where_there_are_any() -> None:
    text = "a" * 700 + "\n\n" + "b" * 700
    assert [text[start:end] for start, end in pieces(text)] == ["a" * 700 + "\n\n", "b" * 700]
