"""The arithmetic of docs/scaling.md, done again from the figures it begins with."""

import re

import pytest

from tests.house.repository import read
from tests.storage.test_statements import ANSWERED, TRANSACTIONS

PAGE = "docs/scaling.md"


def figure(name: str) -> float:
    """A figure of the first table."""
    found = re.search(rf"^\| {re.escape(name)} \| ([\d.,]+)", read(PAGE), re.MULTILINE)
    assert found, name
    return float(found[1].replace(",", ""))


def row(what: str) -> list[float]:
    """What 1, 4 and 40 workers carry."""
    found = re.search(rf"^\| {re.escape(what)} \| (.+) \|$", read(PAGE), re.MULTILINE)
    assert found, what
    return [float(cell.strip().replace(",", "")) for cell in found[1].split("|")]


WORKERS = (1, 4, 40)


def turns(workers: int) -> float:
    """Turns a second: a worker is one process, and one process is one core, busy for a share of the time."""
    return workers * 1000 / figure("CPU of a worker per turn, ms") * figure("Share of a core in use, %") / 100


@pytest.mark.parametrize(
    ("what", "factor"),
    [
        ("Turns a second", lambda: 1.0),
        ("Turns an hour", lambda: 3600.0),
        ("Answers growing at the same time", lambda: figure("Seconds that an answer grows")),
        ("People, at three questions in the busiest hour", lambda: 3600.0 / 3),
        ("Commits a second", lambda: figure("Transactions per turn")),
        ("Statements a second", lambda: figure("Statements per turn")),
        ("Previews and answers sent a second", lambda: figure("Messages to the platform per turn")),
    ],
)
def test_what_workers_carry_follows_from_what_was_measured(what: str, factor: "object") -> None:
    expected = [turns(workers) * factor() for workers in WORKERS]  # type: ignore[operator]
    assert row(what) == [pytest.approx(one, rel=0.02) for one in expected]


def test_statements_and_transactions_are_those_that_the_tests_allow() -> None:
    assert figure("Statements per turn") == ANSWERED + 3
    assert figure("Transactions per turn") == TRANSACTIONS + 1


def test_the_first_limits_are_where_the_page_says() -> None:
    per_worker = turns(1)
    database = figure("Commits a second that a PostgreSQL on one disk takes") / figure("Transactions per turn")
    telegram = figure("Answers a second that Telegram takes from a bot")
    said = re.findall(r"\*\*(\d+) workers?\*\*", read(PAGE))
    assert [int(one) for one in said] == [int(telegram / per_worker) or 1, int(database / per_worker)]
