"""What limits add to a turn: reserve and settle beside recording question and answer, on databases of any size.

    python -m benchmarks.limits [--turns 400] [--accounts 100000] [--rows 1000000] [--postgresql URL] [--json FILE]

A turn here is its two transactions and nothing else: no model, no platform. It is measured as it would be without any
quotas (question and answer are recorded), with a plan without limits, and with a plan of four limits in four windows;
in a small database, and in one with many accounts and rows of use, a tenth of them of the account that is measured.
`--postgresql` names a server on which databases of its own are made, and dropped at the end.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import event

from benchmarks.recall import database
from bot.clock import SystemClock
from bot.domain.people import Identity, Sender
from bot.domain.quotas import Amount, Plan, Rule
from bot.domain.windows import Window
from bot.plans import Plans
from bot.quotas import Demand, Quotas
from bot.storage import Account, Exchange, Storage, UnitOfWork
from bot.storage.tables import account, usage

FLAT = 1.3
"""How much dearer a turn may be in the large database."""

BATCH = 5000
WARM_UP = 20
FEW = 10
DAY = 86_400_000
HEAVY = 10
"""One row of use in so many is the measured account's."""

ADA = Sender(identity=Identity(platform="bench", user="ada"), name="Ada")
FOUR = (
    Rule(meter="messages", window=Window(hours=3), limit=10**9, scope="strong"),
    Rule(meter="messages", window=Window(span="day"), limit=10**9),
    Rule(meter="tokens", window=Window(span="week"), limit=10**12),
    Rule(meter="cost", window=Window(span="month"), limit=10**12),
)
PLANS = {"plain": None, "no limit": (), "four limits": FOUR}
"""What is measured: without a reservation, with one that no rule refuses, with four rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Milliseconds (median) and statements of a turn."""

    database: str
    size: str
    plan: str
    milliseconds: float
    statements: float


class Statements:
    """Counts what is sent to a database."""

    def __init__(self, storage: Storage) -> None:
        self.count = 0
        event.listen(storage._engine.sync_engine, "before_cursor_execute", self._counted)  # noqa: SLF001 - from outside

    def _counted(self, *_: Any) -> None:
        self.count += 1


class Turns:
    """Turns of one account, each a question and an answer."""

    def __init__(self, storage: Storage, rules: Sequence[Rule] | None, first: int) -> None:
        self._storage = storage
        self._arrival = first
        self._quotas = None
        if rules is not None:
            self._quotas = Quotas(Plans([Plan(name="free", rules=rules)]), ZoneInfo("UTC"), SystemClock())

    async def turn(self) -> float:
        """One; returns its milliseconds."""
        self._arrival += 1
        started = time.perf_counter()
        async with self._storage.begin() as work:
            ada = await work.people.meet(ADA)
            await self._question(work, ada)
            if self._quotas:
                await self._quotas.reserve(work, ada, self._demand())
        async with self._storage.begin() as work:
            await work.history.answer(self._arrival, Exchange(answer="42", answer_tokens=1, ending="stop"))
            if self._quotas:
                used = Amount.of_turn(prompt=100, answer=100, cost=100)
                await self._quotas.settle(work, self._arrival, model="bench/strong", used=used)
        return (time.perf_counter() - started) * 1000

    async def _question(self, work: UnitOfWork, ada: Account) -> None:
        conversation = await work.conversations.current("bench:ada", account_id=ada.id)
        await work.history.begin(
            self._arrival, conversation_id=conversation, account_id=ada.id, question="?", tokens=1, messages=[]
        )

    def _demand(self) -> Demand:
        return Demand(
            arrival=self._arrival,
            chat="",
            tier="strong",
            model="bench/strong",
            room=100,
            amount_of=lambda room: Amount.of_turn(prompt=100, answer=room, cost=100 + room),
            again=False,
        )


class Series:
    """Turns of one kind in one database, timed one by one."""

    def __init__(self, storage: Storage, statements: Statements, rules: Sequence[Rule] | None, first: int) -> None:
        self._turns = Turns(storage, rules, first)
        self._statements = statements
        self._times: list[float] = []
        self._sent = 0

    async def add(self, *, counts: bool) -> None:
        before = self._statements.count
        took = await self._turns.turn()
        if counts:
            self._times.append(took)
            self._sent += self._statements.count - before

    def result(self, name: str, size: str, plan: str) -> Result:
        return Result(
            database=name,
            size=size,
            plan=plan,
            milliseconds=median(self._times),
            statements=self._sent / len(self._times),
        )


async def measure(storages: Mapping[str, Storage], name: str, turns: int) -> list[Result]:
    """A turn of each kind after the other, so that whatever else the machine does falls on all of them alike."""
    series = {}
    for storage_number, (size, storage) in enumerate(storages.items()):
        statements = Statements(storage)
        for plan_number, (plan, rules) in enumerate(PLANS.items()):
            first = (storage_number * 10 + plan_number + 1) * 10**6
            series[size, plan] = Series(storage, statements, rules, first)
    for number in range(turns + WARM_UP):
        for one in series.values():
            await one.add(counts=number >= WARM_UP)
    return [one.result(name, size, plan) for (size, plan), one in series.items()]


async def fill(storage: Storage, accounts: int, rows: int) -> None:
    """Accounts, and use of the last month: buckets of five minutes and days."""
    today = int(time.time() * 1000) // DAY * DAY
    async with storage.begin() as work:
        ada = await work.people.meet(ADA)
    for first in range(0, accounts, BATCH):
        made = [{"id": 1000 + number, "created_at": 0} for number in range(first, min(first + BATCH, accounts))]
        await insert(storage, account, made)
    for first in range(0, rows, BATCH):
        used = [row(number, ada.id, accounts, today) for number in range(first, min(first + BATCH, rows))]
        await insert(storage, usage, used)


def row(number: int, ada: int, accounts: int, today: int) -> dict[str, Any]:
    """A row of `usage` whose key no other has."""
    whose = ada if number % HEAVY == 0 else 1000 + number % accounts
    bucket = today - DAY - number // HEAVY % 8640 * 300_000
    return {
        "subject": f"account:{whose}",
        "level": number % 2,
        "starts_at": bucket if number % 2 == 0 else today - number // HEAVY % 30 * DAY,
        "tier": "strong",
        "model": f"bench/{number}",
        **dict.fromkeys(("messages", "input", "output", "tokens", "cost"), 1),
    }


async def insert(storage: Storage, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    async with storage.begin() as work:
        await work.ledger._connection.execute(sa.insert(table), rows)  # noqa: SLF001 - rows that nobody used


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Storage]:
    storage = Storage.open(url)
    await storage.upgrade()
    try:
        yield storage
    finally:
        await storage.close()


async def compare(small: str, large: str, turns: int, accounts: int, rows: int) -> list[Result]:
    name = "PostgreSQL" if small.startswith("postgresql") else "SQLite"
    async with opened(small) as few, opened(large) as many:
        await fill(few, FEW, 0)
        await fill(many, accounts, rows)
        return await measure({f"{FEW} accounts": few, f"{accounts:,} accounts": many}, name, turns)


def show(results: Sequence[Result]) -> None:
    by = {(one.size, one.plan): one for one in results}
    sizes = list(dict.fromkeys(one.size for one in results))
    print(f"{results[0].database}: two transactions of a turn")
    for one in results:
        plain = by[one.size, "plain"]
        print(
            f"  {one.size:>17}, {one.plan:<11}: {one.milliseconds:6.2f} ms ({one.milliseconds / plain.milliseconds:.2f}"
            f" times), {one.statements:.0f} statements"
        )
    ratio = by[sizes[1], "four limits"].milliseconds / by[sizes[0], "four limits"].milliseconds
    print(f"  large over small: {ratio:.2f} (target {FLAT}: {'met' if ratio <= FLAT else 'MISSED'})")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="URL")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(argv)
    sizes = {"turns": asked.turns, "accounts": asked.accounts, "rows": asked.rows}
    with tempfile.TemporaryDirectory() as folder:
        files = f"sqlite+aiosqlite:///{folder}"
        found = asyncio.run(compare(f"{files}/small.db", f"{files}/large.db", **sizes))
        show(found)
    if asked.postgresql:
        with database(asked.postgresql) as small, database(asked.postgresql) as large:
            postgresql = asyncio.run(compare(small, large, **sizes))
            show(postgresql)
            found += postgresql
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
