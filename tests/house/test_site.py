"""The documentation as a site: what can be told of it without building it. `make docs` checks every link and anchor."""

import re
from urllib.parse import urlsplit

import pytest

from tests.house.repository import read, tracked

PAGES = [name.removeprefix("docs/") for name in tracked("docs/*.md", "docs/reference/*.md") if "/adr/" not in name]
LOCAL = {"localhost", "127.0.0.1"}


def addresses(document: str) -> list[str]:
    """Where a document leads outside of the repository."""
    text = re.sub(r"`[^`]*`", "", read(document))
    return re.findall(r"\]\((\w+:[^)\s]+)\)", text) + re.findall(r"<(https?:[^>\s]+)>", text)


def is_address(found: str) -> bool:
    """Whether it is a public https address, or one of this machine; nobody asks whether something is there."""
    parts = urlsplit(found)
    return parts.hostname in LOCAL or (parts.scheme == "https" and "." in (parts.hostname or ""))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_in_the_menu(page: str) -> None:
    """If not: name it under `nav` in mkdocs.yml."""
    assert re.findall(rf"^ +- .+: {page}$", read("mkdocs.yml"), re.MULTILINE)


def test_every_address_outside_can_be_one() -> None:
    found = [(document, one) for document in tracked("*.md") for one in addresses(document)]
    assert len(found) > 5
    assert [one for one in found if not is_address(one[1])] == []


@pytest.mark.parametrize("wrong", ["http://example.org", "https://nowhere", "file:///etc"])
def test_an_address_that_cannot_be_one_is_noticed(wrong: str) -> None:
    assert not is_address(wrong)
