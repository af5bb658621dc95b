import pytest

from adapters.telegram.links import disguise, mail_address, web_link


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


@pytest.mark.parametrize("label", ["example.org", "www.example.org", "https://example.org/x", "the docs", "a b.c d"])
def test_honest_labels_are_no_disguise(label: str) -> None:
    assert disguise(label, "https://example.org/docs") is None
