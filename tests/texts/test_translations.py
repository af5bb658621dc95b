"""The catalogues in the repository: complete, up to date and true to the English."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from bot.texts.catalogues import languages
from bot.texts.directions import MARKS
from bot.texts.extract import ROOT, sentences, update

LOCALE = ROOT / "bot" / "texts" / "locale"

CHARSETS = {"zh_Hans": "gb2312", "zh_Hant": "big5"}
"""Character sets that hold one script of Chinese only."""

every_language = pytest.mark.parametrize("language", languages()[1:])


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "parley.po").open("rb") as file:
        return read_po(file, locale=language)


def entries(language: str) -> Iterator[Message]:
    return (message for message in catalogue(language) if message.id)


def forms(translation: object) -> list[str]:
    return [str(form) for form in translation] if isinstance(translation, (list, tuple)) else [str(translation)]


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def kept(sentence: str) -> list[str]:
    """What must not be translated: code, commands, names of settings; and the sign a sentence begins with.

    Spanish and Russian have signs of their own, Arabic marks what runs from left to right.
    """
    sentence = "".join(letter for letter in sentence if letter not in MARKS)
    sign = re.match(r"[^\w\s{`“„¿¡№]+", sentence)
    return sorted(re.findall(r"`[^`]*`|(?<!\w)/[a-z]+|[A-Z]+_[A-Z_]+", sentence)) + ([sign.group()] if sign else [])


def test_these_languages_are_spoken() -> None:
    assert languages() == ["en", "ar", "de", "es", "fr", "ja", "pt_BR", "ru", "zh_Hans", "zh_Hant"]


@every_language
def test_the_catalogue_has_exactly_the_sentences_in_the_code(language: str) -> None:
    assert sorted(str(message.id) for message in entries(language)) == sorted(map(str, sentences()))


@every_language
def test_every_sentence_is_translated(language: str) -> None:
    assert [message.id for message in entries(language) if message.fuzzy or not all(forms(message.string))] == []


@every_language
def test_extraction_changes_nothing(language: str, tmp_path: Path) -> None:
    shutil.copytree(LOCALE, tmp_path / "locale")
    update(tmp_path / "locale", language, sentences())
    path = Path(language) / "LC_MESSAGES" / "parley.po"
    assert (tmp_path / "locale" / path).read_text("utf-8") == (LOCALE / path).read_text("utf-8"), "run `make texts`"


@every_language
def test_translations_name_the_facts_of_their_sentence(language: str) -> None:
    """A form for one number alone may say it in words: `سؤالان` are two questions."""
    for message in entries(language):
        wanted = placeholders(forms(message.id)[-1])
        for number, form in enumerate(forms(message.string)):
            exact = {"count"} if language == "ar" and number in (0, 1, 2) and message.pluralizable else set()
            assert wanted - exact <= placeholders(form) <= wanted, form


@every_language
def test_code_commands_settings_and_signs_are_left_alone(language: str) -> None:
    for message in entries(language):
        wanted = kept(forms(message.id)[-1])
        assert [kept(form) for form in forms(message.string)] == [wanted] * len(forms(message.string))


@pytest.mark.parametrize("language", CHARSETS)
def test_a_script_of_chinese_is_kept_to(language: str) -> None:
    said = "".join(form for message in entries(language) for form in forms(message.string))
    ideographs = "".join(re.findall(r"[\u4e00-\u9fff]", said))
    assert ideographs.encode(CHARSETS[language], "replace").decode(CHARSETS[language]) == ideographs
