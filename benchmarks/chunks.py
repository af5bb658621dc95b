"""CPU time per chunk and per call: the pool and the client below it, beside OpenAI's SDK as its documents use it.

    python -m benchmarks.chunks [--streams 60] [--words 200] [--calls 300] [--rounds 3] [--json FILE]

Every reader is a process of its own, the server is another one; uvloop runs all of them. Paced streams bring forty
chunks a second each, so that nearly every chunk is read by itself, as it is in life. What is shown is the reader's own
CPU clock (user and system), by `time.process_time`.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from bot.llm.emulator import ChatRequest, ModelEmulator, Pace

MODEL = "scripted-1"
PACE = Pace(words_per_second=40)
TARGET = 0.5
"""The pool's CPU per chunk, in typed streams of the SDK."""
MESSAGES = [{"role": "user", "content": "hello"}]

Read = Callable[[int], Awaitable[int]]
"""Read one answer of so many words; returns the number of its chunks."""


def answer(request: ChatRequest) -> str:
    """As many words as the client allows tokens."""
    return " ".join(["word"] * int(request.body.get("max_completion_tokens") or 1))


async def serve(*, paced: bool) -> None:
    async with ModelEmulator(
        answer=answer, pace=PACE if paced else Pace(), count=lambda text: len(text.split())
    ) as server:
        print(server.url, flush=True)
        while True:
            await asyncio.sleep(1)
            server.requests.clear()  # it keeps every request for tests, and this is none


@asynccontextmanager
async def sdk_typed(url: str, *, aiohttp: bool) -> AsyncIterator[Read]:
    """`client.chat.completions.create(stream=True)`, over the SDK's own HTTP client or over aiohttp."""
    import openai

    transport: Any = openai.DefaultAioHttpClient() if aiohttp else openai.DefaultAsyncHttpxClient()

    async def read(words: int) -> int:
        stream: Any = await client.chat.completions.create(
            model=MODEL, messages=messages, stream=True, max_completion_tokens=words, stream_options=options
        )
        count = 0
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                count += 1
        return count

    messages: Any = MESSAGES
    options: Any = {"include_usage": True}
    async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, http_client=transport) as client:
        yield read


@asynccontextmanager
async def sdk_objects(url: str) -> AsyncIterator[Read]:
    """The SDK without its types, over aiohttp: what the client below the pool builds on."""
    import openai

    async def read(words: int) -> int:
        body = {
            "model": MODEL,
            "messages": MESSAGES,
            "stream": True,
            "max_completion_tokens": words,
            "stream_options": {"include_usage": True},
        }
        stream: Any = await client.post(
            "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=openai.AsyncStream[object]
        )
        count = 0
        async with stream:
            async for event in stream:
                choices = event["choices"]
                if choices and choices[0]["delta"].get("content"):
                    count += 1
        return count

    transport = openai.DefaultAioHttpClient()
    async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, http_client=transport) as client:
        yield read


@asynccontextmanager
async def our_client(url: str) -> AsyncIterator[Read]:
    """`bot.llm.client`: time limits, errors, usage and finish reasons on top."""
    from bot.clock import SystemClock
    from bot.llm.client import OpenAIModel

    client = OpenAIModel.connect(url, "k", SystemClock())

    async def read(words: int) -> int:
        return sum([1 async for _ in client.complete(_prompt(url, words))])

    yield read
    await client.close()


@asynccontextmanager
async def our_pool(url: str) -> AsyncIterator[Read]:
    """`bot.llm.pool`: limits, breakers, retries and fallback on top."""
    from bot.clock import SystemClock
    from bot.domain.models import Catalog
    from bot.llm import limits_of
    from bot.llm.client import OpenAIModel
    from bot.llm.pool import Pool
    from bot.llm.shaping import MemoryBuckets, Shaper

    catalog, clock = Catalog.single(base_url=url, key="k", model=MODEL, window=128_000), SystemClock()
    pool = Pool(
        catalog,
        connect=lambda endpoint, key: OpenAIModel.connect(endpoint.base_url, key.secret, clock),
        shaper=Shaper(MemoryBuckets(clock), clock, lambda route: limits_of(catalog, route)),
        clock=clock,
        chance=lambda: 0.5,
    )

    async def read(words: int) -> int:
        return sum([1 async for _ in pool.complete(_prompt(url, words))])

    yield read
    await pool.close()


def _prompt(url: str, words: int) -> Any:
    from bot.domain.completions import Prompt, PromptMessage
    from bot.domain.models import Catalog

    chain = Catalog.single(base_url=url, key="k", model=MODEL, window=128_000).default
    return Prompt(chain=chain, messages=(PromptMessage(role="user", text="hello"),), tokens=10, answer_room=words)


READERS: Mapping[str, Callable[[str], Any]] = {
    "SDK, typed": lambda url: sdk_typed(url, aiohttp=False),
    "SDK, typed, aiohttp": lambda url: sdk_typed(url, aiohttp=True),
    "SDK, objects, aiohttp": sdk_objects,
    "bot.llm.client": our_client,
    "bot.llm.pool": our_pool,
}
PLAIN, BELOW, POOL = "SDK, typed", "bot.llm.client", "bot.llm.pool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`paced`, `burst`: `streams` at once of so many words. `calls`: short answers, one after the other."""

    name: str
    streams: int
    words: int
    times: int = 1


async def read_all(reader: str, url: str, load: Load) -> float:
    """CPU microseconds: per chunk, or per call when the answers are short."""
    async with READERS[reader](url) as read:
        await asyncio.gather(*(read(2) for _ in range(load.streams)))  # connections, schemas, caches
        began = time.process_time()
        chunks = 0
        for _ in range(load.times):
            chunks += sum(await asyncio.gather(*(read(load.words) for _ in range(load.streams))))
        spent = time.process_time() - began
    if chunks != load.streams * load.words * load.times:
        raise SystemExit(f"{reader}: {chunks} chunks")
    return spent / (load.times if load.times > 1 else chunks) * 1e6


@contextmanager
def server(*, paced: bool) -> Iterator[str]:
    """A server in a process of its own; its address."""
    command = [sys.executable, "-m", "benchmarks.chunks", "--serve", "paced" if paced else "burst"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()


def measure(reader: str, load: Load) -> float:
    """One reader before a fresh server, each in a process of its own."""
    with server(paced=load.name == "paced") as url:
        command = [sys.executable, "-m", "benchmarks.chunks", "--read", reader, url, json.dumps(asdict(load))]
        return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def run_rounds(loads: Sequence[Load], rounds: int) -> dict[str, dict[str, list[float]]]:
    """reader → load → one number a round. Readers alternate, so that a noisy minute hits all of them."""
    found: dict[str, dict[str, list[float]]] = {reader: {load.name: [] for load in loads} for reader in READERS}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for load in loads:
            for reader in sorted(READERS, reverse=bool(number % 2)):
                found[reader][load.name].append(measure(reader, load))
                print(f"  {load.name:>6} {reader:<22} {found[reader][load.name][-1]:.1f} µs", file=sys.stderr)
    return found


def render(found: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    lines = ["| reader | µs a chunk, paced | µs a chunk, burst | ms a call |", "|---|---:|---:|---:|"]
    for reader, by_load in found.items():
        paced, burst, calls = (median(by_load[name]) for name in ("paced", "burst", "calls"))
        lines.append(f"| {reader} | {paced:.0f} | {burst:.0f} | {calls / 1000:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU per chunk and per call: Parley's pool beside OpenAI's SDK.")
    parser.add_argument("--streams", type=int, default=60, help="at once, where they are paced (default 60)")
    parser.add_argument("--words", type=int, default=200, help="of each answer (default 200)")
    parser.add_argument("--calls", type=int, default=300, help="short ones, one after the other (default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--serve", choices=("paced", "burst"), help=argparse.SUPPRESS)
    parser.add_argument("--read", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(paced=options.serve == "paced"))
    elif options.read:
        reader, url, load = options.read
        print(uvloop.run(read_all(reader, url, Load(**json.loads(load)))))
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    loads = (
        Load(name="paced", streams=options.streams, words=options.words),
        Load(name="burst", streams=4, words=options.words * options.streams // 4),
        Load(name="calls", streams=1, words=1, times=options.calls),
    )
    found = run_rounds(loads, options.rounds)
    print(render(found))
    share = median(found[POOL]["paced"]) / median(found[PLAIN]["paced"])
    extra = median(found[POOL]["burst"]) - median(found[BELOW]["burst"])
    print(f"The pool takes {share:.2f} of the SDK's typed stream per paced chunk (target: at most {TARGET})")
    print(f"and {extra:.1f} µs a chunk more than the client below it.")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
