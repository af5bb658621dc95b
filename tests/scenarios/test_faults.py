"""Every fault of the model side, through the whole bot: what the person sees, what is remembered, charged and written
down, and what the breaker makes of it. On our own emulator and, unchanged, on aimock: `tests.scenarios.plays` says what
that one cannot play. What neither server has a part in is in `test_waiting`.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.llm.emulator import ModelEmulator
from bot.llm.policy import Patience
from bot.storage import Storage
from tests.aimock import installed, serving
from tests.litellm import PROGRAM, Proxy, proxying
from tests.scenarios.plays import ANSWER, PLAYS, STANDS, TEXT, Play, played
from tests.scenarios.pooled import HASTY, SECRET, Scene, scene, words
from tests.scenarios.stands import AimockStand, EmulatorStand, Said, Stand

BILL = (12, 6)
"""What both servers say that “hello” and its answer took."""
ESTIMATE = 14
"""What we think that “hello” takes: a token more than it does for each of two messages."""
HELLO = [("user", "hello"), ("assistant", TEXT)]

Stage = Scene[Stand]


@pytest.fixture(scope="session")
def aimock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert request.config.cache is not None
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": [{**ANSWER, "match": {"model": "scripted-1"}}]}))
    with serving(installed(request.config.cache), fixtures) as address:
        yield address


@pytest.fixture(scope="session")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    assert PROGRAM is not None
    with proxying(PROGRAM, tmp_path_factory.mktemp("litellm"), SECRET) as proxy:
        yield proxy


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Stand:
    if request.param == "aimock":
        return AimockStand(address=request.getfixturevalue("aimock"))
    if request.param == "emulator":
        return EmulatorStand(emulator=ModelEmulator(answer=lambda _: TEXT, count=words))
    proxy: Proxy = request.getfixturevalue("litellm")
    behind = ModelEmulator(answer=lambda _: TEXT, count=words, port=proxy.behind)
    return EmulatorStand(emulator=behind, before=proxy.url)


def everywhere() -> pytest.MarkDecorator:
    """Run a test on each stand."""
    rows = [pytest.param(name, marks=marks) for name, marks in STANDS.items()]
    return pytest.mark.parametrize("stand", rows, indirect=True)


@asynccontextmanager
async def staged(storage: Storage, stand: Stand, patience: Patience = HASTY) -> AsyncIterator[Stage]:
    async with scene(storage, stand, patience=patience) as stage:
        yield stage


@pytest.fixture
async def stage(storage: Storage, stand: Stand) -> AsyncIterator[Stage]:
    async with staged(storage, stand) as one:
        yield one


async def history(stage: Stage, request: int = -1) -> list[Said]:
    """The messages of a request, without the system prompt."""
    return [said for said in (await stage.server.asked())[request] if said[0] != "system"]


async def again(stage: Stage) -> list[Said]:
    """The history that the next request holds, without its question."""
    await stage.server.calm()
    await stage.core.say("ada", "again")
    *before, question = await history(stage)
    assert question == ("user", "again")
    return before


async def tokens(stage: Stage) -> list[tuple[int, int]]:
    """Input and output of each row."""
    return [(row["input_tokens"], row["output_tokens"]) for row in await stage.rows()]


def test_the_table_says_why_a_fault_is_not_played_on_aimock() -> None:
    assert all(play.aimock for play in PLAYS.values())
    assert sum(not isinstance(play.aimock, str) for play in PLAYS.values()) >= 25


# The bot helps itself: the person gets the answer, once and whole.


@played(
    ("429 for 20 ms", 0, 0),
    ("429 for no time", 0, 0),
    ("429 until a date long ago", 0, 0),
    ("408", 1, 0),
    ("500", 1, 0),
    ("503 html", 1, 0),
    ("hung up", 1, 0),
    ("malformed body", 1, 0),
    ("empty stream", 1, 0),
    ("silence", 1, 0),
    ("silence after the headers", 1, 0),
    ("clean cut at the beginning", 1, 1),
    ("cut at the beginning", 1, 1),
    ("broken JSON at the beginning", 1, 1),
    ("silence at the beginning", 1, 1),
)
async def test_a_passing_fault_is_not_seen(stage: Stage, play: Play, expected: Any) -> None:
    """What had begun to answer is on the operator's bill, as far as it can be told, and not on the person's."""
    failures, begun = expected
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    *lost, row = await stage.rows()
    assert [(one["input_tokens"], one["cost"], one["estimated"]) for one in lost] == [(ESTIMATE, 35, True)] * begun
    assert (row["attempts"], row["estimated"]) == (2, False)
    assert (row["input_tokens"], row["output_tokens"]) == BILL
    assert await stage.used() == (1, sum(BILL))
    assert (stage.breaker, stage.failures) == ("closed", failures)
    assert await again(stage) == HELLO


@played(
    ("no [DONE]", True),
    ("open socket", True),
    ("choices [] first", True),
    ("comments", True),
    ("usage on every chunk", True),
    ("usage never", False),
    ("usage of nulls", False),
)
async def test_a_quirk_is_not_seen_and_charged_as_far_as_it_is_told(stage: Stage, play: Play, expected: Any) -> None:
    (told,) = expected
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    (row,) = await stage.rows()
    assert (row["estimated"], row["attempts"]) == (not told, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (BILL if told else (ESTIMATE, BILL[1]))
    assert await stage.used() == (1, row["input_tokens"] + row["output_tokens"])
    assert stage.failures == 0
    assert await again(stage) == HELLO


@played("thinking")
async def test_thinking_is_not_shown_but_paid_for(stage: Stage, play: Play) -> None:
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    assert await tokens(stage) == [(BILL[0], BILL[1] + 3)]


# Nothing came: one sentence, and as if it had not been asked.

CANNOT_BE_REACHED, BUSY, OPERATOR, REFUSED = "cannot be reached", "overloaded", "operator", "refused this request"
QUOTA_CODES = [name for name in PLAYS if name.startswith(("insufficient_", "credit_", "organization_", "project_"))]


@played(
    ("500", CANNOT_BE_REACHED, 3, ("closed", "closed")),
    ("502 html", CANNOT_BE_REACHED, 3, ("closed", "closed")),
    ("hung up", CANNOT_BE_REACHED, 3, ("closed", "closed")),
    ("malformed body", CANNOT_BE_REACHED, 3, ("closed", "closed")),
    ("empty stream", CANNOT_BE_REACHED, 3, ("closed", "closed")),
    ("429 for 30 s", "try again in 30 s", 1, ("closed", "closed")),
    ("429 for 7.5 s", "try again in 8 s", 1, ("closed", "closed")),
    ("429 until a date far away", BUSY, 1, ("closed", "closed")),
    *((code, OPERATOR, 1, ("closed", "open")) for code in QUOTA_CODES),
    ("402", OPERATOR, 1, ("closed", "open")),
    ("401", OPERATOR, 1, ("closed", "closed")),
    ("403", OPERATOR, 1, ("closed", "closed")),
    ("404", OPERATOR, 1, ("open", "closed")),
    ("web page", OPERATOR, 1, ("open", "closed")),
    ("403 moderated", REFUSED, 1, ("closed", "closed")),
    ("400", REFUSED, 1, ("closed", "closed")),
    ("422", REFUSED, 1, ("closed", "closed")),
)
async def test_a_lasting_fault_ends_in_a_sentence_and_costs_nothing(stage: Stage, play: Play, expected: Any) -> None:
    sentence, attempts, breakers = expected
    await stage.server.always(play)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert sentence in seen
    assert len(await stage.server.asked()) == attempts
    assert await stage.rows() == []
    assert await stage.used() == (0, 0)
    assert (stage.breaker, stage.key_breaker) == breakers


@played(
    ("cut at the beginning", CANNOT_BE_REACHED, [(ESTIMATE, 0)] * 3, True),
    ("broken JSON at the beginning", CANNOT_BE_REACHED, [(ESTIMATE, 0)] * 3, True),
    ("refusal", REFUSED, [BILL], False),
    ("filtered at the beginning", REFUSED, [(BILL[0], 0)], False),
)
async def test_a_fault_after_the_beginning_costs_the_person_nothing_and_the_operator_what_it_took(
    stage: Stage, play: Play, expected: Any
) -> None:
    sentence, lost, estimated = expected
    await stage.server.always(play)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert sentence in seen
    assert await tokens(stage) == lost
    assert all(row["failed"] and row["estimated"] is estimated for row in await stage.rows())
    assert await stage.used() == (0, 0)


@played("500", "400", "clean cut at the beginning", "cut at the beginning")
async def test_a_question_without_an_answer_is_not_part_of_the_history(stage: Stage, play: Play) -> None:
    await stage.server.always(play)
    await stage.core.say("ada", "lost")
    assert await again(stage) == []
    assert stage.seen[-1] == TEXT


@played("silence")
async def test_silence_ends_in_a_sentence(storage: Storage, stand: Stand, play: Play) -> None:
    async with staged(storage, stand, Patience(attempts=1)) as stage:
        await stage.server.always(play)
        assert CANNOT_BE_REACHED in await stage.core.say("ada", "hello")
        assert await stage.used() == (0, 0)
        assert stage.failures == 1


@everywhere()
async def test_an_outage_opens_the_breaker_which_then_spares_the_endpoint(stage: Stage) -> None:
    await stage.server.always(PLAYS["500"])
    for _ in range(3):
        assert CANNOT_BE_REACHED in await stage.core.say("ada", "hello")
    assert stage.breaker == "open"
    assert len(await stage.server.asked()) == 5


@everywhere()
async def test_a_purse_that_stays_empty_is_asked_once_and_the_sentence_stays_true(stage: Stage) -> None:
    await stage.server.always(PLAYS["insufficient_quota"])
    for _ in range(3):
        assert OPERATOR in await stage.core.say("ada", "hello")
    assert len(await stage.server.asked()) == 1


# Something came: it is kept, marked, charged and remembered.


@played("clean cut", "cut", "error event", "broken JSON", "silence in between")
async def test_a_broken_answer_is_kept_and_marked(stage: Stage, play: Play) -> None:
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert seen.startswith("one two\n\n⚠️ The answer broke off here.")
    (row,) = await stage.rows()
    assert (row["ending"], row["estimated"], row["attempts"]) == ("interrupted", True, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (ESTIMATE, 2)
    assert row["cost"] == 55  # 14 × 2.50 + 2 × 10.00
    assert await stage.used() == (1, 16)
    assert (stage.breaker, stage.failures) == ("closed", 1)
    assert await again(stage) == [("user", "hello"), ("assistant", "one two")]


@played("filtered")
async def test_a_filtered_answer_is_kept_and_marked(stage: Stage, play: Play) -> None:
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert seen.startswith("one two\n\n⚠️ The provider's content filter")
    (row,) = await stage.rows()
    assert (row["ending"], row["estimated"], row["output_tokens"]) == ("content_filter", False, 2)
    assert stage.failures == 0
    assert await again(stage) == [("user", "hello"), ("assistant", "one two")]


@played("length")
async def test_an_answer_cut_for_length_says_so(stage: Stage, play: Play) -> None:
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert "reached its longest size" in seen
    (row,) = await stage.rows()
    assert (row["ending"], row["output_tokens"]) == ("length", 100)


# Too long, in every dialect: trimmed once, then told.

OVERFLOWS = [name for name in PLAYS if name.startswith("overflow")]


@played(*OVERFLOWS)
async def test_a_prompt_that_is_too_long_is_trimmed_and_asked_again(stage: Stage, play: Play) -> None:
    for _ in range(3):
        await stage.core.say("ada", "word " * 80)
    await stage.server.next(play)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT] * 4
    assert len(await history(stage, -1)) < len(await history(stage, -2))
    assert len(await stage.rows()) == 4
    assert (stage.breaker, stage.failures) == ("closed", 0)


@played(*OVERFLOWS)
async def test_a_prompt_that_stays_too_long_is_told(stage: Stage, play: Play) -> None:
    await stage.server.always(play)
    assert "/new" in await stage.core.say("ada", "hello")
    assert len(await stage.server.asked()) == 2
    assert await stage.used() == (0, 0)


# Odd words, and other people.


@everywhere()
@pytest.mark.parametrize("said", ["<|endoftext|> hello", "a" + " " * 50_000 + "b", "\u202e\ud7ff\x01 hello"])
async def test_odd_words_arrive_as_they_are(stage: Stage, said: str) -> None:
    assert await stage.core.say("ada", said) == TEXT
    assert await history(stage) == [("user", said)]
