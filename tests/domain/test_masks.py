"""Masks: whoever reads the restored answer reads what was said, however it was cut."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.masks import NOTE, Masks, Unmasking

VALUES = ("ada@example.org", "ben@example.org", "+49 30 901820", "4111 1111 1111 1111", "192.168.1.7")
ODDITIES = (
    "[",
    "]",
    "[[",
    "[EMAIL_",
    "[EMAIL_1]",
    "[PHONE_2]",
    "[TEXT_1]",
    "[email_1]",
    "EMAIL_1",
    "_1]",
    "```",
    "\n",
    " ",
)

texts = st.lists(st.one_of(st.sampled_from(VALUES), st.sampled_from(ODDITIES), st.text(max_size=4))).map("".join)


def restored(masks: Masks, pieces: Iterable[str]) -> str:
    unmasking = Unmasking(masks)
    return "".join([*map(unmasking.feed, pieces), unmasking.rest()])


def cut(text: str, at: Sequence[int]) -> Sequence[str]:
    ends = sorted({0, len(text), *(one % (len(text) + 1) for one in at)})
    return [text[one:other] for one, other in pairwise(ends)]


@given(texts, st.lists(st.integers(min_value=0)))
def test_restoring_what_was_masked_is_what_was_there_for_any_pieces(text: str, at: Sequence[int]) -> None:
    masks = Masks()
    assert restored(masks, cut(masks.mask(text), at)) == text


@given(st.lists(st.one_of(st.sampled_from(VALUES), st.sampled_from(ODDITIES))))
def test_no_value_is_left_in_a_masked_text(words: Sequence[str]) -> None:
    masked = Masks().mask(" ".join(words))
    assert not any(value in masked for value in VALUES)


@given(texts, texts, st.lists(st.integers(min_value=0)))
def test_what_a_model_makes_up_is_shown_alike_in_pieces_and_whole(said: str, answer: str, at: Sequence[int]) -> None:
    masks = Masks()
    masks.mask(said)
    assert restored(masks, cut(answer, at)) == masks.restore(answer)


@given(texts)
def test_nothing_is_held_back_but_what_may_become_a_placeholder(text: str) -> None:
    masks = Masks()
    masked, shown, fed = masks.mask(text), "", ""
    unmasking = Unmasking(masks)
    for letter in masked:
        fed += letter
        shown += unmasking.feed(letter)
        held = fed[fed.rfind("[") :] if masks.restore(fed) != shown else ""
        assert masks.restore(fed) == shown + held
        assert not held or any(one.startswith(held) and one != held for one in masks.values)


@given(st.lists(texts), texts)
def test_the_beginning_of_a_prompt_is_masked_alike_whatever_follows(before: Sequence[str], after: str) -> None:
    shorter, longer = Masks(), Masks()
    assert [shorter.mask(one) for one in before] == [longer.mask(one) for one in (*before, after)][: len(before)]


def test_the_same_value_has_the_same_placeholder_in_every_text() -> None:
    masks = Masks()
    assert masks.mask("ada@example.org and ben@example.org") == "[EMAIL_1] and [EMAIL_2]"
    assert masks.mask("ben@example.org, +49 30 901820") == "[EMAIL_2], [PHONE_1]"


def test_a_placeholder_that_somebody_wrote_is_theirs() -> None:
    masks = Masks()
    assert masks.mask("[EMAIL_1] is ada@example.org") == "[TEXT_1] is [EMAIL_1]"
    assert masks.restore("[TEXT_1] or [EMAIL_1]?") == "[EMAIL_1] or ada@example.org?"


def test_what_a_model_mangles_or_makes_up_stays_as_it_is() -> None:
    masks = Masks()
    masks.mask("ada@example.org")
    mangled = "[email_1] [EMAIL 1] [EMAIL_01] [EMAIL_2] EMAIL_1 [EMAIL_1"
    assert restored(masks, [mangled]) == mangled


def test_a_placeholder_in_code_is_restored() -> None:
    masks = Masks()
    masks.mask("192.168.1.7")
    assert restored(masks, ["```sh\nssh root@[I", "P_", "1", "]\n```"]) == "```sh\nssh root@192.168.1.7\n```"


def test_the_note_about_placeholders_is_not_masked() -> None:
    assert Masks().mask(NOTE) == NOTE
