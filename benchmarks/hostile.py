"""What one hostile person takes from the others: how long their answers take without and with the flood, in one run.

    python -m benchmarks.hostile [--ways polling webhook slack] [--rate 1000] [--seconds 12] [--rounds 4]
                                 [--limit 60] [--json FILE]

Ten people on Telegram ask, wait for the answer, think for a second and ask again. The model writes as fast as it can,
so that what is measured is Parley. The hostile person sends `rate` messages a second, each another one: into the queue
that Telegram is polled for, to Telegram's webhook, or as Slack's events over HTTP, from a process of their own.
"""

import argparse
import asyncio
import itertools
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

from adapters.slack.emulator import SlackEmulator
from adapters.telegram.emulator import Event, Person
from adapters.telegram.webhook import secret_of
from benchmarks.flood import paced, telegram_message
from benchmarks.subjects import Stage, staged
from benchmarks.turns import HURRY, percentile
from tests.scenarios.process import TOKEN
from tests.scenarios.servers import free_port

PEOPLE = 10
THINK = 1.0
TARGET = 1.5
"""With the flood the others' 95th percentile is at most so many times what it is without."""

_SIGNING_SECRET = "s3cret"
_numbers = itertools.count(1)

Flood = Callable[[int, float], Awaitable[int]]
"""So many a second, for so many seconds; returns how many were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One stretch of time: how long each answer took, in seconds; and what of the flood was taken, a second."""

    way: str
    hostile: bool
    answers: tuple[float, ...]
    flood: float
    cpu: float


class Crowd:
    """People who ask, wait for the whole answer, think, and ask again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._heard: dict[int, asyncio.Future[float]] = {}
        self._people = [stage.telegram.person(id=number, first_name=f"P{number}") for number in range(1, PEOPLE + 1)]

    async def converse(self, seconds: float) -> list[float]:
        """How long each answer took, from the message to its last part."""
        until = time.monotonic() + seconds
        async with aclosing(self._stage.telegram.watch()) as events:
            listening = asyncio.create_task(self._listen(events))
            talks = await asyncio.gather(*(self._talk(person, until) for person in self._people))
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return [took for talk in talks for took in talk]

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            if event.kind == "message" and event.body["from"]["is_bot"] and event.chat_id in self._heard:
                self._heard.pop(event.chat_id).set_result(event.at)

    async def _talk(self, person: Person, until: float) -> list[float]:
        took: list[float] = []
        await asyncio.sleep(random.random() * THINK)
        while time.monotonic() < until:
            heard = self._heard[person.id] = asyncio.get_running_loop().create_future()
            asked = time.time()
            person.says(f"Question {next(_numbers)} of person {person.id}")
            took.append(await heard - asked)
            await asyncio.sleep(THINK)
        return took


async def knock(platform: str, url: str, secret: str, rate: int, seconds: float) -> int:
    """The flood from a process of its own."""
    arguments = ("-m", "benchmarks.flood", platform, url, secret, f"--rate={rate}", f"--seconds={seconds}")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    return int((await process.communicate())[0])


async def inject(stage: Stage, rate: int, seconds: float) -> int:
    """The flood in the queue that the bot polls."""
    before, numbers = len(stage.telegram.world.updates), itertools.count(time.time_ns() // 1_000_000)
    await paced(rate, seconds, lambda: stage.telegram.inject({"message": telegram_message(next(numbers))}))
    return round(rate * seconds) + before - len(stage.telegram.world.updates)


@asynccontextmanager
async def opened(way: str, limit: str) -> AsyncIterator[tuple[Stage, Flood]]:
    """A bot that can be flooded that way."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    more = {"HTTP_PORT": str(port), "MESSAGES_PER_MINUTE": limit}
    async with AsyncExitStack() as stack:
        if way == "webhook":
            more["TELEGRAM_WEBHOOK_URL"] = f"{here}/telegram"
        if way == "slack":
            slack = await stack.enter_async_context(SlackEmulator(signing_secret=_SIGNING_SECRET))
            more |= {
                "SLACK_BOT_TOKEN": "xoxb-test",
                "SLACK_SIGNING_SECRET": _SIGNING_SECRET,
                "SLACK_API_URL": slack.url,
            }
        stage = await stack.enter_async_context(staged("parley", more=more))
        await stage.bot.serving()
        stage.model.pace = HURRY
        floods = {
            "polling": partial(inject, stage),
            "webhook": partial(knock, "telegram", f"{here}/telegram", secret_of(TOKEN)),
            "slack": partial(knock, "slack", f"{here}/slack/events", _SIGNING_SECRET),
        }
        yield stage, floods[way]


async def measure(way: str, limit: str, rate: int, seconds: float, rounds: int) -> list[Sample]:
    """Stretches with and without the flood, one after the other, in one bot."""
    samples: list[Sample] = []
    async with opened(way, limit) as (stage, flood):
        crowd = Crowd(stage)
        await crowd.converse(2)
        for number in range(2 * rounds):
            hostile = number % 4 in (1, 2)
            cpu = stage.cpu()
            flooding = asyncio.create_task(_flood(flood, rate if hostile else 0, seconds))
            await asyncio.sleep(min(1.0, seconds / 4))  # what passes of the flood has passed
            answers = await crowd.converse(seconds - 2.0)
            taken = await flooding / seconds
            cpu = (stage.cpu() - cpu) / seconds
            samples.append(Sample(way=way, hostile=hostile, answers=tuple(answers), flood=taken, cpu=cpu))
            print(f"  {way} {taken:.0f}/s: {percentile(sorted(answers), 95) * 1000:.0f} ms", file=sys.stderr)
    return samples


async def _flood(flood: Flood, rate: int, seconds: float) -> int:
    if rate:
        return await flood(rate, seconds)
    await asyncio.sleep(seconds)
    return 0


def render(samples: Sequence[Sample], ways: Sequence[str]) -> str:
    lines = [
        "| way | flood a second | core without / with | p50 without / with, ms | p95 without / with, ms | ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *(_line(way, samples) for way in ways)])


def _line(way: str, samples: Sequence[Sample]) -> str:
    calm, hostile = ([one for one in samples if one.way == way and one.hostile is which] for which in (False, True))
    p50, p95 = ([_percentile(part, percent) for part in (calm, hostile)] for percent in (50, 95))
    cells = (
        way,
        f"{median(one.flood for one in hostile):.0f}",
        " / ".join(f"{median(one.cpu for one in part):.0%}" for part in (calm, hostile)),
        f"{p50[0]:.0f} / {p50[1]:.0f}",
        f"{p95[0]:.0f} / {p95[1]:.0f}",
        f"{p95[1] / p95[0]:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _percentile(samples: Sequence[Sample], percent: int) -> float:
    """Of the stretches' own percentiles the middle one: a noisy second spoils one stretch and not the result."""
    return median(percentile(sorted(took * 1000 for took in one.answers), percent) for one in samples)


def main() -> None:
    parser = argparse.ArgumentParser(description="What one hostile person takes from the others.")
    parser.add_argument(
        "--ways", nargs="+", choices=("polling", "webhook", "slack"), default=["polling", "webhook", "slack"]
    )
    parser.add_argument("--rate", type=int, default=1000, help="messages a second (default 1000)")
    parser.add_argument("--seconds", type=float, default=12.0, help="of each stretch (default 12)")
    parser.add_argument("--rounds", type=int, default=4, help="default 4")
    parser.add_argument("--limit", default="60", help="messages a minute, or unlimited (default 60)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    samples = [
        sample
        for way in options.ways
        for sample in asyncio.run(measure(way, options.limit, options.rate, options.seconds, options.rounds))
    ]
    print(render(samples, options.ways))
    print(f"Target: a ratio of at most {TARGET}")
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in samples], indent=2) + "\n")


if __name__ == "__main__":
    main()
