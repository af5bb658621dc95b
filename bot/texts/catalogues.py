"""Catalogues: sentences in the reader's language, numbers and times by locale."""

import gettext
from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import format_decimal

from bot.texts import Text, Typed, text
from bot.texts.directions import embedded

SOURCE = "en"
"""The language the sentences are written in."""

_FOLDER = Path(__file__).parent / "locale"

_MOMENT = text("d MMM, HH:mm zzz")
"""How a time is told, in the letters of Unicode's date patterns. Each catalogue has its own order of them."""

_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""Platforms name Chinese by script, by region or not at all; what differs in writing is the script."""


class Catalogue:
    """One language."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self.language = language
        self._zone = zone
        self._locale = Locale.parse(language)

    @property
    def right_to_left(self) -> bool:
        return self._locale.text_direction == "rtl"

    def render(self, sentence: Text, *, slash: str = "/") -> str:
        """The sentence in this language, with its facts; `slash` is what commands begin with where it is read."""
        values = {name: self.fact(value, slash=slash) for name, value in sentence.values.items()}
        wording = self._translated(sentence)
        if self.right_to_left:
            words = {name for name, value in sentence.values.items() if isinstance(value, str | Typed)}
            wording, values = embedded(wording, values, words)
        return wording.format_map(values)

    def _translated(self, sentence: Text) -> str:
        if not sentence.message:
            return ""  # gettext would answer with the catalogue's header
        if sentence.plural is None:
            return self._translations.gettext(sentence.message)
        return self._translations.ngettext(sentence.message, sentence.plural, sentence.count)

    def fact(self, value: Any, *, slash: str = "/") -> str:
        """One fact of a sentence, or one cell of a table, as this language writes it."""
        match value:
            case Text():
                return self.render(value, slash=slash)
            case Typed(words):
                return slash + words
            case int() | Decimal():
                # Locales show three decimals; whoever made the number knows how many of them matter.
                return str(format_decimal(value, locale=self._locale, decimal_quantization=False))
            case datetime():
                pattern = self._translated(_MOMENT)
                return str(format_datetime(value, pattern, tzinfo=self._zone, locale=self._locale))
        return str(value)

    @cached_property
    def _translations(self) -> gettext.NullTranslations:
        # Compiled here from the readable .po: a second form in the repository would go stale.
        source = _FOLDER / self.language / "LC_MESSAGES" / "parley.po"
        if not source.exists():
            return gettext.NullTranslations()
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        compiled = BytesIO()
        with source.open("rb") as file:
            write_mo(compiled, read_po(file, locale=self.language))
        compiled.seek(0)
        return gettext.GNUTranslations(compiled)


class Catalogues:
    """Every language there is; `default` speaks to people whose language is unknown or not among them.

    Args:
        zone: the time zone in which times are told.
    """

    def __init__(self, default: str, zone: tzinfo) -> None:
        self._by_language = {language: Catalogue(language, zone) for language in languages()}
        self._default = self._by_language[default]

    def of(self, tag: str | None) -> Catalogue:
        """The catalogue for an IETF tag (`zh-hans`, `de-AT`) or None."""
        return self._by_language.get(known_as(tag or "", self._by_language) or "", self._default)

    def __iter__(self) -> Iterator[Catalogue]:
        return iter(self._by_language.values())


def languages() -> list[str]:
    """The languages with a catalogue, English first."""
    return [SOURCE, *sorted(folder.parent.parent.name for folder in _FOLDER.glob("*/LC_MESSAGES/parley.po"))]


def own_name(language: str) -> str:
    """A language as its own speakers call it: `Deutsch`, `繁體中文`."""
    name = Locale.parse(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def known_as(tag: str, names: Collection[str]) -> str | None:
    """Which of the catalogues speaks to those whose platform says `tag`: `pt-PT` → `pt_BR`; None if none does.

    Tags are strangers' words: whatever they hold, it is no error.
    """
    language, *rest = tag.strip().replace("_", "-").lower().split("-")
    if language == "zh":
        return "zh_Hant" if "hans" not in rest and _TRADITIONAL.intersection(rest) else "zh_Hans"
    return next((name for name in names if name.partition("_")[0] == language), None)
