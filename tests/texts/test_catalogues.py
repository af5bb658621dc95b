"""Which catalogue somebody gets, and how it tells sentences, numbers and times."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import Text, Typed, code, lines, plural, text
from bot.texts.catalogues import Catalogue, Catalogues, languages

BERLIN = ZoneInfo("Europe/Berlin")

UTC_ZONE = ZoneInfo("UTC")

CATALOGUES = Catalogues("en", UTC_ZONE)


def said(sentence: Text, language: str = "en", zone: ZoneInfo = UTC_ZONE) -> str:
    return Catalogue(language, zone).render(sentence)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh-SG", "zh_Hans"),
        ("zh-hans", "zh_Hans"),
        ("zh-Hans-CN", "zh_Hans"),
        ("zh-Hans-HK", "zh_Hans"),
        ("zh-419", "zh_Hans"),
        ("zh_Hans", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("zh_TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-MO", "zh_Hant"),
        ("zh-hant", "zh_Hant"),
        ("ZH-hant-tw", "zh_Hant"),
        ("zh-Hant-SG", "zh_Hant"),
        ("zh-TW-x-private", "zh_Hant"),
        (" zh-tw\n", "zh_Hant"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("en-US-u-hc-h12", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("pt-br", "pt_BR"),
        ("pt", "pt_BR"),
        ("pt-PT", "pt_BR"),
        ("es-LA", "es"),
        ("es-419", "es"),
        ("fr-CA", "fr"),
        ("ja-JP", "ja"),
        ("ru-RU", "ru"),
        ("ar-EG", "ar"),
        ("ar-beta", "ar"),
    ],
)
def test_a_tag_finds_its_catalogue(tag: str, language: str) -> None:
    assert CATALOGUES.of(tag).language == language


@pytest.mark.parametrize(
    "tag",
    [None, "", " ", "ko", "it-IT", "x", "deu", "*", "-", "--zh", "zhx", "i-klingon", "../../etc", "\0", "z" * 100_000],
)
def test_other_tags_find_the_default(tag: str | None) -> None:
    assert Catalogues("zh_Hant", UTC_ZONE).of(tag).language == "zh_Hant"


@given(st.text())
def test_no_tag_is_an_error(tag: str) -> None:
    assert CATALOGUES.of(tag).language in languages()


def test_a_command_begins_as_it_is_typed_where_it_is_read() -> None:
    sentence = text("This conversation is full. {new}", new=Typed("new"))
    assert Catalogue("en", UTC).render(sentence, slash="/parley ").endswith("/parley new")
    assert Catalogue("en", UTC).render(lines(sentence), slash="/parley ").endswith("/parley new")


def test_a_sentence_is_translated_with_its_facts() -> None:
    sentence = text(
        "I do not know the command {name}. {help} lists what I know.", name=code("dance"), help=Typed("help")
    )
    assert said(sentence, "zh_Hans") == "没有 `dance` 这个命令。发送 /help 查看我会的命令。"
    assert said(sentence, "zh_Hant") == "沒有 `dance` 這個指令。傳送 /help 查看我會的指令。"


def test_a_sentence_without_translation_stays_english() -> None:
    assert said(text("Nobody says this to {name}", name="Ada"), "zh_Hans") == "Nobody says this to Ada"


def test_nothing_said_is_nothing() -> None:
    assert said(lines(), "zh_Hans") == ""


@pytest.mark.parametrize(
    ("count", "language", "expected"),
    [
        (1, "en", "Stopped, and dropped 1 message that was waiting."),
        (2, "en", "Stopped, and dropped 2 messages that were waiting."),
        (1, "zh_Hans", "已停止，并丢弃了 1 条等待中的消息。"),
        (2, "zh_Hans", "已停止，并丢弃了 2 条等待中的消息。"),
        (1200, "zh_Hant", "已停止，並捨棄了 1,200 則等待中的訊息。"),
    ],
)
def test_a_number_chooses_the_form(count: int, language: str, expected: str) -> None:
    sentence = plural(
        "Stopped, and dropped {count} message that was waiting.",
        "Stopped, and dropped {count} messages that were waiting.",
        count,
    )
    assert said(sentence, language) == expected


@pytest.mark.parametrize(
    ("count", "language", "expected"),
    [
        (1, "ru", "за 1 час"),
        (3, "ru", "за 3 часа"),
        (5, "ru", "за 5 часов"),
        (11, "ru", "за 11 часов"),
        (21, "ru", "за 21 час"),
        (1, "ar", "في ساعة واحدة"),
        (2, "ar", "في ساعتين"),
        (3, "ar", "في 3 ساعات"),
        (11, "ar", "في 11 ساعة"),
        (1, "pt_BR", "em 1 hora"),
        (2, "fr", "en 2 heures"),
        (7, "ja", "7 時間"),
    ],
)
def test_every_form_of_a_number_is_known(count: int, language: str, expected: str) -> None:
    assert said(plural("in {count} hour", "in {count} hours", count), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Cost: US$ 1,234.56."),
        ("de", "Kosten: 1.234,56 US$."),
        ("fr", "Coût : 1\u202f234,56 US$."),
        ("pt_BR", "Custo: US$ 1.234,56."),
        ("ru", "Стоимость: 1\xa0234,56 US$."),
        ("zh_Hans", "费用：1,234.56 美元。"),
        ("ja", "費用：US$ 1,234.56。"),
    ],
)
def test_money_is_written_by_locale(language: str, expected: str) -> None:
    assert said(text("Cost: US$ {dollars}.", dollars=Decimal("1234.56")), language) == expected


@pytest.mark.parametrize(
    ("number", "language", "expected"),
    [
        (1234567, "en", "1,234,567"),
        (1234567, "de", "1.234.567"),
        (0, "zh_Hans", "0"),
        (-5, "en", "-5"),
        (Decimal("1234.5"), "en", "1,234.5"),
        (Decimal("1234.5"), "de", "1.234,5"),
    ],
)
def test_numbers_are_written_by_locale(number: int | Decimal, language: str, expected: str) -> None:
    assert said(text("{limit}", limit=number), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", "23. Juli, 00:30 MESZ"),
        ("fr", "23 juil., 00:30 +0200"),
        ("ru", "23 июл., 00:30 +0200"),
        ("pt_BR", "23 de jul., 00:30 +0200"),
        ("ja", "7月23日 00:30 +0200"),
        ("ar", "\u200f23 يوليو، 00:30 +0200"),
        ("en", "23 Jul, 00:30 +0200"),
        ("zh_Hans", "7月23日 00:30 +0200"),
        ("zh_Hant", "7月23日 00:30 +0200"),
    ],
)
def test_times_are_told_by_locale_and_zone(language: str, expected: str) -> None:
    assert said(text("{at}", at=datetime(2026, 7, 22, 22, 30, tzinfo=UTC)), language, BERLIN) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), "25 Oct, 02:59 +0200"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "25 Oct, 02:00 +0100"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29 Mar, 01:59 +0100"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 Mar, 03:00 +0200"),
    ],
)
def test_the_hour_that_is_twice_or_never_is_told_apart(moment: datetime, expected: str) -> None:
    assert said(text("{at}", at=moment), zone=BERLIN) == expected


def test_texts_within_texts_are_translated() -> None:
    sentence = lines(text("Stopped."), text("• {rule}: {limit}", rule=text("Messages"), limit=3))
    assert said(sentence, "zh_Hant") == "已停止。\n• 訊息：3"


@given(st.text())
def test_a_value_is_shown_as_it_is(value: str) -> None:
    assert said(text("“{name}”", name=value)) == f"“{value}”"


@pytest.mark.parametrize("value", ["{", "}", "{}", "{name}", "{0.__class__}", "{name.__class__.__mro__}", "%s %(a)s"])
def test_a_value_with_braces_stays_a_value_however_deep(value: str) -> None:
    inner = text("Today, for {person}:", person=value)
    assert said(lines(lines(inner), inner)) == f"Today, for {value}:\nToday, for {value}:"


def test_a_value_that_looks_like_a_sentence_is_not_translated() -> None:
    assert said(text("“{name}”", name="Stopped."), "zh_Hans") == "“Stopped.”"


def test_code_takes_the_meaning_from_markdown() -> None:
    assert code("a`b\n*c*") == "`a'b *c*`"
