"""Hundreds of turns, or two thousand, while every tenth call fails in some way.

Core and emulator count tokens alike (words), so that both books can be compared to the token. Of a call that came to
its end, the bill that the emulator sent is written down. Of a stream that broke off after its first piece, no bill
came: the words that arrived are counted, which are all that were sent, and for the prompt our own estimate stands,
which allows each message one token more than the emulator takes. What broke between its beginning and its first piece
has a row of its own, with the prompt, and the person is not charged. What broke before its beginning is in neither
book: the emulator had sent nothing.

Faults that shut a breaker for minutes (no money, no such model) are left out: two thousand sentences would be all that
anybody saw. `test_faults` plays them one by one.
"""

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Callable

import pytest

from bot.domain.models import Limits
from bot.llm.completion import Timeouts
from bot.llm.emulator import ChatRequest, Fault, ModelEmulator, refusals, twists
from bot.llm.emulator.requests import Exchange
from bot.storage import Storage
from tests.conftest import Core
from tests.scenarios.pooled import Scene, scene, words

PEOPLE, TURNS = 200, int(os.environ.get("PARLEY_CHAOS_TURNS", "3"))
"""Each of them asks so often. `PARLEY_CHAOS_TURNS=10` plays two thousand turns, in about 40 s."""
SHARE = 0.1
WORKERS = 20
"""Calls at once: more only make two cores late, and lateness is a fault of its own."""
PATIENT = Timeouts(connect=5, first=1.5, between=1.5, total=60, farewell=0.5)
"""Long enough that only silence is taken for silence."""

FAULTS: tuple[tuple[Fault, int], ...] = (
    (refusals.status(500), 10),
    (refusals.status(502), 10),
    (refusals.html(503), 5),
    (refusals.status(408), 5),
    (refusals.rate_limited(retry_after_ms="30"), 10),
    (refusals.rate_limited(retry_after="0"), 5),
    (refusals.status(400), 5),
    (refusals.status(401), 5),
    (refusals.status(403), 5),
    (refusals.overflow_openai(900), 5),
    (refusals.empty(), 5),
    (twists.cut_clean(after=0), 5),
    (twists.cut_tcp(after=0), 5),
    (twists.filtered(after=0), 3),
    (twists.cut_clean(after=2), 5),
    (twists.cut_tcp(after=2), 5),
    (twists.error_frame(after=2), 5),
    (twists.broken_json(after=2), 5),
    (twists.stall_first(), 1),
    (twists.stall(after=2), 1),
)
"""Each with its weight."""

SENTENCE = "Nothing was charged"
BROKEN = "⚠️ The answer broke off here."


def name(person: int, turn: int) -> str:
    """Unique, short, and one word: the emulator's pieces end after sixteen characters."""
    return f"p{person}t{turn}"


def answer(request: ChatRequest) -> str:
    mark = request.said.split()[0]
    return f"{mark} " + " ".join(f"word{number}" for number in range(len(mark) * 3))


def by_chance(dice: random.Random, odds: float) -> Callable[[ChatRequest], bool]:
    return lambda _: dice.random() < odds


def spoil(server: ModelEmulator, dice: random.Random) -> None:
    """Let `SHARE` of all requests meet a fault, by chance."""
    weights = [weight for _, weight in FAULTS]
    left = 1.0
    for fault, weight in FAULTS:
        # One draw after the other: each is a share of the requests that those before it let pass.
        share = SHARE * weight / sum(weights)
        server.faults.when(by_chance(dice, share / left), fault)
        left -= share


async def talk(core: Core) -> None:
    """Everybody says everything at once; ends when all of it is handled."""
    for turn in range(TURNS):
        said = [(f"u{person}", f"{name(person, turn)} what about it?") for person in range(PEOPLE)]
        await core.inbox.accept([core.platform.arrival(user, text) for user, text in said])
    running = asyncio.create_task(core.dispatcher.run())
    await core.dispatcher.settle()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def by_person(core: Core) -> dict[str, list[str]]:
    heard: dict[str, list[str]] = defaultdict(list)
    for chat, text in core.platform.sent:
        heard[chat].append(text)
    return heard


def whole(exchange: Exchange) -> bool:
    return exchange.text == answer(exchange.request)


def fits(said: str, person: int, turn: int) -> bool:
    """Whether this is what somebody may see after that message: its answer, the beginning of it, or a sentence."""
    if said.startswith(f"{name(person, turn)} word0"):
        return True
    return SENTENCE in said


def served(stage: Scene[ModelEmulator]) -> list[Exchange]:
    """The requests that the emulator began to answer."""
    return [exchange for exchange in stage.server.requests if exchange.begun]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_everybody_is_answered_and_the_books_agree_to_the_token(storage: Storage) -> None:
    dice = random.Random(20261122)
    server = ModelEmulator(answer=answer, count=words)
    async with scene(
        storage, server, daily={"messages": None, "tokens": None}, limits=Limits(concurrent=WORKERS), timeouts=PATIENT
    ) as stage:
        spoil(server, dice)
        await talk(stage.core)
        heard, rows = by_person(stage.core), await stage.rows()

    assert len(heard) == PEOPLE
    assert {len(texts) for texts in heard.values()} == {TURNS}
    strange = [
        (person, turn, text)
        for person in range(PEOPLE)
        for turn, text in enumerate(heard[f"u{person}"])
        if not fits(text, person, turn)
    ]
    assert strange == []

    failed = [exchange for exchange in server.requests if exchange.status != 200 or not whole(exchange)]
    assert 0.07 < len(failed) / len(server.requests) < 0.13

    answered = served(stage)
    margin = sum(len(exchange.messages) for exchange in answered if not exchange.concluded)
    billed = sum(exchange.prompt_tokens + exchange.completion_tokens for exchange in answered)
    assert len(rows) == len(answered)
    assert sum(row["input_tokens"] + row["output_tokens"] for row in rows) == billed + margin
    assert sum(row["estimated"] for row in rows) == sum(not exchange.concluded for exchange in answered)
    broken = [row for row in rows if row["ending"] == "interrupted"]
    assert sum(BROKEN in text for texts in heard.values() for text in texts) == len(broken)
    lost = [row for row in rows if row["failed"]]
    assert {row["output_tokens"] for row in lost} == {0}
    assert len(broken) + len(lost) == sum(not whole(exchange) for exchange in answered)
    assert stage.breaker == "closed"
