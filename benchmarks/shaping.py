"""Many people in front of one endpoint, with and without shaping, in virtual time.

The server keeps RPM, TPM and concurrent calls with code of its own and answers 429 to whatever is beyond. People ask,
wait for at most a minute, read and ask again; together they want more than the limits allow. Run it with
`python -m benchmarks.shaping --plot docs/images/shaping.png`; an hour of theirs takes seconds.
"""

import argparse
import asyncio
import math
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import UpstreamBusy
from bot.llm.shaping import Limits, MemoryBuckets, Route, Shaper
from tests.virtual import LoopClock, run

RPM, TPM, CONCURRENT = 60, 200_000, 10
LIMITS = Limits(rpm=RPM, tpm=TPM, concurrent=CONCURRENT)
ROUTE = Route(endpoint="simulated", key="main", model="m")
DEADLINE = 60.0
PRIORITIES: Mapping[str, tuple[int, float]] = {"high": (2, 0.1), "middle": (1, 0.3), "low": (0, 0.6)}
"""Name → priority and share of the people."""
WARM_UP = 300.0
"""Seconds until the buckets' first fill is used up and the queue is what it will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What people ask for: means of tokens and of seconds."""

    name: str
    think: float
    prompt: float
    output: float
    most: int = 2000
    speed: float = 60.0


LOADS = (
    Load(name="requests", think=600, prompt=1500, output=300),
    Load(name="tokens", think=600, prompt=6000, output=300),
    Load(name="slots", think=600, prompt=1500, output=600, speed=30),
)
"""Named after the limit that is reached first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    prompt: int
    most: int
    output: int
    lasts: float

    @classmethod
    def draw(cls, load: Load, dice: random.Random) -> "Question":
        output = min(load.most, 1 + round(dice.expovariate(1 / load.output)))
        prompt = round(load.prompt * dice.lognormvariate(-0.125, 0.5))  # its mean is 1
        return cls(prompt=prompt, most=load.most, output=output, lasts=0.5 + output / load.speed)


class Server:
    """Refills steadily. Charges prompt and `max_tokens` at the door and gives back what was not written."""

    def __init__(self) -> None:
        self._room = {"requests": float(RPM), "tokens": float(TPM)}
        self._at = now()
        self.busy = 0
        self.refusals: Counter[str] = Counter()
        self.served = 0
        self.tokens = 0
        self.seconds = 0.0

    def enter(self, question: Question) -> dict[str, str]:
        """Let a call in, with the headers of its answer; UpstreamBusy is the 429."""
        self._refill()
        promised = question.prompt + question.most
        if self.busy >= CONCURRENT:
            self._refuse("slots", 1.0)
        if self._room["requests"] < 1:
            self._refuse("requests", (1 - self._room["requests"]) * 60 / RPM)
        if self._room["tokens"] < promised:
            self._refuse("tokens", (promised - self._room["tokens"]) * 60 / TPM)
        self._room["requests"] -= 1
        self._room["tokens"] -= promised
        self.busy += 1
        return self._headers()

    def leave(self, question: Question) -> None:
        self._refill()
        self.busy -= 1
        self._room["tokens"] += question.most - question.output
        if now() > WARM_UP:
            self.served += 1
            self.tokens += question.prompt + question.output
            self.seconds += question.lasts

    def _refill(self) -> None:
        passed, self._at = now() - self._at, now()
        self._room["requests"] = min(RPM, self._room["requests"] + passed * RPM / 60)
        self._room["tokens"] = min(TPM, self._room["tokens"] + passed * TPM / 60)

    def _refuse(self, meter: str, wait: float) -> None:
        self.refusals[meter] += 1
        raise UpstreamBusy("429", retry_after=math.ceil(wait))

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for kind, limit in (("requests", RPM), ("tokens", TPM)):
            room = self._room[kind]
            headers[f"x-ratelimit-limit-{kind}"] = str(limit)
            headers[f"x-ratelimit-remaining-{kind}"] = str(int(room))
            headers[f"x-ratelimit-reset-{kind}"] = f"{math.ceil((limit - room) * 60_000 / limit)}ms"
        return headers


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What people and the server saw after the warm-up, but refusals from the first second; waits in seconds."""

    load: Load
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    away: Counter[str] = field(default_factory=Counter)
    refusals: int = 0
    used: dict[str, float] = field(default_factory=dict)

    @property
    def throughput(self) -> float:
        """The share of what the tightest limit allows."""
        return max(self.used.values())


Ask = Callable[[Question, int], Awaitable[float]]
"""Make a call with a priority; returns the wait before it began, or raises UpstreamBusy."""


class Simulation:
    """One load for `hours` of virtual time; without `limits` nothing is shaped. The same seed asks the same."""

    def __init__(
        self, load: Load, *, people: int, limits: Limits | None, server: Server, hours: float, seed: int = 1
    ) -> None:
        self._load = load
        self._people = people
        self._ends = WARM_UP + hours * 3600
        self._seed = seed
        self._server = server
        self._network = random.Random(seed)
        self._outcome = Outcome(load=load)
        self._shaper = Shaper(MemoryBuckets(LoopClock()), LoopClock(), lambda _: limits or LIMITS)
        self._ask: Ask = self._shaped if limits else self._unshaped

    async def run(self) -> Outcome:
        crowd = [asyncio.create_task(self._person(number)) for number in range(self._people)]
        await asyncio.sleep(self._ends - now())
        self._measure()
        for person in crowd:
            person.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        return self._outcome

    async def _person(self, number: int) -> None:
        dice = random.Random(f"{self._seed} {number}")
        name = _group(number / self._people)
        while True:
            await asyncio.sleep(dice.expovariate(1 / self._load.think))
            question = Question.draw(self._load, dice)
            asked = now()
            try:
                wait = await self._ask(question, PRIORITIES[name][0])
            except UpstreamBusy:
                wait = math.inf
            if asked > WARM_UP:
                self._note(name, wait)

    async def _shaped(self, question: Question, priority: int) -> float:
        tokens = question.prompt + question.most
        async with self._shaper.admit(ROUTE, tokens=tokens, priority=priority, deadline=DEADLINE) as admission:
            await self._call(question, admission.heard)
            admission.used(question.prompt + question.output)
        return admission.waited

    async def _unshaped(self, question: Question, priority: int) -> float:
        """What an SDK does: ask, and after a 429 ask again when Retry-After is over, until patience ends."""
        del priority
        asked = began = now()
        while True:
            try:
                began = now()
                await self._call(question, _ignore)
            except UpstreamBusy as busy:
                pause = (busy.retry_after or 1.0) * (1 + 0.25 * self._network.random())
                if now() + pause - asked > DEADLINE:
                    raise
                await asyncio.sleep(pause)
            else:
                return began - asked

    async def _call(self, question: Question, heard: Callable[[Mapping[str, str]], Awaitable[None]]) -> None:
        await asyncio.sleep(self._latency())
        headers = self._server.enter(question)
        try:
            await asyncio.sleep(self._latency())
            await heard(headers)
            await asyncio.sleep(question.lasts)
        finally:
            self._server.leave(question)
        await asyncio.sleep(self._latency())

    def _latency(self) -> float:
        return self._network.uniform(0.01, 0.1)

    def _note(self, name: str, wait: float) -> None:
        if math.isinf(wait):
            self._outcome.away[name] += 1
        else:
            self._outcome.waits[name].append(wait)

    def _measure(self) -> None:
        minutes = (self._ends - WARM_UP) / 60
        self._outcome.refusals = self._server.refusals.total()
        self._outcome.used = {
            "requests": self._server.served / (RPM * minutes),
            "tokens": self._server.tokens / (TPM * minutes),
            "slots": self._server.seconds / (CONCURRENT * minutes * 60),
        }


def now() -> float:
    return asyncio.get_running_loop().time()


def simulate(
    load: Load,
    *,
    people: int,
    limits: Limits | None = LIMITS,
    server: Callable[[], Server] = Server,
    hours: float = 1.0,
) -> Outcome:
    async def begin() -> Outcome:
        return await Simulation(load, people=people, limits=limits, server=server(), hours=hours).run()

    return run(begin())


async def _ignore(headers: Mapping[str, str]) -> None:
    del headers


def _group(place: float) -> str:
    """Whom somebody at `place` (0 to 1) in the list of people belongs to."""
    for name, (_, share) in PRIORITIES.items():
        if place < share:
            return name
        place -= share
    return "low"


def show(shaped: Outcome, unshaped: Outcome) -> None:
    """Print both runs of one load."""
    print(f"\nLimit reached first: {shaped.load.name}")
    print(
        f"{'':18}{'429s':>8}{'used':>8}   "
        + "".join(f"{name + ': median, p95, turned away':>38}" for name in PRIORITIES)
    )
    for title, outcome in (("with shaping", shaped), ("without", unshaped)):
        cells = "".join(f"{_cell(outcome, name):>38}" for name in PRIORITIES)
        print(f"{title:18}{outcome.refusals:>8}{outcome.throughput:>8.1%}   {cells}")


def _cell(outcome: Outcome, name: str) -> str:
    waits, away = outcome.waits[name], outcome.away[name]
    if not waits:
        return f"- s, - s, {away}"
    return f"{statistics.median(waits):.1f} s, {_percentile(waits, 0.95):.1f} s, {away / (away + len(waits)):.0%}"


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def plot(shaped: Outcome, unshaped: Outcome, caption: str, file: Path) -> None:
    """How many of all turns had begun after how many seconds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, outcome, title in zip(panels, (shaped, unshaped), ("With shaping", "Without"), strict=True):
        for name, colour in zip(PRIORITIES, ("#0b6e4f", "#e08e0b", "#b23a48"), strict=True):
            waits, away = sorted(outcome.waits[name]), outcome.away[name]
            turns = max(1, len(waits) + away)
            heights = [100 * (place + 1) / turns for place in range(len(waits))]
            label = f"{name} priority ({away / turns:.0%} turned away)"
            panel.step(
                [0, *waits, DEADLINE], [0, *heights, heights[-1] if heights else 0], colour, where="post", label=label
            )
        panel.set_title(f"{title}: {outcome.refusals:,} refusals (429), {outcome.throughput:.1%} of the limit used")
        panel.set_xlabel("seconds waited before the model began")
        panel.set_xlim(-1, DEADLINE)
        panel.set_ylim(0, 102)
        panel.grid(alpha=0.3)
        panel.legend(loc="center" if outcome is shaped else "lower right", framealpha=0.95)
    panels[0].set_ylabel("% of turns that had begun")
    figure.suptitle(f"{caption}, {RPM} requests and {TPM:,} tokens a minute, {CONCURRENT} at a time")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the first load as PNG or SVG")
    chosen = parser.parse_args()
    began = time.perf_counter()
    for load in LOADS:
        shaped, unshaped = (
            simulate(load, people=chosen.people, limits=limits, hours=chosen.hours) for limits in (LIMITS, None)
        )
        show(shaped, unshaped)
        if chosen.plot and load is LOADS[0]:
            hours = chosen.hours + WARM_UP / 3600
            plot(shaped, unshaped, f"{chosen.people:,} people for {hours:.2f} h", chosen.plot)
    print(f"\n{chosen.hours:g} h of {chosen.people} people, six times, in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
