"""Databases of each version that there has been, with something in every table, come to the newest one and back."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from bot.storage import Storage
from bot.storage.migrate import check, configuration, downgrade, upgrade
from tests.databases import own_database, rows
from tests.storage.filling import Content, Row, content, fill

REVISIONS = sorted(one.revision for one in ScriptDirectory.from_config(configuration("sqlite://")).walk_revisions())
"""0001 was 0.1.0; each of the others was the newest one for somebody who ran the main branch."""

CHANGED = {
    "allowance.counted_from": "was kept for each meter, and is kept for the account",
    "credit.id": "is numbered anew",
}
"""What does not come back as it was."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/a.db"
        return
    with own_database() as url:
        yield url


def kept(before: Content, after: Content) -> Mapping[str, list[Row]]:
    """Of the rows before, what the tables afterwards have columns for."""
    found: dict[str, list[Row]] = {}
    for name in before.keys() & after.keys() - CHANGED.keys():
        both = before[name] and after[name]
        columns = sorted(before[name][0].keys() & after[name][0].keys()) if both else []
        columns = [column for column in columns if f"{name}.{column}" not in CHANGED]
        found[name] = [{column: row[column] for column in columns} for row in before[name]]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("revision", REVISIONS)
def test_nothing_is_lost_on_the_way_to_the_newest_version_and_back(empty: str, revision: str) -> None:
    Storage.open(empty)
    upgrade(empty, revision)
    fill(empty)
    old = content(empty)
    assert all(len(rows) == 3 for rows in old.values())

    upgrade(empty)
    check(empty)
    new = content(empty)
    assert kept(new, old) == kept(old, new)

    downgrade(empty, revision)
    back = content(empty)
    assert back.keys() == old.keys()
    assert kept(back, old) == kept(old, back)

    upgrade(empty)
    assert kept(content(empty), new) == kept(new, new)


def test_what_admins_had_decided_per_day_holds_as_a_limit(empty: str) -> None:
    upgrade(empty, "0010")
    fill(empty)
    upgrade(empty)
    limits = "SELECT subject, meter, amount FROM quota ORDER BY subject"
    assert rows(empty, limits) == [("account:1", "messages", 50), ("account:2", "tokens", None)]


def test_what_people_had_used_is_in_the_sums_that_limits_are_read_from(empty: str) -> None:
    upgrade(empty, "0010")
    fill(empty)
    charged = rows(empty, "SELECT sum(messages), sum(tokens) FROM charge WHERE state = 1")
    upgrade(empty)
    for level in range(3):
        assert rows(empty, f"SELECT sum(messages), sum(tokens) FROM usage WHERE level = {level}") == charged  # noqa: S608
