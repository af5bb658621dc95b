"""Every fault of the model side, through the whole bot: what the person sees, what is remembered, charged and written
down, and what the breaker makes of it.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.domain.models import Limits
from bot.llm.emulator import Fault, ModelEmulator, Pace, refusals, twists
from bot.llm.policy import Patience
from bot.storage import Storage
from tests.scenarios.pooled import HASTY, Scene, scene, words

TEXT = "one two three four five six"
HELLO = [("user", "hello"), ("assistant", TEXT)]
AGAIN = ("user", "again")


def emulator() -> ModelEmulator:
    return ModelEmulator(answer=lambda _: TEXT, count=words)


@pytest.fixture
async def stage(storage: Storage) -> AsyncIterator[Scene]:
    async with scene(storage, emulator()) as one:
        yield one


def name_of(value: object) -> str | None:
    return value.name if isinstance(value, Fault) else None


async def again(stage: Scene) -> list[tuple[str, str]]:
    """The history that the next request holds, without its question."""
    stage.server.faults.clear()
    await stage.core.say("ada", "again")
    *before, question = stage.history()
    assert question == AGAIN
    return before


# The bot helps itself: the person gets the answer, once and whole.


@pytest.mark.parametrize(
    ("fault", "failures", "begun"),
    [
        (refusals.rate_limited(retry_after_ms="20"), 0, False),
        (refusals.rate_limited(retry_after="0"), 0, False),
        (refusals.rate_limited(retry_after="Sun, 22 Nov 2020 10:00:00 GMT"), 0, False),
        (refusals.status(408), 1, False),
        (refusals.status(500), 1, False),
        (refusals.html(503), 1, False),
        (refusals.empty(), 1, False),
        (twists.cut_clean(after=0), 1, True),
        (twists.cut_tcp(after=0), 1, True),
        (twists.broken_json(after=0), 1, True),
        (twists.stall_headers(), 1, False),
        (twists.stall_first(), 1, False),
    ],
    ids=name_of,
)
async def test_a_passing_fault_is_not_seen(stage: Scene, fault: Fault, failures: int, *, begun: bool) -> None:
    """What had begun to answer is on the operator's bill, as far as it can be told, and not on the person's."""
    stage.server.faults.next(fault)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    *lost, row = await stage.rows()
    assert [(one["input_tokens"], one["cost"], one["estimated"]) for one in lost] == [(14, 35, True)] * begun
    billed = stage.server.requests[-1].usage
    assert (row["attempts"], row["estimated"]) == (2, False)
    assert (row["input_tokens"], row["output_tokens"]) == (billed.prompt, billed.completion)
    assert await stage.used() == (1, billed.prompt + billed.completion)
    assert (stage.breaker, stage.failures) == ("closed", failures)
    assert await again(stage) == HELLO


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (twists.no_done(), True),
        (twists.open_socket(), True),
        (twists.empty_first(), True),
        (twists.comments(), True),
        (twists.usage("every chunk"), True),
        (twists.usage("never"), False),
        (twists.usage("nulls"), False),
    ],
    ids=name_of,
)
async def test_a_quirk_is_not_seen_and_charged_as_far_as_it_is_told(stage: Scene, fault: Fault, *, told: bool) -> None:
    stage.server.faults.next(fault)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    (row,) = await stage.rows()
    billed = stage.server.requests[0].usage
    # Our estimate allows each of the two messages a token more than the emulator counts.
    margin = 0 if told else 2
    assert (row["estimated"], row["attempts"]) == (not told, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (billed.prompt + margin, billed.completion)
    assert await stage.used() == (1, row["input_tokens"] + row["output_tokens"])
    assert stage.failures == 0
    assert await again(stage) == HELLO


async def test_thinking_is_not_shown_but_paid_for(stage: Scene) -> None:
    stage.server.faults.next(twists.reasoning("let me think"))
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT]
    (row,) = await stage.rows()
    assert row["output_tokens"] == stage.server.requests[0].usage.completion == words(TEXT) + 3


# Nothing came: one sentence, and as if it had not been asked.

CANNOT_BE_REACHED, BUSY, OPERATOR, REFUSED = "cannot be reached", "overloaded", "operator", "refused this request"


@pytest.mark.parametrize(
    ("fault", "sentence", "attempts", "breakers"),
    [
        (refusals.status(500), CANNOT_BE_REACHED, 3, ("closed", "closed")),
        (refusals.html(502), CANNOT_BE_REACHED, 3, ("closed", "closed")),
        (refusals.empty(), CANNOT_BE_REACHED, 3, ("closed", "closed")),
        (refusals.rate_limited(retry_after="30"), "try again in 30 s", 1, ("closed", "closed")),
        (refusals.rate_limited(retry_after_ms="7500"), "try again in 8 s", 1, ("closed", "closed")),
        (refusals.rate_limited(retry_after="Sun, 22 Nov 2099 10:00:00 GMT"), BUSY, 1, ("closed", "closed")),
        *((refusals.out_of_credit(code), OPERATOR, 1, ("closed", "open")) for code in refusals.QUOTA_CODES),
        (refusals.status(402), OPERATOR, 1, ("closed", "open")),
        (refusals.status(401), OPERATOR, 1, ("closed", "closed")),
        (refusals.status(403), OPERATOR, 1, ("closed", "closed")),
        (refusals.moderated(), REFUSED, 1, ("closed", "closed")),
        (refusals.status(404), OPERATOR, 1, ("open", "closed")),
        (refusals.not_a_stream(), OPERATOR, 1, ("open", "closed")),
        (refusals.status(400), REFUSED, 1, ("closed", "closed")),
        (refusals.status(422), REFUSED, 1, ("closed", "closed")),
    ],
    ids=name_of,
)
async def test_a_lasting_fault_ends_in_a_sentence_and_costs_nothing(
    stage: Scene, fault: Fault, sentence: str, attempts: int, breakers: tuple[str, str]
) -> None:
    stage.server.faults.when(lambda _: True, fault)
    await stage.core.say("ada", "hello")
    assert len(stage.seen) == 1
    assert sentence in stage.seen[0]
    assert len(stage.server.requests) == attempts
    assert await stage.rows() == []
    assert await stage.used() == (0, 0)
    assert (stage.breaker, stage.key_breaker) == breakers


@pytest.mark.parametrize(
    ("fault", "sentence", "lost"),
    [
        (twists.cut_tcp(after=0), CANNOT_BE_REACHED, [(14, 0, True)] * 3),
        (twists.broken_json(after=0), CANNOT_BE_REACHED, [(14, 0, True)] * 3),
        (twists.refusal(), REFUSED, [(12, 6, False)]),
        (twists.filtered(after=0), REFUSED, [(12, 0, False)]),
    ],
    ids=name_of,
)
async def test_a_fault_after_the_beginning_costs_the_person_nothing_and_the_operator_what_it_took(
    stage: Scene, fault: Fault, sentence: str, lost: list[tuple[int, int, bool]]
) -> None:
    stage.server.faults.when(lambda _: True, fault)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert sentence in seen
    rows = await stage.rows()
    assert [(row["input_tokens"], row["output_tokens"], row["estimated"]) for row in rows] == lost
    assert all(row["failed"] for row in rows)
    assert await stage.used() == (0, 0)


@pytest.mark.parametrize("fault", [refusals.status(500), refusals.status(400), twists.cut_clean(after=0)], ids=name_of)
async def test_a_question_without_an_answer_is_not_part_of_the_history(stage: Scene, fault: Fault) -> None:
    stage.server.faults.when(lambda _: True, fault)
    await stage.core.say("ada", "lost")
    assert await again(stage) == []
    assert stage.seen[-1] == TEXT


async def test_silence_ends_in_a_sentence(storage: Storage) -> None:
    async with scene(storage, emulator(), patience=Patience(attempts=1)) as stage:
        stage.server.faults.when(lambda _: True, twists.stall_headers())
        assert CANNOT_BE_REACHED in await stage.core.say("ada", "hello")
        assert await stage.used() == (0, 0)
        assert stage.failures == 1


async def test_an_outage_opens_the_breaker_which_then_spares_the_endpoint(stage: Scene) -> None:
    stage.server.faults.when(lambda _: True, refusals.status(500))
    for _ in range(3):
        assert CANNOT_BE_REACHED in await stage.core.say("ada", "hello")
    assert stage.breaker == "open"
    assert len(stage.server.requests) == 5


async def test_a_purse_that_stays_empty_is_asked_once_and_the_sentence_stays_true(stage: Scene) -> None:
    stage.server.faults.when(lambda _: True, refusals.out_of_credit())
    for _ in range(3):
        assert OPERATOR in await stage.core.say("ada", "hello")
    assert len(stage.server.requests) == 1


# Something came: it is kept, marked, charged and remembered.


@pytest.mark.parametrize(
    "fault",
    [twists.cut_clean(2), twists.cut_tcp(2), twists.error_frame(2), twists.broken_json(2), twists.stall(2)],
    ids=name_of,
)
async def test_a_broken_answer_is_kept_and_marked(stage: Scene, fault: Fault) -> None:
    stage.server.faults.next(fault)
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert seen.startswith("one two\n\n⚠️ The answer broke off here.")
    (row,) = await stage.rows()
    billed = stage.server.requests[0].usage
    assert (row["ending"], row["estimated"], row["attempts"]) == ("interrupted", True, 1)
    assert (row["input_tokens"], row["output_tokens"]) == (billed.prompt + 2, billed.completion) == (14, 2)
    assert row["cost"] == 55  # 14 × 2.50 + 2 × 10.00
    assert await stage.used() == (1, 16)
    assert (stage.breaker, stage.failures) == ("closed", 1)
    assert await again(stage) == [("user", "hello"), ("assistant", "one two")]


async def test_a_filtered_answer_is_kept_and_marked(stage: Scene) -> None:
    stage.server.faults.next(twists.filtered(after=2))
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert seen.startswith("one two\n\n⚠️ The provider's content filter")
    (row,) = await stage.rows()
    assert (row["ending"], row["estimated"], row["output_tokens"]) == ("content_filter", False, 2)
    assert stage.failures == 0
    assert await again(stage) == [("user", "hello"), ("assistant", "one two")]


async def test_an_answer_cut_for_length_says_so(stage: Scene) -> None:
    stage.server.answer = lambda _: "word " * 500
    await stage.core.say("ada", "hello")
    (seen,) = stage.seen
    assert "reached its longest size" in seen
    (row,) = await stage.rows()
    assert (row["ending"], row["output_tokens"]) == ("length", 100)


# Too long, in every dialect: trimmed once, then told.

OVERFLOWS = [
    refusals.overflow_openai(400),
    refusals.overflow_vllm(400),
    refusals.overflow_llama_cpp(400),
    refusals.overflow_litellm(400),
]


@pytest.mark.parametrize("fault", OVERFLOWS, ids=name_of)
async def test_a_prompt_that_is_too_long_is_trimmed_and_asked_again(stage: Scene, fault: Fault) -> None:
    for _ in range(3):
        await stage.core.say("ada", "word " * 80)
    stage.server.faults.next(fault)
    await stage.core.say("ada", "hello")
    assert stage.seen == [TEXT] * 4
    assert len(stage.history(-1)) < len(stage.history(-2))
    assert len(await stage.rows()) == 4
    assert (stage.breaker, stage.failures) == ("closed", 0)


@pytest.mark.parametrize("fault", OVERFLOWS, ids=name_of)
async def test_a_prompt_that_stays_too_long_is_told(stage: Scene, fault: Fault) -> None:
    stage.server.faults.when(lambda _: True, fault)
    assert "/new" in await stage.core.say("ada", "hello")
    assert len(stage.server.requests) == 2
    assert await stage.used() == (0, 0)


# Leaving, waiting, and odd words.


async def test_stop_leaves_no_connection_and_no_mark_on_the_breaker(stage: Scene) -> None:
    stage.server.pace = Pace(words_per_second=20)
    await stage.core.hear("ada", "talk")
    (lease,) = await stage.core.inbox.claim(1)
    stage.core.dispatcher.start(lease)
    await stage.core.platform.shown("one two")
    await stage.core.hear("ada", "/stop")
    await stage.core.work()
    await stage.server.until(lambda: stage.server.requests[0].cancelled)
    (row,) = await stage.rows()
    assert row["ending"] == "stopped"
    assert row["output_tokens"] >= 2
    assert stage.failures == 0
    assert any(text.startswith("one two") and "⏹ Stopped." in text for text in stage.seen)


async def test_stop_before_the_first_word_is_charged_with_the_question(stage: Scene) -> None:
    stage.server.pace = Pace(first_token=30)
    await stage.core.hear("ada", "hello")
    (lease,) = await stage.core.inbox.claim(1)
    stage.core.dispatcher.start(lease)
    await stage.server.until(lambda: stage.server.requests)
    await stage.core.hear("ada", "/stop")
    await stage.core.work()
    (row,) = await stage.rows()
    assert (row["ending"], row["input_tokens"], row["output_tokens"], row["estimated"]) == ("stopped", 14, 0, True)
    assert await stage.used() == (1, 14)


async def test_stop_in_line_costs_no_token(storage: Storage) -> None:
    async with scene(storage, emulator(), limits=Limits(concurrent=1)) as stage:
        stage.server.pace = Pace(first_token=30)
        await stage.core.hear("ada", "hello")
        (first,) = await stage.core.inbox.claim(1)
        stage.core.dispatcher.start(first)
        await stage.server.until(lambda: stage.server.requests)
        await stage.core.hear("ben", "hello")
        (second,) = await stage.core.inbox.claim(1)
        stage.core.dispatcher.start(second)
        await asyncio.sleep(0.05)
        for user in ("ben", "ada"):
            await stage.core.hear(user, "/stop")
        await stage.core.work()
        assert len(stage.server.requests) == 1
        assert (await stage.used("ben"))[1] == 0


async def test_whoever_waits_too_long_for_room_is_told_and_pays_nothing(storage: Storage) -> None:
    impatient = Patience(queue=0.2, backoff=0)
    async with scene(storage, emulator(), limits=Limits(concurrent=1), patience=impatient) as stage:
        stage.server.pace = Pace(words_per_second=8)
        await stage.core.hear("ada", "hello")
        await stage.core.hear("ben", "hello")
        await stage.core.work()
        assert sorted(text == TEXT for text in stage.seen) == [False, True]
        assert any(BUSY in text for text in stage.seen)
        assert len(stage.server.requests) == 1
        assert min(await stage.used("ada"), await stage.used("ben")) == (0, 0)


async def test_whoever_waits_for_room_sees_how_long(storage: Storage) -> None:
    async with scene(storage, emulator(), limits=Limits(concurrent=1)) as stage:
        stage.server.pace = Pace(words_per_second=20)
        await stage.core.hear("ada", "hello")
        await stage.core.hear("ben", "hello")
        await stage.core.work()
        assert stage.seen == [TEXT, TEXT]
        shown = [text for reply in stage.core.platform.replies for text in reply.shown]
        assert any(text.startswith("⏳ Queued, about") for text in shown)


@pytest.mark.parametrize("said", ["<|endoftext|> hello", "a" + " " * 1_000_000 + "b", "\u202e\ud7ff\x01 hello"])
async def test_odd_words_arrive_as_they_are(stage: Scene, said: str) -> None:
    assert await stage.core.say("ada", said) == TEXT
    assert stage.history() == [("user", said)]


async def test_faults_of_one_person_s_turn_are_nobody_else_s(stage: Scene) -> None:
    stage.server.faults.when(lambda request: request.said == "bad", refusals.status(400))
    for user, said in (("ada", "bad"), ("ben", "hello")):
        await stage.core.hear(user, said)
    await stage.core.work()
    assert ("ben", TEXT) in stage.core.platform.sent
    assert await stage.used("ben") != (0, 0)
    assert await stage.used("ada") == (0, 0)


async def test_a_slow_server_s_late_answer_is_waited_for(storage: Storage) -> None:
    async with scene(storage, emulator(), patience=HASTY) as stage:
        stage.server.pace = Pace(first_token=0.25)
        async with asyncio.timeout(5):
            assert await stage.core.say("ada", "hello") == TEXT
