"""CPU time per turn and the lag of the last word: Parley beside a bare loop over the same SDKs.

    python -m benchmarks.turns [--subjects bare parley postgresql sealed] [--conversations 1 10 100] [--turns 3]
                               [--rounds 3] [--json FILE]

Every conversation asks its next question as soon as it has its answer: 150 words at 40 words a second. The bot, and
nothing else, is the measured process; the emulators of Telegram and of the model run in this one.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from adapters.telegram.emulator import Person
from benchmarks.subjects import SUBJECTS, WORDS, Stage, staged
from bot.llm.emulator import Pace

PACE = Pace(words_per_second=40)
HURRY = Pace()
ANSWER_SECONDS = WORDS / 40
TARGETS = {"parley": 2.0, "postgresql": 2.5}
"""CPU per turn, in bare loops, at the largest number of conversations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One subject at one load, once. `lags` and `intakes` (from the person's message to the model) are seconds,
    `cpu` seconds of the bot, `ours` the emulators' CPU share."""

    subject: str
    conversations: int
    turns: int
    cpu: float
    ours: float
    drafts: int
    resident: float
    lags: tuple[float, ...]
    intakes: tuple[float, ...]

    @property
    def cost(self) -> float:
        """CPU milliseconds a turn."""
        return self.cpu / self.turns * 1000


class Audience:
    """People who ask and wait for the answer."""

    def __init__(self, stage: Stage, first: int, count: int) -> None:
        self._stage = stage
        self._heard: dict[int, asyncio.Future[float]] = {}
        self._people = [
            stage.telegram.person(id=number, first_name=f"Person {number}") for number in range(first, first + count)
        ]

    async def converse(self, turns: int, ramp: float) -> list[tuple[float, float]]:
        """Everybody asks so many questions, beginning within `ramp` seconds. Returns intake and lag of each answer."""
        async with aclosing(self._stage.telegram.watch()) as events, asyncio.TaskGroup() as group:
            talks = [group.create_task(self._talk(person, turns, ramp)) for person in self._people]
            expected = turns * len(self._people)
            async for event in events:
                if event.kind == "message" and event.body["from"]["is_bot"]:
                    self._heard.pop(event.chat_id).set_result(event.at)
                    expected -= 1
                if not expected:
                    break
        return [times for talk in talks for times in talk.result()]

    async def _talk(self, person: Person, turns: int, ramp: float) -> list[tuple[float, float]]:
        await asyncio.sleep(random.random() * ramp)
        return [await self._ask(person, f"Question {number} of person {person.id}") for number in range(turns)]

    async def _ask(self, person: Person, question: str) -> tuple[float, float]:
        heard = self._heard[person.id] = asyncio.get_running_loop().create_future()
        asked = time.time()
        person.says(question)
        at: float = await heard
        return self._stage.requests.begun(question) - asked, at - self._stage.requests.ended(question)


async def measure(stage: Stage, subject: str, first: int, conversations: int, turns: int) -> Sample:
    stage.model.pace = HURRY  # connections are opened and caches filled by a question each
    await Audience(stage, first, conversations).converse(1, 0.5)
    await asyncio.sleep(0.5)
    stage.model.pace = PACE
    calls = _calls(stage)
    cpu, ours, began = stage.cpu(), time.process_time(), time.monotonic()
    times = await Audience(stage, first, conversations).converse(turns, ANSWER_SECONDS)
    await asyncio.sleep(0.3)  # what a bot does after the last message belongs to its turn
    return Sample(
        subject=subject,
        conversations=conversations,
        turns=turns * conversations,
        cpu=stage.cpu() - cpu,
        ours=(time.process_time() - ours) / (time.monotonic() - began),
        drafts=(_calls(stage) - calls)["sendMessageDraft"],
        resident=stage.resident(),
        lags=tuple(lag for _, lag in times),
        intakes=tuple(intake for intake, _ in times),
    )


def _calls(stage: Stage) -> Counter[str]:
    return Counter(call.method for call in stage.telegram.calls)


async def run_round(subject: str, loads: Sequence[int], turns: int) -> list[Sample]:
    """All loads in one process, each with people of its own."""
    samples: list[Sample] = []
    async with staged(subject) as stage:
        await stage.bot.ready(stage.telegram)
        for load in loads:
            sample = await measure(stage, subject, 1000 * (len(samples) + 1), load, max(turns, 4 // load))
            print(f"  {subject:>6} {load:>4}: {sample.cost:.1f} ms CPU a turn", file=sys.stderr)
            samples.append(sample)
    return samples


async def run_rounds(subjects: Sequence[str], loads: Sequence[int], turns: int, rounds: int) -> list[Sample]:
    """Subjects alternate, in another order each time, so that a noisy minute hits both."""
    samples: list[Sample] = []
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for subject in sorted(subjects, reverse=bool(number % 2)):
            samples += await run_round(subject, loads, turns)
    return samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One subject at one load over all rounds: medians, and the spread of `cpu_ms`. Times are milliseconds."""

    conversations: int
    subject: str
    cpu_ms: float
    cpu_ms_least: float
    cpu_ms_most: float
    turns_per_cpu_second: float
    lag_p50: float
    lag_p95: float
    lag_p99: float
    intake_p50: float
    intake_p95: float
    intake_p99: float
    drafts_per_turn: float
    resident_mb: float
    emulators_cpu: float


def rows(samples: Sequence[Sample]) -> Iterator[Row]:
    for load in sorted({sample.conversations for sample in samples}):
        for subject in SUBJECTS:
            if found := [one for one in samples if (one.conversations, one.subject) == (load, subject)]:
                yield _row(found)


def _row(samples: Sequence[Sample]) -> Row:
    costs = [sample.cost for sample in samples]
    lags = sorted(lag * 1000 for sample in samples for lag in sample.lags)
    intakes = sorted(intake * 1000 for sample in samples for intake in sample.intakes)
    return Row(
        conversations=samples[0].conversations,
        subject=samples[0].subject,
        cpu_ms=median(costs),
        cpu_ms_least=min(costs),
        cpu_ms_most=max(costs),
        turns_per_cpu_second=1000 / median(costs),
        lag_p50=percentile(lags, 50),
        lag_p95=percentile(lags, 95),
        lag_p99=percentile(lags, 99),
        intake_p50=percentile(intakes, 50),
        intake_p95=percentile(intakes, 95),
        intake_p99=percentile(intakes, 99),
        drafts_per_turn=median(sample.drafts / sample.turns for sample in samples),
        resident_mb=median(sample.resident for sample in samples),
        emulators_cpu=median(sample.ours for sample in samples),
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest rank of an ordered sequence."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def ratios(table: Sequence[Row]) -> dict[str, dict[int, float]]:
    """CPU per turn in bare loops, by subject and load."""
    bare = {row.conversations: row.cpu_ms for row in table if row.subject == "bare"}
    return {
        subject: {
            row.conversations: row.cpu_ms / bare[row.conversations]
            for row in table
            if row.subject == subject and row.conversations in bare
        }
        for subject in TARGETS
    }


def render(table: Sequence[Row]) -> str:
    lines = [
        (
            "| talks | bot | turns per CPU s | CPU ms a turn (spread) | to the model p50 / p95 / p99 ms"
            " | lag p50 / p95 / p99 ms | drafts a turn | MB |"
        ),
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *map(_line, table)])


def _line(row: Row) -> str:
    cells = (
        row.conversations,
        row.subject,
        f"{row.turns_per_cpu_second:.0f}",
        f"{row.cpu_ms:.1f} ({row.cpu_ms_least:.1f}-{row.cpu_ms_most:.1f})",
        f"{row.intake_p50:.0f} / {row.intake_p95:.0f} / {row.intake_p99:.0f}",
        f"{row.lag_p50:.0f} / {row.lag_p95:.0f} / {row.lag_p99:.0f}",
        f"{row.drafts_per_turn:.1f}",
        f"{row.resident_mb:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU per turn and lag of Parley and of a bare loop.")
    parser.add_argument("--conversations", type=int, nargs="+", default=[1, 10, 100], help="at once (default 1 10 100)")
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=list(SUBJECTS), help="default: all")
    parser.add_argument("--turns", type=int, default=3, help="questions of each conversation (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    table = list(rows(asyncio.run(run_rounds(options.subjects, options.conversations, options.turns, options.rounds))))
    print(render(table))
    for subject, found in ratios(table).items():
        for load, ratio in found.items():
            print(f"{load} conversations: {subject} takes {ratio:.2f} times the bare loop's CPU per turn")
        print(f"Target for {subject} at the largest load: at most {TARGETS[subject]}")
    if busy := [row for row in table if row.emulators_cpu > 0.8]:
        share = f"{busy[0].emulators_cpu:.0%}"
        print(f"The emulators were busy for {share} of the time: distrust the lags", file=sys.stderr)
    if options.json:
        results = {"rows": [asdict(row) for row in table], "ratios": ratios(table)}
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
