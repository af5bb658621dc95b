"""Personal data is told by its form and its check digits, beside Chinese words too; dates and versions are none."""

import time
from collections.abc import Sequence

import pytest

from bot.domain.personal import apart, personal


def found(text: str) -> Sequence[str]:
    return [f"{one.kind} {text[one.start : one.end]}" for one in apart(personal(text))]


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_"
BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\nab+/cd\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("write to ada.l+x@mail.example.org.", ["EMAIL ada.l+x@mail.example.org"]),
        ("邮箱是ada@example.org，电话13812345678。", ["EMAIL ada@example.org", "PHONE 13812345678"]),
        ("jürgen@büro.example", ["EMAIL jürgen@büro.example"]),
        ("+49 30 901820", ["PHONE +49 30 901820"]),
        ("+1 (555) 123-4567 or tel:+4930901820", ["PHONE +1 (555) 123-4567", "PHONE +4930901820"]),
        ("0044 20 7946 0958", ["PHONE 0044 20 7946 0958"]),
        ("(030) 901820, 030/901820", ["PHONE (030) 901820", "PHONE 030/901820"]),
        ("06.12.34.56.78", ["PHONE 06.12.34.56.78"]),
        ("090-1234-5678", ["PHONE 090-1234-5678"]),
        ("(555) 234-5678", ["PHONE (555) 234-5678"]),
        ("手机138 1234 5678", ["PHONE 138 1234 5678"]),
        ("電話０９０－１２３４－５６７８", ["PHONE ０９０－１２３４－５６７８"]),
        ("اتصل على ٠٥٠ ١٢٣ ٤٥٦٧", ["PHONE ٠٥٠ ١٢٣ ٤٥٦٧"]),
        ("+49\u00a030\u2011901820", ["PHONE +49\u00a030\u2011901820"]),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ", ["EMAIL ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ"]),
        ("4111 1111 1111 1111 12/27", ["CARD 4111 1111 1111 1111"]),
        ("卡号4111111111111111", ["CARD 4111111111111111"]),
        ("3782-822463-10005", ["CARD 3782-822463-10005"]),
        ("DE89 3704 0044 0532 0130 00 BIC COBADEFF", ["IBAN DE89 3704 0044 0532 0130 00"]),
        ("gb82west12345698765432", ["IBAN gb82west12345698765432"]),
        ("192.168.1.7:8080", ["IP 192.168.1.7"]),
        ("from 2001:db8::1 and ::ffff:10.1.2.3", ["IP 2001:db8::1", "IP ::ffff:10.1.2.3"]),
        (f"key {'sk-proj-' + 'a1' * 20}", [f"KEY {'sk-proj-' + 'a1' * 20}"]),
        ("Bearer abcdef0123456789abcdef", ["KEY abcdef0123456789abcdef"]),
        (f"Cookie: {JWT};", [f"KEY {JWT}"]),
        (f"{BLOCK}\nthanks", [f"KEY {BLOCK}"]),
        ('api_key = "abc12345XYZ"', ["KEY abc12345XYZ"]),
        ("密码：abc12345", ["KEY abc12345"]),
        ("redis://:hunter2@cache/0", ["KEY hunter2"]),
    ],
)
def test_what_is_personal_is_found_and_nothing_around_it(text: str, what: Sequence[str]) -> None:
    assert found(text) == what


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26 18:30",
        "01.02.2026 10:30",
        "02-03-2026 18:00",
        "order 1234567890",
        "invoice 4711-2026-11",
        "version 10.2.3.4 and v1.2.3.4",
        "127.0.0.1, 0.0.0.0, 255.255.255.0, ::1",
        "12:30:45",
        "std::min(ab::cd, dead::beef)",
        "00:11:22:33:44:55",
        "1700000000000",
        "3.14159265358979",
        "1,234,567,890",
        "4111 1111 1111 1112",
        "DE89370400440532013001",
        "550e8400-e29b-41d4-a716-446655440000",
        "ISBN 978-3-16-148410-0",
        "https://example.org/2026/11/26/0123456789",
        "npm i react@18.2.0, ask @ada",
        "password: required; token = request.token",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_what_two_patterns_share_is_one_finding() -> None:
    assert found("postgres://ada:hunter2@db.example.org/x") == ["EMAIL hunter2@db.example.org"]


@pytest.mark.parametrize(
    "piece",
    [
        *("a", "1", "1 ", "1.", "a.", ":", "a@", "a@a.a.", "+1 ", "(0", "- ", "卡", "[EMAIL_", "DE89 ", "eyJ", "sk-"),
        *("://a:", "token: ", "password=aaaaaaaa", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY-----"),
    ],
)
def test_hostile_texts_take_no_longer_than_others(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    began = time.process_time()
    apart(personal(text))
    assert time.process_time() - began < 2
