"""A sentence that was stored says what it said."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import Text, Typed, plural, text
from bot.texts.stored import from_json, to_json

FACTS = st.recursive(
    st.one_of(
        st.text(max_size=5),
        st.integers(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.datetimes(timezones=st.just(UTC)),
        st.builds(Typed, st.text(max_size=5)),
    ),
    lambda inner: st.builds(Text, st.text(max_size=5), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=5,
)


@given(message=st.text(max_size=10), values=st.dictionaries(st.text(max_size=3), FACTS, max_size=3))
def test_every_sentence_comes_back_as_it_was(message: str, values: dict[str, Any]) -> None:
    sentence = Text(message, values)
    assert from_json(json.loads(json.dumps(to_json(sentence)))) == sentence


def test_a_number_chooses_its_form_after_it_was_stored() -> None:
    sentence = plural("{count} call", "{count} calls", 2)
    assert from_json(json.loads(json.dumps(to_json(sentence)))) == sentence


def test_the_kinds_of_facts_are_kept() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    stored = from_json(to_json(text("{money} {at}", money=Decimal("1.20"), at=at)))
    assert [type(value) for value in stored.values.values()] == [Decimal, datetime]


def test_what_is_no_fact_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        to_json(text("{many}", many=set()))
