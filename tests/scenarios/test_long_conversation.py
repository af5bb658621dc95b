"""Four hundred turns over the wire: what was told early is known late, and the provider's prompt cache stays warm."""

import random
from collections.abc import Iterator

from bot.domain.context import ContextPolicy
from bot.domain.quotas import Meter
from bot.llm.completion import Timeouts
from bot.llm.emulator import ChatRequest, ModelEmulator
from bot.storage import Storage
from tests.databases import on
from tests.scenarios.pooled import Scene, scene

TURNS = 400
TOLD_BEFORE, ASKED_AFTER = 30, 370
UNLIMITED: dict[Meter, int | None] = {"messages": None, "tokens": None}
PATIENT = Timeouts()
"""A busy machine may stand still for longer than the short times of other scenes; a request repeated would count."""

FACTS = {
    "My sister Ottilie breeds alpacas near Lisbon.": "Where does my sister keep her animals?",
    "The locker in the station has the number 4711.": "Which number has my locker?",
    "On Thursdays I play the bassoon in an orchestra.": "Which instrument do I play in the orchestra?",
    "我的猫叫团子，它害怕打雷。": "我的猫叫什么名字？",
    "Our lease of the bakery ends in March 2029.": "When does the lease of the bakery end?",
    "The wifi of the cabin is called moosehead.": "What is the wifi of the cabin called?",
}
SUBJECTS = (
    "train",
    "garden",
    "kettle",
    "novel",
    "bicycle",
    "invoice",
    "island",
    "violin",
    "winter",
    "market",
    "letter",
)
DOINGS = ("repair", "paint", "describe", "compare", "sell", "move", "measure", "explain", "clean", "order", "forget")
MANNERS = ("slowly", "twice", "in a hurry", "before noon", "with care", "for a friend", "by hand", "on Sundays")


def small_talk(chance: random.Random) -> str:
    things = chance.sample(SUBJECTS, 3)
    doings = chance.sample(DOINGS, 2)
    return (
        f"How would you {doings[0]} a {things[0]} {chance.choice(MANNERS)}, and then {doings[1]} the {things[1]} "
        f"without losing sight of the {things[2]}? Case {chance.randrange(10_000)}."
    )


def script() -> Iterator[tuple[str, str]]:
    """What is said, and the fact that the request has to hold; "" if none."""
    chance = random.Random(5)
    told = dict(zip(chance.sample(range(TOLD_BEFORE), len(FACTS)), FACTS, strict=True))
    late = range(ASKED_AFTER, TURNS)
    asked = dict(zip(chance.sample(late, len(FACTS)), FACTS, strict=True))
    for number in range(TURNS):
        if number in told:
            yield told[number], ""
        elif number in asked:
            yield FACTS[asked[number]], asked[number]
        else:
            yield small_talk(chance), ""


def answer(request: ChatRequest) -> str:
    chance = random.Random(len(str(request.messages)))
    return " ".join(small_talk(chance) for _ in range(2))


async def talk(stage: Scene[ModelEmulator]) -> list[tuple[str, str, list[str]]]:
    """The whole conversation; of each question about a fact the fact, what was asked, the texts of the request."""
    asked = []
    for words, fact in script():
        stage.core.clock.pass_(minutes=1)
        await stage.core.say("ada", words)
        if fact:
            texts = [str(message["content"]) for message in stage.server.requests[-1].request.messages]
            asked.append((fact, words, texts))
    return asked


@on("sqlite")
async def test_what_was_told_early_is_known_late_and_most_tokens_come_from_the_cache(storage: Storage) -> None:
    server = ModelEmulator(answer=answer)
    async with scene(
        storage, server, daily=UNLIMITED, window=32_000, context=ContextPolicy(), timeouts=PATIENT
    ) as stage:
        asked = await talk(stage)
        assert len(server.requests) == TURNS
        rows = await stage.rows()
    for fact, question, texts in asked:
        assert fact in texts[-1], question
        assert texts[-1].endswith(question)
        assert not any(fact in text for text in texts[:-1]), "it had left the prompt"
    assert len(asked) == len(FACTS)
    share = sum(row["cached_tokens"] for row in rows) / sum(row["input_tokens"] for row in rows)
    assert share >= 0.8


@on("sqlite")
async def test_a_window_that_slides_knows_nothing_of_it_and_hits_no_cache(storage: Storage) -> None:
    """The same conversation, so that nobody takes the one above for a matter of course."""
    server = ModelEmulator(answer=answer)
    sliding = ContextPolicy(recall=0, low_water=1)
    async with scene(storage, server, daily=UNLIMITED, window=32_000, context=sliding, timeouts=PATIENT) as stage:
        asked = await talk(stage)
        rows = await stage.rows()
    assert not any(fact in text for fact, _, texts in asked for text in texts)
    full = rows[TURNS // 2 :]
    assert sum(row["cached_tokens"] for row in full) / sum(row["input_tokens"] for row in full) < 0.1
