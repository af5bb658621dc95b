import pytest

from bot.domain.links import aside, disguise, mail_address, web_link


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:8080/a?b#c",
        "https://1.2.3.4/x",
        "https://bücher.example/Ä",
        "HTTPS://EXAMPLE.ORG",
    ],
)
def test_web_pages_may_be_linked(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "tg://user?id=1",
        "tg://resolve?domain=x",
        "/relative",
        "file.py",
        "",
        "https://",
        "https://localhost/x",
        "https://no-dot",
        "https://good.example@evil.example/",
        "https://exa mple.org",
        "https://example.org\\@evil.example",
        "https://[::1",
        "https://example.org:port/",
        "https://example.org/" + "x" * 3000,
        "data:text/html,x",
        "mailto:ada@example.org",
    ],
)  # fmt: skip
def test_everything_else_may_not(url: str) -> None:
    assert web_link(url) is None


def test_a_mail_address_is_found_behind_its_scheme() -> None:
    assert mail_address("mailto:ada@example.org?subject=hi") == "ada@example.org"
    assert mail_address("mailto:nobody") is None


def test_a_label_that_reads_like_another_host_is_a_disguise() -> None:
    assert disguise("https://bank.example/login", "https://evil.example/login") == "evil.example"
    assert disguise("bank.example", "https://evil.example") == "evil.example"
    assert disguise("bank.\u200bexample", "https://evil.example") == "evil.example"
    assert disguise("log in at https://bank.example now", "https://evil.example") == "evil.example"


@pytest.mark.parametrize(
    "label",
    [
        "\u202emoc.elpmaxe.knab//:sptth",
        "\u2067moc.elpmaxe.knab\u2069",
        "ｂａｎｋ．ｅｘａｍｐｌｅ",
        "https://b\u0332a\u0332n\u0332k\u0332.example",
        "https://bank.exa\u00admple/login",
    ],
)
def test_a_label_that_only_looks_like_another_host_is_one_too(label: str) -> None:
    assert disguise(label, "https://evil.example") == "evil.example"


@pytest.mark.parametrize(
    ("host", "spelled"), [("bаnk.example", "xn--bnk-6cd.example"), ("аррӏе.example", "xn--80ak6aa92e.example")]
)
def test_letters_that_pass_for_others_are_spelled(host: str, spelled: str) -> None:
    assert disguise(host, f"https://{host}/login") == spelled
    assert disguise("bank.example", f"https://{host}") == spelled


@pytest.mark.parametrize("host", ["bücher.example", "пример.example", "例え.example", "παράδειγμα.example"])
def test_names_in_other_scripts_are_honest(host: str) -> None:
    assert disguise(host, f"https://{host}/x") is None
    assert disguise("bucher.example", "https://bücher.example") == "bücher.example"


@pytest.mark.parametrize("label", ["example.org", "www.example.org", "https://example.org/x", "the docs", "a b.c d"])
def test_honest_labels_are_no_disguise(label: str) -> None:
    assert disguise(label, "https://example.org/docs") is None


def test_a_link_that_is_no_web_page_says_where_it_leads() -> None:
    assert aside("click", "slack://user?id=1") == "slack://user?id=1"
    assert aside("click", "javascript:alert(1)") == "javascript:alert(1)"
    assert aside("click", "\x01 javascript:alert(1)") == "javascript:alert(1)"
    assert aside("write", "mailto:ada@example.org") == "ada@example.org"
    assert aside("bank", "https://bank.example@evil.example") == "https://bank.example@evil.example"


def test_an_honest_link_needs_no_explanation() -> None:
    assert aside("docs", "https://example.org") is None
    assert aside("ada@example.org", "mailto:ada@example.org") is None
    assert aside("chapter 2", "#chapter-2") is None
