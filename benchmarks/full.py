"""What a turn costs in a database that has seen a lot, beside the same turn in an empty one.

    python -m benchmarks.full [--accounts 100000] [--messages 1000000] [--turns 300] [--json FILE]

Everything but the database is faked: accepted, claimed, answered, charged, sent and finished, with nothing between.
Turns alternate between both databases, so that a noisy moment hits both; medians are compared. The full one holds, for
each question and answer, what such a turn leaves behind: arrival, sent part, turn and charge.
"""

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import sqlalchemy as sa
import structlog

from bot.domain.quotas import Meter
from bot.storage import Storage
from bot.storage.migrate import upgrade
from tests.conftest import Core, make_core
from tests.databases import own_database

TARGET = 1.2
"""Time of a turn in the full database, in turns of the empty one."""

UNLIMITED: dict[Meter, int | None] = {"messages": None, "tokens": None}
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) "
PEOPLE = (
    "INSERT INTO account (id, created_at) {n} SELECT i, i FROM n",
    "INSERT INTO identity (platform, \"user\", account_id, name) {n} SELECT 'fake', 'old' || i, i, 'Old' FROM n",
    "INSERT INTO conversation (id, place, started_at) {n} SELECT i, 'fake:old' || i, i FROM n",
    "INSERT INTO place (key, conversation_id, chosen_at) {n} SELECT 'fake:old' || i, i, i FROM n",
    "INSERT INTO lane (key, state, pending, rank, epoch) {n} SELECT 'fake:old' || i, 0, 0, i, 1 FROM n",
)
TURNS = (
    (
        "INSERT INTO inbox (id, source, event, lane, order_key, state, attempts, received_at, payload) {n}"
        " SELECT i, 'fake:bot', 'old' || i, 'fake:old' || (1 + i % :people), i, 1, 1, i, '{{}}' FROM n"
    ),
    (
        "INSERT INTO outbox (inbox_id, position, platform, state, attempts, created_at, part) {n}"
        " SELECT i, 0, 'fake', 2, 1, i, '{{}}' FROM n"
    ),
    (
        "INSERT INTO turn (inbox_id, conversation_id, account_id, state, question, question_tokens, answer,"
        " answer_tokens, ending, started_at, finished_at) {n}"
        " SELECT i, 1 + i % :people, 1 + i % :people, 1, 'a question', 2, 'an answer', 2, 'stop', i, i FROM n"
    ),
    (
        "INSERT INTO charge (inbox_id, account_id, at, messages, tokens, state) {n}"
        " SELECT i, 1 + i % :people, i, 1, 100, 1 FROM n"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Milliseconds of a turn, wall time, medians."""

    database: str
    empty: float
    full: float

    @property
    def ratio(self) -> float:
        return self.full / self.empty


def fill(url: str, accounts: int, messages: int) -> None:
    engine = sa.create_engine(url.replace("+aiosqlite", ""))
    amounts = {"people": accounts}
    with engine.begin() as connection:
        for statements, most in ((PEOPLE, accounts), (TURNS, messages // 2)):
            for statement in statements:
                query = sa.text(statement.format(n=NUMBERS))
                used = {name: amounts[name] for name in amounts if f":{name}" in statement}
                connection.execute(query, {"most": most, **used})
        if engine.dialect.name == "postgresql":
            for table in ("account", "conversation", "inbox", "turn"):
                connection.execute(
                    sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
                )
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()


@contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """An empty one, and one to be filled."""
    with ExitStack() as stack:
        if kind == "postgresql":
            yield stack.enter_context(own_database()), stack.enter_context(own_database())
            return
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        yield f"sqlite+aiosqlite:///{folder}/empty.db", f"sqlite+aiosqlite:///{folder}/full.db"


async def turn(core: Core, number: int) -> float:
    began = time.perf_counter()
    await core.hear(f"person{number % 50}", f"question {number}")
    for lease in await core.inbox.claim(10):
        core.dispatcher.start(lease)
    await core.dispatcher.drain(5)
    return (time.perf_counter() - began) * 1000


async def compare(kind: str, empty: str, full: str, turns: int) -> Row:
    storages = Storage.open(empty), Storage.open(full)
    cores = [make_core(storage, daily=UNLIMITED) for storage in storages]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(turns + 50):
        for core, found in zip(cores, times, strict=True):
            found.append(await turn(core, number))
    for storage in storages:
        await storage.close()
    return Row(database=kind, empty=median(times[0][50:]), full=median(times[1][50:]))


def measure(kind: str, accounts: int, messages: int, turns: int) -> Row:
    with databases(kind) as (empty, full):
        upgrade(empty)
        upgrade(full)
        fill(full, accounts, messages)
        return asyncio.run(compare(kind, empty, full, turns))


def render(table: Sequence[Row]) -> str:
    lines = ["| database | ms a turn, empty | full | ratio |", "|---|---:|---:|---:|"]
    return "\n".join(
        [*lines, *(f"| {one.database} | {one.empty:.1f} | {one.full:.1f} | {one.ratio:.2f} |" for one in table)]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="A turn in an empty and in a full database.")
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    table = [measure(kind, options.accounts, options.messages, options.turns) for kind in options.databases]
    print(render(table))
    print(f"Target: at most {TARGET}")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"ratio": row.ratio} for row in table], indent=2) + "\n")


if __name__ == "__main__":
    main()
