"""What a second worker brings: one `parley serve` on PostgreSQL against two, each on a core of its own.

    python -m benchmarks.workers [--workers 1 2] [--conversations 100 200] [--turns 3] [--rounds 3] [--json FILE]

Every conversation asks its next question as soon as it has its answer: 150 words at 40 words a second. One process
polls, all of them answer. Worker `n` is held on core `n`; the emulators, which run in this process, and PostgreSQL take
what is left of all cores, so on a machine with no more cores than workers they compete. The table shows how much they
took.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.subjects import Stage, cpu_of, staged
from benchmarks.turns import ANSWER_SECONDS, HURRY, PACE, Audience, percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """So many workers at one load, once. `cpu` are the seconds of each worker, `lags` those of each answer."""

    workers: int
    conversations: int
    turns: int
    seconds: float
    cpu: tuple[float, ...]
    emulators: float
    lags: tuple[float, ...]
    intakes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """So many workers at one load: medians over the rounds. `busy` is the share of a core that each worker took."""

    workers: int
    conversations: int
    turns_per_second: float
    cpu_ms: float
    busy: tuple[float, ...]
    emulators: float
    lag_p50: float
    lag_p95: float
    intake_p95: float


async def measure(stage: Stage, first: int, conversations: int, turns: int) -> Sample:
    stage.model.pace = HURRY  # connections are opened and caches filled by a question each
    await Audience(stage, first, conversations).converse(1, 0.5)
    await asyncio.sleep(0.5)
    stage.model.pace = PACE
    cpu, ours, began = [cpu_of(bot) for bot in stage.bots], time.process_time(), time.monotonic()
    times = await Audience(stage, first, conversations).converse(turns, ANSWER_SECONDS)
    seconds = time.monotonic() - began
    return Sample(
        workers=len(stage.bots),
        conversations=conversations,
        turns=turns * conversations,
        seconds=seconds,
        cpu=tuple(cpu_of(bot) - before for bot, before in zip(stage.bots, cpu, strict=True)),
        emulators=(time.process_time() - ours) / seconds,
        lags=tuple(lag for _, lag in times),
        intakes=tuple(intake for intake, _ in times),
    )


async def run_round(workers: int, loads: Sequence[int], turns: int) -> list[Sample]:
    """All loads on the same workers, each with people of its own."""
    samples: list[Sample] = []
    async with staged("postgresql", workers=workers) as stage:
        await stage.telegram.until(lambda: stage.telegram.world.updates.polled, 60)
        for number, bot in enumerate(stage.bots):
            await bot.serving(limit=60)
            os.sched_setaffinity(bot.pid, {number % (os.cpu_count() or 1)})
        for load in loads:
            sample = await measure(stage, 1000 * (len(samples) + 1), load, turns)
            print(f"  {workers} workers, {load} talks: {sample.turns / sample.seconds:.1f} turns/s", file=sys.stderr)
            samples.append(sample)
    return samples


def row_of(samples: Sequence[Sample]) -> Row:
    lags = sorted(lag * 1000 for sample in samples for lag in sample.lags)
    intakes = sorted(intake * 1000 for sample in samples for intake in sample.intakes)
    return Row(
        workers=samples[0].workers,
        conversations=samples[0].conversations,
        turns_per_second=median(sample.turns / sample.seconds for sample in samples),
        cpu_ms=median(sum(sample.cpu) / sample.turns * 1000 for sample in samples),
        busy=tuple(median(shares) for shares in zip(*(_busy(sample) for sample in samples), strict=True)),
        emulators=median(sample.emulators for sample in samples),
        lag_p50=percentile(lags, 50),
        lag_p95=percentile(lags, 95),
        intake_p95=percentile(intakes, 95),
    )


def _busy(sample: Sample) -> list[float]:
    return [cpu / sample.seconds for cpu in sample.cpu]


def render(table: Sequence[Row]) -> str:
    lines = [
        (
            "| workers | talks | turns/s | CPU ms a turn | core taken by each | by the emulators"
            " | lag p50 / p95 ms | to the model p95 ms |"
        ),
        "|---:|---:|---:|---:|---|---:|---:|---:|",
    ]
    for row in table:
        busy = ", ".join(f"{share:.0%}" for share in row.busy)
        lines.append(
            f"| {row.workers} | {row.conversations} | {row.turns_per_second:.1f} | {row.cpu_ms:.1f} | {busy}"
            f" | {row.emulators:.0%} | {row.lag_p50:.0f} / {row.lag_p95:.0f} | {row.intake_p95:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="One worker on PostgreSQL against two.")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="default 1 2")
    parser.add_argument("--conversations", type=int, nargs="+", default=[100, 200], help="at once (default 100 200)")
    parser.add_argument("--turns", type=int, default=3, help="questions of each conversation (default 3)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    samples: list[Sample] = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for workers in sorted(options.workers, reverse=bool(number % 2)):
            samples += asyncio.run(run_round(workers, options.conversations, options.turns))
    table = [
        row_of([one for one in samples if (one.conversations, one.workers) == (load, workers)])
        for load in options.conversations
        for workers in options.workers
    ]
    print(render(table))
    if options.json:
        options.json.write_text(json.dumps({"rows": [asdict(row) for row in table]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
