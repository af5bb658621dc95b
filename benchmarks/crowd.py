"""People in front of an endpoint: they ask, wait for at most a minute, read and ask again, in virtual time."""

import asyncio
import math
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.endpoint import CONCURRENT, RPM, TPM, WARM_UP, Load, Question, Server, now
from bot.errors import UpstreamBusy
from bot.llm.shaping import Limits, MemoryBuckets, Route, Shaper
from tests.virtual import LoopClock, run

LIMITS = Limits(rpm=RPM, tpm=TPM, concurrent=CONCURRENT)
ROUTE = Route(endpoint="simulated", key="main", model="m")
DEADLINE = 60.0
PRIORITIES: Mapping[str, tuple[int, float]] = {"high": (2, 0.1), "middle": (1, 0.3), "low": (0, 0.6)}
"""Name → priority and share of the people."""


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
