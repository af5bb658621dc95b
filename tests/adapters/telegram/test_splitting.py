from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.splitting import LIMIT, MOST_ENTITIES, split, utf16_len


def texts_of(text: str, limit: int) -> list[str]:
    return [part for part, _ in split(text, [], limit=limit)]


def test_a_short_text_stays_whole() -> None:
    assert split("hello", []) == [("hello", [])]


def test_a_blank_text_is_no_part() -> None:
    assert split(" \n ", []) == []


def test_parts_are_cut_between_paragraphs_first() -> None:
    assert texts_of("aaaa aaaa aaa\n\nb\nb bb bb", 20) == ["aaaa aaaa aaa", "b\nb bb bb"]


def test_else_between_lines() -> None:
    assert texts_of("aaaa aaaa aa\nbbb bbb bbb", 20) == ["aaaa aaaa aa", "bbb bbb bbb"]


def test_else_between_words() -> None:
    assert texts_of("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]


def test_else_anywhere() -> None:
    assert texts_of("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]


def test_indentation_after_a_cut_survives() -> None:
    assert texts_of("aaaaaaaa\n\n    bbbb", 12) == ["aaaaaaaa", "    bbbb"]


def test_a_family_is_not_torn_apart() -> None:
    family = "👩‍👩‍👧‍👦"  # 11 UTF-16 units
    assert texts_of("ab" + family * 3, 16) == ["ab" + family, family, family]


def test_accents_flags_and_skin_tones_stay_with_their_letters() -> None:
    for cluster in ("e\u0301", "🇩🇪", "👍🏽"):
        for limit in range(5, 9):
            parts = texts_of("x" + cluster + "y" * 9, limit)
            assert any(cluster in part for part in parts), (cluster, limit)


def test_an_endless_cluster_is_cut_all_the_same() -> None:
    parts = texts_of("a" + "\u0301" * 100, 40)
    assert "".join(parts) == "a" + "\u0301" * 100


def test_an_entity_across_a_cut_is_opened_again() -> None:
    parts = split("aaaa bbbb", [{"type": "pre", "offset": 2, "length": 5, "language": "py"}], limit=6)
    assert parts == [
        ("aaaa", [{"type": "pre", "offset": 2, "length": 2, "language": "py"}]),
        ("bbbb", [{"type": "pre", "offset": 0, "length": 2, "language": "py"}]),
    ]


def test_an_entity_over_white_space_that_was_cut_is_dropped() -> None:
    assert split("aaaa    bbbb", [{"type": "bold", "offset": 4, "length": 2}], limit=8)[0] == ("aaaa", [])


def test_no_part_has_more_entities_than_telegram_keeps() -> None:
    text = "x " * 300
    code = [{"type": "code", "offset": 2 * number, "length": 1} for number in range(300)]
    parts = split(text, code)
    assert [len(entities) for _, entities in parts] == [MOST_ENTITIES, MOST_ENTITIES, MOST_ENTITIES, 15]


def test_bold_does_not_count() -> None:
    bold = [{"type": "bold", "offset": 2 * number, "length": 1} for number in range(300)]
    assert len(split("x " * 300, bold)) == 1


def test_a_hundred_entities_on_one_spot_still_end() -> None:
    code = [{"type": "code", "offset": 0, "length": 3}] * 300
    assert "".join(part for part, _ in split("abc", code)) == "abc"


@given(st.text(max_size=200), st.integers(min_value=2, max_value=40))
def test_only_white_space_is_ever_lost(text: str, limit: int) -> None:
    assert "".join("".join(texts_of(text, limit)).split()) == "".join(text.split())


@given(
    st.text(alphabet=st.characters(categories=["So", "Lu", "Zs", "Mn"]), min_size=1, max_size=300), st.integers(2, 40)
)
def test_no_part_is_too_long_or_blank(text: str, limit: int) -> None:
    assert all(part.strip() and utf16_len(part) <= limit for part in texts_of(text, limit))


def test_a_long_text_is_split_in_no_time() -> None:
    parts = split("word 🙂 " * 40_000, [])
    assert all(utf16_len(part) <= LIMIT for part, _ in parts)
