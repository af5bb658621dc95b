from zoneinfo import ZoneInfo

import pytest

from adapters.web.words import preferred, questions_in, words_in
from bot.texts.catalogues import Catalogues, languages

CATALOGUES = Catalogues("en", ZoneInfo("UTC"))


@pytest.mark.parametrize("header", ["", "xx", "*", ";;q=,,", "de;q=high", "en;q=0"])
def test_a_browser_that_asks_for_nothing_we_have_gets_the_default(header: str) -> None:
    assert preferred(header, CATALOGUES).language == "en"


@pytest.mark.parametrize("header", ["zh-TW", "xx, zh-TW;q=0.9", "en;q=0.4, zh-TW;q=0.8"])
@pytest.mark.skipif("zh_Hant" not in languages(), reason="needs a second catalogue")
def test_the_best_language_we_have_is_taken(header: str) -> None:
    assert preferred(header, CATALOGUES).language == "zh_Hant"


def test_every_word_can_be_rendered() -> None:
    for catalogue in CATALOGUES:
        assert all(words_in(catalogue).values())


def test_the_scripted_model_is_asked_in_english() -> None:
    for catalogue in CATALOGUES:
        asked = questions_in(catalogue, scripted=True)
        assert asked["table"]["says"] == "Show me a table"
