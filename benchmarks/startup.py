"""How long `parley serve` takes to its first poll, and how much memory it holds then, idle, and after a crowd.

    python -m benchmarks.startup [--repeats 5] [--conversations 100] [--json FILE]

The clock runs from the start of the process, interpreter and imports included, to the moment at which Telegram sees
the first getUpdates. The database is there already; the first start, which makes it, is shown separately.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from adapters.telegram.emulator.refusals import conflict
from benchmarks.subjects import Stage, staged
from benchmarks.turns import HURRY, PACE, Audience

SECONDS, MEGABYTES = 2.5, 140
"""The targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One start. Seconds from exec to the first poll, CPU seconds of it, resident MB then."""

    seconds: float
    cpu: float
    resident: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """`first` made the database, `starts` are those after it. `idle_cpu` is a share of one core."""

    first: Start
    starts: tuple[Start, ...]
    conversations: int
    idle_cpu: float
    resident_after: float
    peak: float


async def start(stage: Stage) -> Start:
    began = time.monotonic()
    await stage.bot.start()
    await stage.bot.ready(stage.telegram)
    return Start(seconds=time.monotonic() - began, cpu=stage.cpu(), resident=stage.resident())


async def measure(repeats: int, conversations: int) -> Results:
    async with staged("parley") as stage:
        await stage.bot.kill()
        first = await _restart(stage)
        starts = []
        for number in range(repeats):
            starts.append(await _restart(stage))
            print(f"  start {number + 1} of {repeats}: {starts[-1].seconds:.2f} s", file=sys.stderr)
        idle = await _idle(stage, 5)
        print(f"  idle {idle:.3f}; {conversations} conversations", file=sys.stderr)
        await _converse(stage, conversations)
        return Results(
            first=first,
            starts=tuple(starts),
            conversations=conversations,
            idle_cpu=idle,
            resident_after=stage.resident(),
            peak=stage.peak(),
        )


async def _restart(stage: Stage) -> Start:
    await stage.bot.stop()
    updates = stage.telegram.world.updates
    updates.interrupt(conflict("the poll of a bot that is gone"))
    await stage.telegram.until(lambda: not updates.polled)
    return await start(stage)


async def _idle(stage: Stage, seconds: float) -> float:
    await asyncio.sleep(1)
    before = stage.cpu()
    await asyncio.sleep(seconds)
    return (stage.cpu() - before) / seconds


async def _converse(stage: Stage, conversations: int) -> None:
    audience = Audience(stage, 1001, conversations)
    for pace in (HURRY, PACE):
        stage.model.pace = pace
        await audience.converse(1, 1)
    await asyncio.sleep(1)


def render(results: Results) -> str:
    starts = results.starts
    return "\n".join(
        (
            "| | median | least | most | target |",
            "|---|---:|---:|---:|---:|",
            _line("seconds to the first poll", [one.seconds for one in starts], f"< {SECONDS}"),
            _line("CPU seconds to the first poll", [one.cpu for one in starts], ""),
            _line("resident MB then", [one.resident for one in starts], f"< {MEGABYTES}"),
            _line("seconds of the very first start", [results.first.seconds], ""),
            _line("CPU when idle, % of a core", [results.idle_cpu * 100], ""),
            _line(f"resident MB after {results.conversations} conversations", [results.resident_after], ""),
            _line("resident MB at most", [results.peak], ""),
        )
    )


def _line(name: str, values: Sequence[float], target: str) -> str:
    return f"| {name} | {median(values):.2f} | {min(values):.2f} | {max(values):.2f} | {target} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Start-up time and memory of `parley serve`.")
    parser.add_argument("--repeats", type=int, default=5, help="starts (default 5)")
    parser.add_argument("--conversations", type=int, default=100, help="at once, before the last look (default 100)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    results = asyncio.run(measure(options.repeats, options.conversations))
    print(render(results))
    if options.json:
        options.json.write_text(json.dumps(asdict(results), indent=2) + "\n")


if __name__ == "__main__":
    main()
