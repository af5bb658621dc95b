"""Finding sentences in the code and carrying their translations over."""

from pathlib import Path

import pytest

from bot.texts.extract import sentences, sentences_in, update, updated

IMPORT = "from bot.texts import plural, text\n"


def found(source: str) -> list[object]:
    return list(sentences_in(IMPORT + source, "a.py"))


def po(*entries: str) -> bytes:
    return "\n\n".join(entries).encode()


def test_a_sentence_is_found() -> None:
    assert found('text("Hello {name}", name="Ada")') == ["Hello {name}"]


def test_a_sentence_over_several_lines_is_one() -> None:
    assert found('text(\n    "Hello "\n    "world"\n)') == ["Hello world"]


def test_a_plural_is_found_with_both_forms() -> None:
    assert found('plural("{count} dog", "{count} dogs", 2)') == [("{count} dog", "{count} dogs")]


def test_a_method_called_text_says_nothing() -> None:
    assert found('arguments.text("channel")') == []


def test_a_function_of_somebody_else_says_nothing() -> None:
    assert list(sentences_in('from sqlalchemy import text\ntext("state = 0")', "a.py")) == []


@pytest.mark.parametrize("call", ["text(words)", 'text(f"Hello {name}")', 'plural("{count} dog", dogs, 2)', "text()"])
def test_a_sentence_that_is_not_written_out_is_refused(call: str) -> None:
    with pytest.raises(ValueError, match=r"a\.py:2: a sentence has to be written out"):
        found(call)


def test_sentences_come_in_order_and_once(tmp_path: Path) -> None:
    for package, said in (("bot", "b"), ("adapters", "a"), ("adapters/web", "b")):
        (tmp_path / package).mkdir()
        (tmp_path / package / "words.py").write_text(f'{IMPORT}text("{said}")')
    assert sentences(tmp_path) == ["a", "b"]


def test_a_translation_is_kept_with_its_notes() -> None:
    known = po('# a greeting\nmsgid "Hello"\nmsgstr "你好"')
    assert po('# a greeting\nmsgid "Hello"\nmsgstr "你好"').decode() in updated("zh_Hans", known, ["Hello"]).decode()


def test_a_new_sentence_waits_for_its_translation() -> None:
    assert 'msgid "Bye"\nmsgstr ""' in updated("zh_Hans", po('msgid "By"\nmsgstr "再见"'), ["Bye"]).decode()


def test_a_sentence_nobody_says_is_removed() -> None:
    assert b"Bye" not in updated("zh_Hans", po('msgid "Bye"\nmsgstr "再见"'), ["Hello"])


def test_a_sentence_that_became_a_plural_is_translated_anew() -> None:
    written = updated("zh_Hans", po('msgid "a dog"\nmsgstr "狗"'), [("a dog", "{count} dogs")]).decode()
    assert 'msgid_plural "{count} dogs"\nmsgstr[0] ""' in written


def test_nothing_is_guessed_fuzzily() -> None:
    known = po('msgid "The answer broke off."\nmsgstr "回答中断了。"')
    assert b"fuzzy" not in updated("zh_Hans", known, ["The answer broke off!"])


def test_a_catalogue_carries_no_date_and_no_place() -> None:
    written = updated("zh_Hans", b"", ["Hello"]).decode()
    assert "Date" not in written
    assert "\n#:" not in written


def test_a_catalogue_begins_with_every_sentence(tmp_path: Path) -> None:
    update(tmp_path, "de", ["Hello", "Bye"])
    written = (tmp_path / "de" / "LC_MESSAGES" / "parley.po").read_text("utf-8")
    assert [line for line in written.splitlines() if line.startswith("msgid ")] == [
        'msgid ""',
        'msgid "Hello"',
        'msgid "Bye"',
    ]


def test_updating_twice_changes_nothing() -> None:
    once = updated("ru", po('msgid "Hello"\nmsgstr "Привет"'), ["Hello", ("{count} dog", "{count} dogs")])
    assert updated("ru", once, ["Hello", ("{count} dog", "{count} dogs")]) == once
