"""Everything breaks while people talk on both platforms: processes, database, Redis, connections, platforms.

    python -m tests.scenarios.soak [--turns 2000] [--seed 1] [--json FILE]

Three `parley serve` share a PostgreSQL. People ask without waiting for answers; meanwhile, every two seconds,
something is done to somebody. At the end every fault is over, and every question must have its answer: once, or, where
nobody can know whether a platform took a message, at most twice; in order; and the books must agree with what was said.
"""

import argparse
import asyncio
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from adapters.slack.emulator import SlackEmulator, Tiers, Timing
from adapters.telegram.emulator import Fault, Limits, Person, TelegramEmulator
from bot.llm.emulator import ModelEmulator, Pace
from bot.storage import Storage
from tests.databases import rows
from tests.scenarios.process import SERVE, BotProcess, settings
from tests.scenarios.servers import PostgresServer, RedisServer

WORKERS = 3
LEASE = 5.0
WORDS = 30
PATIENCE = 300.0
"""Seconds in which everything has its answer once nothing breaks any more."""
_TELLING = 20.0
"""Seconds between two lines that say how far it is."""

_WHOLE = re.compile(rf"\[(\w+ asks \d+)\].*word{WORDS - 1}$", re.DOTALL)

_TELEGRAM = (
    Fault(retry_after=1),
    Fault(status=500),
    Fault(malformed=True),
    Fault(drop="before"),
    Fault(drop="after"),
    Fault(hang=2.0),
)
_SLACK: tuple[dict[str, object], ...] = (
    {"retry_after": 1},
    {"status": 500},
    {"error": "internal_error"},
    {"drop_connection": "before"},
    {"drop_connection": "after"},
    {"hang": 2.0},
)


_SLACK_TIMES = Timing(retry_delays=(0.0, 10.0, 30.0))
"""As Slack does, but with the last two repeats after seconds instead of minutes: nobody wants to wait for them."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What was done and what came of it."""

    asked: int = 0
    accepted: int = 0
    """The others were never acknowledged: Slack gave up repeating them."""
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    answered_once: int = 0
    answered_twice: int = 0
    answered_more: int = 0
    missing: int = 0
    given_up: int = 0
    """Answers that were sent twice without anybody knowing whether they arrived; some did, and are no longer sent."""
    put_aside: int = 0
    """Cut off in four attempts, and so taken for a message that kills: its person was told."""
    torn: int = 0
    """Previews of killed processes that nobody could take back: the platform had them, and no database knew yet."""
    out_of_order: int = 0
    statuses: list[int] = field(default_factory=list)
    """With which the processes ended when they were asked to."""
    turns: int = 0
    charges_settled: int = 0
    model_calls: int = 0
    contradictions: dict[str, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether every promise was kept."""
        broken = (
            self.missing > self.given_up + self.put_aside + self.asked - self.accepted,
            self.answered_more,
            self.out_of_order,
            len(self.contradictions),
            *self.statuses,
        )
        return not any(broken) and self.turns == self.charges_settled == self.accepted - self.put_aside


def answer(question: str) -> str:
    return " ".join([f"[{question}]", *(f"word{number}" for number in range(WORDS))])


class Soak:
    """One run between servers of its own."""

    def __init__(self, folder: Path, *, turns: int, people: int, seed: int, pause: float, every: float) -> None:
        self._folder = folder
        self._turns = turns
        self._people = people
        self._chance = random.Random(seed)
        self._pause = pause
        self._every = every
        self._bots: list[BotProcess] = []
        self._down: set[BotProcess] = set()
        self.report = Report()
        self.faults: Counter[str] = Counter()

    async def run(self) -> Report:
        began = time.monotonic()
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            self._postgres = await enter(PostgresServer())
            self._redis = await enter(RedisServer())
            self._telegram = await enter(TelegramEmulator(limits=Limits.off(), keep_calls=1))
            self._slack = await enter(SlackEmulator(limits=Tiers.off(), timing=_SLACK_TIMES))
            self._model = await enter(ModelEmulator(pace=Pace(words_per_second=60)))
            self._model.answer = lambda request: answer(request.said)
            await self._start(stack)
            talking = asyncio.create_task(self._talk())
            telling = asyncio.create_task(self._tell())
            await self._break_things(talking)
            await self._settle()
            telling.cancel()
            await self._count()
            self.report.statuses = [await bot.stop(40) for bot in self._bots]
        self.report.seconds = round(time.monotonic() - began, 1)
        self.report.faults = dict(sorted(self.faults.items()))
        return self.report

    async def _start(self, stack: AsyncExitStack) -> None:
        environment = settings(self._telegram, self._model) | {
            "DATABASE_URL": self._postgres.url,
            "REDIS_URL": self._redis.url,
            "LEASE_SECONDS": str(LEASE),
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_APP_TOKEN": "xapp-test",
            "SLACK_API_URL": self._slack.url,
            "DAILY_MESSAGES": "unlimited",
            "DAILY_TOKENS": "unlimited",
            "BURST_SECONDS": "0",
        }
        for number in range(WORKERS):
            home = self._folder / str(number)
            home.mkdir()
            self._bots.append(await stack.enter_async_context(BotProcess(home, environment, SERVE)))
        for bot in self._bots:
            await bot.serving(limit=90)
        await self._slack.until(lambda: self._slack.connections >= 2 * WORKERS, 60)

    # --- people

    async def _talk(self) -> None:
        half = self._people // 2
        self._writers: list[Person] = [self._telegram.person(id=1 + n, first_name=f"T{n}") for n in range(half)]
        self._members = [self._slack.person(f"U{n}", name=f"s{n}") for n in range(self._people - half)]
        each = self._turns // self._people
        async with asyncio.TaskGroup() as group:
            for writer in self._writers:
                group.create_task(self._ask(f"T{writer.id}", each, partial(_write, writer)))
            for number, member in enumerate(self._members):
                group.create_task(self._ask(f"S{number}", each, partial(member.says, channel=self._slack.dm(member))))

    async def _ask(self, name: str, questions: int, say: Callable[[str], Awaitable[object]]) -> None:
        for number in range(questions):
            await asyncio.sleep(self._chance.uniform(0.4, 1.6) * self._pause)
            await say(f"{name} asks {number}")
            self.report.asked += 1

    async def _tell(self) -> None:
        """How far it is, for whoever waits."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(_TELLING)
            told = f"{self.report.asked} of {self._turns} asked, {sum(self.faults.values())} mishaps"
            print(f"{time.monotonic() - began:.0f} s: {told}, {len(self._model.requests)} calls", file=sys.stderr)  # noqa: T201

    # --- misfortune

    async def _break_things(self, talking: asyncio.Task[None]) -> None:
        mishaps = (
            (self._kill, 4),
            (self._pause_one, 3),
            (self._terminate, 2),
            (self._cut_database, 3),
            (self._restart_database, 1),
            (self._flush_redis, 1),
            (self._spoil_telegram, 8),
            (self._spoil_slack, 8),
            (self._cut_slack, 1),
        )
        kinds, weights = zip(*mishaps, strict=True)
        while not talking.done():
            await asyncio.sleep(self._chance.uniform(0.4, 1.6) * self._every)
            (mishap,) = self._chance.choices(kinds, weights)
            await mishap()
        talking.result()

    def _victim(self) -> BotProcess | None:
        standing = [bot for bot in self._bots if bot not in self._down]
        return self._chance.choice(standing) if standing else None

    async def _kill(self) -> None:
        if bot := self._victim():
            self.faults["kill -9"] += 1
            await bot.kill()
            await bot.start()

    async def _pause_one(self) -> None:
        if bot := self._victim():
            self.faults["SIGSTOP past the lease"] += 1
            self._down.add(bot)
            pausing = asyncio.create_task(bot.pause(LEASE * 1.5))
            pausing.add_done_callback(lambda _done: self._down.discard(bot))
            self._pausing = pausing

    async def _terminate(self) -> None:
        if (bot := self._victim()) and bot.log.rstrip():
            self.faults["SIGTERM"] += 1
            self._down.add(bot)
            self._ending = asyncio.create_task(self._replace(bot))

    async def _replace(self, bot: BotProcess) -> None:
        await bot.stop(40)
        await bot.start()
        self._down.discard(bot)

    async def _cut_database(self) -> None:
        self.faults["database connections cut"] += 1
        await self._postgres.cut()

    async def _restart_database(self) -> None:
        self.faults["database restarted"] += 1
        await self._postgres.restart(self._chance.uniform(0, 3))

    async def _flush_redis(self) -> None:
        self.faults["Redis flushed"] += 1
        await self._redis.flush()

    async def _spoil_telegram(self) -> None:
        self.faults["Telegram: 429, 5xx, cut or silent"] += 1
        method = self._chance.choice(("sendMessage", "sendMessage", "getUpdates", "sendMessageDraft"))
        self._telegram.faults.next(method, self._chance.choice(_TELEGRAM))

    async def _spoil_slack(self) -> None:
        self.faults["Slack: 429, 5xx, cut or silent"] += 1
        method = self._chance.choice(("chat.postMessage", "chat.postMessage", "chat.update"))
        self._slack.faults.next(method, **self._chance.choice(_SLACK))  # type: ignore[arg-type]

    async def _cut_slack(self) -> None:
        self.faults["Slack connections renewed"] += 1
        self._slack.disconnect()

    # --- the end

    async def _settle(self) -> None:
        """Nothing breaks any more; wait until nothing is left to do."""
        await asyncio.sleep(LEASE * 1.5)
        self._telegram.faults.clear()
        self._slack.faults.clear()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not await asyncio.to_thread(self._at_rest):  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.5)

    def _at_rest(self) -> bool:
        """Every question is stored, unless Slack gave it up, and done."""
        left = rows(self._postgres.url, "SELECT count(*) FROM inbox WHERE state = 0")[0][0]
        return bool(left == 0 and self._accepted() + len(self._slack.lost) >= self.report.asked)

    def _accepted(self) -> int:
        query = "SELECT count(*) FROM inbox WHERE source LIKE 'telegram%' OR source LIKE 'slack%'"
        notices = "SELECT count(*) FROM inbox WHERE right(source, 6) = 'notice'"
        return int(rows(self._postgres.url, query)[0][0]) - int(rows(self._postgres.url, notices)[0][0])

    async def _count(self) -> None:
        report = self.report
        for name, said in self._heard().items():
            given = [found[1] for text in said if (found := _WHOLE.search(text))]
            report.torn += sum(text.startswith("[") for text in said) - len(given)
            counts = Counter(given)
            each = self._turns // self._people
            for number in range(each):
                times = counts[f"{name} asks {number}"]
                report.answered_once += times == 1
                report.answered_twice += times == 2
                report.answered_more += times > 2
                report.missing += times == 0
            report.out_of_order += sum(a > b for a, b in pairwise(_numbers(given)))
        url, report.accepted = self._postgres.url, self._accepted()
        report.given_up = rows(
            url, "SELECT count(*) FROM outbox WHERE state = 3 AND failure IN ('PlatformDown', 'OutcomeUnknown')"
        )[0][0]
        report.put_aside = rows(url, "SELECT count(*) FROM inbox WHERE state = 3")[0][0]
        report.turns = rows(url, "SELECT count(*) FROM turn WHERE state = 1")[0][0]
        report.charges_settled = rows(url, "SELECT count(*) FROM charge WHERE state = 1")[0][0]
        report.model_calls = len(self._model.requests)
        storage = Storage.open(url)
        async with storage.begin() as work:
            report.contradictions = dict(await work.books.contradictions())
        await storage.close()

    def _heard(self) -> dict[str, list[str]]:
        """What each was told by the bot, in order."""
        told = {
            f"T{one.id}": [message.text for message in self._telegram.messages(one.chat) if message.sender.is_bot]
            for one in self._writers
        }
        for number, member in enumerate(self._members):
            messages = self._slack.messages(self._slack.dm(member))
            told[f"S{number}"] = [
                message.markdown or "".join(str(block.get("text", "")) for block in message.blocks) or message.text
                for message in messages
                if message.from_bot
            ]
        return told


def _numbers(given: Sequence[str]) -> list[int]:
    """The numbers of the questions in the order in which they were first answered: a repeat is no disorder.

    One may come late, when its worker stood still while the platform had it already.
    """
    return [int(one.rpartition(" ")[2]) for one in dict.fromkeys(given)]


async def _write(person: Person, text: str) -> None:
    person.says(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=15.0, help="seconds between a person's questions (default 15)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between mishaps (default 2)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the processes' logs there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(
            Path(folder) / "run",
            turns=options.turns,
            people=options.people,
            seed=options.seed,
            pause=options.pause,
            every=options.every,
        )
        (Path(folder) / "run").mkdir()
        report = asyncio.run(soak.run())
        if options.keep:
            shutil.copytree(Path(folder) / "run", options.keep)
    told = json.dumps(asdict(report), indent=2)
    print(told)  # noqa: T201 - a program of its own
    if options.json:
        options.json.write_text(told + "\n")
    sys.exit(0 if report.sound else 1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
