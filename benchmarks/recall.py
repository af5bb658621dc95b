"""How long it takes to choose the past for a message, however much was said: the window, and the search.

    python -m benchmarks.recall [--messages 100000] [--others 900000] [--searches 500] [--chinese]
                               [--postgresql URL] [--json FILE]

One account has said and been told `messages` in one conversation, a thousand others have `others` together, all in the
index. `--postgresql` names a server on which a database of its own is made, and dropped at the end.

Text is made of words as frequent as in language (Zipf's law) without the hundred most frequent, which are stop words.
A search is six words of one message and two of another one, so that frequent words are in most of them. With
`--chinese` words are one to three Han characters, and nothing stands between them.

The window is measured on conversations of 100, 10,000 and 100,000 messages whose cut is set, as it is in operation.
Times are CPU and wall time of this process alone, in milliseconds; on SQLite, statements run inside it.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from bot.clock import SystemClock
from bot.domain.context import ContextPolicy, ContextWindow, Weighed
from bot.domain.terms import date_terms, key, terms
from bot.memory import Memory
from bot.storage import Storage
from bot.storage.migrate import upgrade
from bot.storage.tables import TurnState

P95, CPU, RATIO = 15.0, 1.0, 1.3
"""The targets: of a search and of a window in milliseconds, of a window at 100,000 messages over one at 100."""

VOCABULARY, STOP, POOL = 30_000, 100, 20_000
WINDOWS = (100, 10_000, 100_000)
MINUTE = 60_000
NOW = 1_790_000_000_000
"""Milliseconds; some day in 2026."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message with the keys of its terms, counted."""

    text: str
    words: Sequence[str]
    keys: Sequence[tuple[int, int]]
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds."""

    median: float
    p95: float
    longest: float

    @classmethod
    def of(cls, times: Sequence[float]) -> "Times":
        return cls(median=median(times), p95=quantiles(times, n=20)[-1], longest=max(times))

    def __str__(self) -> str:
        return f"{self.median:6.2f} ms median, {self.p95:6.2f} p95, {self.longest:6.2f} longest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    database: str
    messages: int
    stored: int
    search: Times
    search_cpu: Times
    found: float
    windows: dict[int, Times]

    @property
    def ratio(self) -> float:
        return self.windows[WINDOWS[-1]].median / self.windows[WINDOWS[0]].median


def latin(chance: random.Random, number: int) -> str:
    return f"{chance.choice('bdfgklmnprst')}{number:x}{chance.choice('aeiou')}"


def han(chance: random.Random, _number: int) -> str:
    return "".join(chr(0x4E00 + chance.randrange(3000)) for _ in range(chance.choice((1, 2, 2, 2, 3))))


def pool(chance: random.Random, *, chinese: bool) -> list[Said]:
    make, between = (han, "") if chinese else (latin, " ")
    words = [make(chance, number) for number in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + STOP) for rank in range(1, VOCABULARY + 1)))
    said = []
    for _ in range(POOL):
        spoken = chance.choices(words, cum_weights=weights, k=max(3, round(chance.lognormvariate(2.3, 0.6))))
        text = between.join(spoken)
        counted = Counter(map(key, terms(text)))
        said.append(Said(text=text, words=spoken, keys=list(counted.items()), length=counted.total()))
    return said


Row = tuple[Any, ...]


def rows(said: Sequence[Said], sizes: Sequence[int], chance: random.Random) -> Iterator[tuple[str, list[Row]]]:
    """Rows by table, account after account; conversation, account and memory of each have the same number."""
    turn = 0
    for number, size in enumerate(sizes, start=1):
        yield "account", [(number, NOW)]
        yield "conversation", [(number, f"bench:{number}", NOW)]
        found: dict[str, list[Row]] = {"turn": [], "piece": [], "posting": []}
        length = 0
        for at in range(0, size, 2):
            turn += 1
            both = chance.choices(said, k=2)
            spoken = NOW + at * MINUTE
            asked, answered = both
            found["turn"].append(
                (turn, turn, number, number, TurnState.ANSWERED, asked.text, 20, answered.text, 20, spoken, spoken)
            )
            day = [(key(term), 1) for term in date_terms(datetime.fromtimestamp(spoken / 1000, UTC).date())]
            for side, one in enumerate(both):
                found["piece"].append((number, at + side, turn, bool(side), 0, len(one.text), 20))
                found["posting"] += [(number, term, at + side, count, one.length) for term, count in one.keys]
                found["posting"] += [(number, term, at + side, count, 1) for term, count in day]
                length += one.length
        yield "memory", [(number, number, number, size, length)]
        yield from found.items()
        yield "context", [(number, turn - 20, turn)]


COLUMNS = {
    "account": "id, created_at",
    "conversation": "id, place, started_at",
    "turn": "id, inbox_id, conversation_id, account_id, state, question, question_tokens, answer, answer_tokens,"
    " started_at, finished_at",
    "memory": "id, conversation_id, account_id, pieces, length",
    "piece": "memory_id, number, turn_id, answer, starts, ends, tokens",
    "posting": "memory_id, term, number, count, length",
    "context": "conversation_id, cut, indexed",
}


def fill(url: str, filling: Iterator[tuple[str, list[Row]]]) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(make_url(url).database or "") as file:
            file.execute("PRAGMA synchronous=OFF")
            file.execute("PRAGMA cache_size=-400000")
            for table, some in filling:
                marks = ",".join("?" * len(some[0]))
                file.executemany(f"INSERT INTO {table} ({COLUMNS[table]}) VALUES ({marks})", some)
            file.execute("ANALYZE")
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        for table, some in filling:
            with server.cursor().copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
                for row in some:
                    copy.write_row(row)
        server.commit()
        server.autocommit = True
        server.execute("VACUUM ANALYZE")


async def searching(
    storage: Storage, said: Sequence[Said], searches: int, chance: random.Random, between: str
) -> tuple[Times, Times, float]:
    memory = Memory(ContextPolicy(), clock=SystemClock(), zone=UTC)
    times, cpu, found = [], [], 0
    for number in range(searches + 20):
        one, other = chance.choices(said, k=2)
        text = between.join([*chance.sample(one.words, k=min(6, len(one.words))), *other.words[:2]])
        async with storage.begin() as work:
            began, burnt = time.perf_counter(), time.process_time()
            shelf = await work.memories.shelf(1, 1)
            assert shelf is not None
            pieces = await memory.recall(work, [(shelf, 2**60)], text, room=1000)
            if number >= 20:  # the first ones compile statements
                times.append(1000 * (time.perf_counter() - began))
                cpu.append(1000 * (time.process_time() - burnt))
                found += one.text in {piece.text for piece in pieces}
    return Times.of(times), Times.of(cpu), found / searches


async def windows(storage: Storage, accounts: Mapping[int, int], repeats: int = 300) -> dict[int, Times]:
    """Everything from the stored context to the fitted prompt, without a search; by size, each in turn."""
    memory = Memory(ContextPolicy(recall=0), clock=SystemClock(), zone=UTC)
    model, system = ContextWindow(size=128_000, wanted_room=4096), Weighed(text="be kind", tokens=2)
    question = Weighed(text="hello", tokens=1)
    times: dict[int, list[float]] = {size: [] for size in accounts}
    async with storage.begin() as work:
        for number in range(repeats + 20):
            for size, account in accounts.items():
                began = time.process_time()
                past = await memory.past(work, conversation=account, account=account, turn=2**60)
                fitted = await memory.fit(
                    work, past, model, system=system, question=question, about=question.text, private=True
                )
                fitted.messages("be kind", question)
                if number >= 20:
                    times[size].append(1000 * (time.process_time() - began))
                assert len(fitted.turns) == 21
    return {size: Times.of(some) for size, some in times.items()}


async def measure(url: str, messages: int, others: int, searches: int, *, chinese: bool) -> Results:
    chance = random.Random(1)
    said = pool(chance, chinese=chinese)
    sizes = [messages, *WINDOWS, *[others // 1000] * 1000]
    await asyncio.to_thread(upgrade, url)
    began = time.monotonic()
    fill(url, rows(said, sizes, chance))
    print(f"  filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    storage = Storage.open(url)
    try:
        search, cpu, found = await searching(storage, said, searches, chance, "" if chinese else " ")
        built = await windows(storage, {size: number for number, size in enumerate(WINDOWS, start=2)})
    finally:
        await storage.close()
    name = "SQLite" if storage.embedded else "PostgreSQL"
    return Results(
        database=name, messages=messages, stored=sum(sizes), search=search, search_cpu=cpu, found=found, windows=built
    )


@contextmanager
def database(server: str) -> Iterator[str]:
    """A database of its own on a PostgreSQL server."""
    name = f"parley_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        own = make_url(server).set(drivername="postgresql+psycopg", database=name)
        yield own.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def show(results: Results) -> None:
    print(f"{results.database}: {results.stored:,} messages, {results.messages:,} of them of the account that searches")
    verdict = "met" if results.search.p95 <= P95 else "MISSED"
    print(f"  search   {results.search} (target {P95:.0f} p95: {verdict}); the message was found {results.found:.0%}")
    print(f"  its CPU  {results.search_cpu}")
    for size, times in results.windows.items():
        print(f"  window at {size:>7,} messages: {times}")
    verdict = "met" if results.ratio <= RATIO and results.windows[10_000].median <= CPU else "MISSED"
    print(f"  {WINDOWS[-1]:,} over {WINDOWS[0]}: {results.ratio:.2f} (targets {CPU:.0f} ms and {RATIO}: {verdict})")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=900_000)
    parser.add_argument("--searches", type=int, default=500)
    parser.add_argument("--chinese", action="store_true")
    parser.add_argument("--postgresql", metavar="URL")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(argv)
    sizes = {"messages": asked.messages, "others": asked.others, "searches": asked.searches, "chinese": asked.chinese}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        found.append(asyncio.run(measure(f"sqlite+aiosqlite:///{folder}/bench.db", **sizes)))
        show(found[-1])
    if asked.postgresql:
        with database(asked.postgresql) as url:
            found.append(asyncio.run(measure(url, **sizes)))
            show(found[-1])
    if asked.json:
        asked.json.write_text(json.dumps([asdict(one) for one in found], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
