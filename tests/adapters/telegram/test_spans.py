import pytest

from adapters.telegram.spans import Span, Spans


def test_replacing_keeps_everything_else() -> None:
    spans = Spans.read("🙂ab cd", [{"type": "x", "offset": 2, "length": 2}])
    assert spans.replaced(dict.fromkeys(spans, "-")) == "🙂- cd"


def test_overlapping_spans_are_replaced_once() -> None:
    one, two = Span(kind="x", start=0, end=3), Span(kind="y", start=1, end=4)
    assert Spans("abcdef", (one, two)).replaced({one: "1", two: "2"}) == "1def"


def test_a_span_beyond_the_end_is_cut_off() -> None:
    spans = Spans.read("ab", [{"type": "x", "offset": 1, "length": 99}])
    assert [spans.text_of(span) for span in spans] == ["b"]


@pytest.mark.parametrize("entities", ["x", [None], [{"type": "x", "offset": 0, "length": "1"}], {"a": 1}])
def test_entities_of_the_wrong_shape_raise_type_error(entities: object) -> None:
    with pytest.raises((TypeError, KeyError)):
        Spans.read("ab", entities)
