"""Every way to an answer, over real sockets: which is tried, which is passed over, and what is told of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from zlib import crc32

import pytest

from bot.clock import SystemClock
from bot.domain.completions import Prompt, PromptMessage
from bot.domain.models import Catalog, Chain, Endpoint, Key, Limits, ModelCard, Parameters
from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    OwnKeyRefused,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.llm import limits_of
from bot.llm.attempts import PooledCompletion
from bot.llm.client import OpenAIModel
from bot.llm.completion import StreamedCompletion, Timeouts
from bot.llm.emulator import Card, Fault, ModelEmulator, Pace, refusals, twists
from bot.llm.emulator import Limits as ServerLimits
from bot.llm.policy import Patience
from bot.llm.pool import Pool
from bot.llm.shaping import MemoryBuckets, Shaper
from bot.ports import Clock
from tests.fakes import FakeClock

TEXT = "one two three four five six"
TIMES = Timeouts(connect=1, first=0.6, between=0.5, total=5, farewell=0.1)
HASTY = Patience(backoff=0.0)
"""Repeats at once: tests of the order of attempts need no waits."""


@dataclass(kw_only=True)
class Stage:
    """A pool before one emulator per endpoint. Endpoint number n is called `n`, its keys `k1`, `k2`."""

    pool: Pool
    servers: Sequence[ModelEmulator]
    catalog: Catalog
    keys: list[str]
    """Whose key each attempt was made with."""
    waits: list[tuple[int, float]] = field(default_factory=list)

    def prompt(self, *, key: str = "", tokens: int = 10, room: int = 100, said: str = "hello") -> Prompt:
        message = PromptMessage(role="user", text=said)
        return Prompt(chain=self.catalog.default, messages=(message,), tokens=tokens, answer_room=room, key=key)

    def ask(self, prompt: Prompt | None = None) -> PooledCompletion:
        return self.pool.complete(prompt or self.prompt(), lambda *wait: self.waits.append(wait))

    async def answer(self, prompt: Prompt | None = None) -> str:
        return await read(self.ask(prompt))

    async def failure(self, prompt: Prompt | None = None) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await self.answer(prompt)
        return caught.value

    def state(self, card: ModelCard) -> str:
        return self.pool.gates.model(card).breaker.state

    @property
    def first(self) -> ModelCard:
        return self.catalog.default.first

    @property
    def requests(self) -> list[int]:
        """How many each server got."""
        return [len(server.requests) for server in self.servers]


class NotedModel(OpenAIModel):
    """Notes the key of every attempt."""

    @classmethod
    def noted(cls, endpoint: Endpoint, key: Key, clock: Clock, used: list[str]) -> "NotedModel":
        client = cls.connect(endpoint.base_url, key.secret, clock, TIMES)
        client._note = lambda: used.append(key.name)
        return client

    def complete(self, prompt: Prompt) -> StreamedCompletion:
        self._note()
        return super().complete(prompt)

    _note: Callable[[], None]


async def read(completion: PooledCompletion) -> str:
    return "".join([piece async for piece in completion])


def model(endpoint: str = "1", name: str = "scripted-1", window: int = 128_000) -> ModelCard:
    return ModelCard(endpoint=endpoint, name=name, known_as=name, window=window)


@asynccontextmanager
async def staged(
    *servers: ModelEmulator,
    cards: Sequence[ModelCard] = (),
    keys: int = 1,
    clock: Clock | None = None,
    patience: Patience = HASTY,
    limits: Limits | None = None,
    chance: Callable[[], float] = lambda: 0.5,
) -> AsyncIterator[Stage]:
    """One model behind each server, unless `cards` says which; they are one chain."""
    clock = clock or SystemClock()
    used: list[str] = []
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server)
        names = [str(number) for number in range(1, 1 + len(servers))]
        catalog = catalog_of(dict(zip(names, servers, strict=True)), cards or [model(name) for name in names], keys)
        if limits is not None:
            limited = {name: replace(one, limits=limits) for name, one in catalog.endpoints.items()}
            catalog = replace(catalog, endpoints=limited)
        shaper = Shaper(MemoryBuckets(clock), clock, lambda route: limits_of(catalog, route))
        pool = Pool(
            catalog,
            connect=lambda endpoint, key: NotedModel.noted(endpoint, key, clock, used),
            shaper=await stack.enter_async_context(shaper),
            clock=clock,
            chance=chance,
            patience=patience,
        )
        stack.push_async_callback(pool.close)
        yield Stage(pool=pool, servers=servers, catalog=catalog, keys=used)


def catalog_of(servers: dict[str, ModelEmulator], cards: Sequence[ModelCard], keys: int) -> Catalog:
    secrets = tuple(Key(name=f"k{number}", secret=f"secret-{number}") for number in range(1, 1 + keys))
    return Catalog(
        endpoints={name: Endpoint(name=name, base_url=one.url, keys=secrets) for name, one in servers.items()},
        models={card.ref: card for card in cards},
        chains={"default": Chain(name="default", cards=tuple(cards))},
    )


def server(*names: str, refuses: frozenset[str] = frozenset()) -> ModelEmulator:
    cards = tuple(Card(name=name, refuses=refuses) for name in names or ("scripted-1",))
    return ModelEmulator(models=cards, answer=lambda _: TEXT)


def conversation(number: int) -> str:
    """The key of a conversation that begins with key `number` (from 0) of two."""
    return next(key for key in map(str, range(100)) if crc32(key.encode()) % 2 == number)


@pytest.fixture
async def two() -> AsyncIterator[Stage]:
    async with staged(server(), server()) as stage:
        yield stage


# Falling back.

PASSED_OVER = [
    (refusals.status(500), 3),
    (refusals.status(408), 3),
    (refusals.html(503), 3),
    (refusals.status(503), 3),
    (refusals.rate_limited(retry_after_ms="10"), 3),
    (refusals.rate_limited(retry_after="60"), 1),
    (refusals.out_of_credit(), 1),
    (refusals.status(402), 1),
    (refusals.status(401), 1),
    (refusals.status(403), 1),
    (refusals.status(404), 1),
    (refusals.not_a_stream(), 1),
    (refusals.empty(), 3),
    (twists.cut_clean(after=0), 3),
    (twists.cut_tcp(after=0), 3),
    (twists.broken_json(after=0), 3),
    (twists.error_frame(after=0), 3),
]
KEPT = [
    (refusals.status(400), CompletionRefused),
    (refusals.status(422), CompletionRefused),
    (refusals.overflow_openai(), ContextOverflow),
    (twists.refusal(), CompletionRefused),
    (twists.filtered(after=0), CompletionRefused),
]


def name_of(value: object) -> str | None:
    return value.name if isinstance(value, Fault) else None


@pytest.mark.parametrize(("fault", "attempts"), PASSED_OVER, ids=name_of)
async def test_an_endpoint_that_fails_is_passed_over(two: Stage, fault: Fault, attempts: int) -> None:
    two.servers[0].faults.when(lambda _: True, fault)
    completion = two.ask()
    assert await read(completion) == TEXT
    assert two.requests == [attempts, 1]
    assert completion.call is not None
    assert (completion.call.card.endpoint, completion.call.attempts) == ("2", attempts + 1)


@pytest.mark.parametrize("fault", [twists.stall_headers(), twists.stall_first()], ids=name_of)
async def test_an_endpoint_that_says_nothing_is_passed_over(two: Stage, fault: Fault) -> None:
    two.servers[0].faults.when(lambda _: True, fault)
    two.pool.patience = replace(HASTY, attempts=1)
    assert await two.answer() == TEXT


@pytest.mark.parametrize(("fault", "kind"), KEPT, ids=name_of)
async def test_what_would_fail_anywhere_is_asked_nowhere_else(two: Stage, fault: Fault, kind: type[ModelError]) -> None:
    two.servers[0].faults.next(fault)
    assert type(await two.failure()) is kind
    assert two.requests == [1, 0]


async def test_an_endpoint_that_is_not_there_is_passed_over(two: Stage) -> None:
    await two.servers[0]._runner.cleanup()
    assert await two.answer() == TEXT


async def test_the_next_key_is_asked_before_the_next_endpoint() -> None:
    async with staged(server(), server(), keys=2) as stage:
        stage.servers[0].key = "secret-2"
        completion = stage.ask(stage.prompt(key=conversation(0)))
        assert await read(completion) == TEXT
    assert stage.requests == [1, 0]
    assert completion.call is not None
    assert completion.call.attempts == 2


async def test_a_key_without_credit_does_not_shut_the_model_s_other_keys() -> None:
    async with staged(server(), keys=2) as stage:
        stage.servers[0].faults.next(refusals.out_of_credit())
        assert await stage.answer() == TEXT
        assert await stage.answer() == TEXT
    assert stage.requests == [3]


async def test_the_next_model_of_the_chain_is_asked_in_its_turn() -> None:
    async with staged(server("big", "small"), cards=(model(name="big"), model(name="small"))) as stage:
        stage.servers[0].faults.when(lambda request: request.model == "big", refusals.status(500))
        completion = stage.ask()
        assert await read(completion) == TEXT
    assert completion.model == "small"
    assert [exchange.request.model for exchange in stage.servers[0].requests] == ["big"] * 3 + ["small"]


async def test_when_everything_fails_the_last_failure_is_told(two: Stage) -> None:
    two.servers[0].faults.when(lambda _: True, refusals.status(401))
    two.servers[1].faults.when(lambda _: True, refusals.rate_limited(retry_after="77"))
    error = await two.failure()
    assert isinstance(error, UpstreamBusy)
    assert error.retry_after == 77


@pytest.mark.parametrize("fault", [refusals.status(401), refusals.out_of_credit(), refusals.status(404)], ids=name_of)
async def test_an_admin_is_told_what_only_people_can_mend(
    two: Stage, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    two.servers[0].faults.next(fault)
    await two.answer()
    assert caplog.text.count("upstream_needs_an_admin") == 1


async def test_an_outage_is_no_business_of_an_admin_s(two: Stage, caplog: pytest.LogCaptureFixture) -> None:
    two.servers[0].faults.next(refusals.status(500))
    await two.answer()
    assert "upstream_needs_an_admin" not in caplog.text


async def test_no_key_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with staged(server(), server(), keys=2) as stage:
        stage.servers[0].key = "another"
        await stage.answer()
    assert "secret" not in caplog.text


# After the first piece.


@pytest.mark.parametrize(
    "fault", [twists.cut_clean(2), twists.cut_tcp(2), twists.error_frame(2), twists.broken_json(2)], ids=name_of
)
async def test_nothing_repeats_after_the_first_piece(two: Stage, fault: Fault) -> None:
    two.servers[0].faults.next(fault)
    completion = two.ask()
    pieces = aiter(completion)
    assert [await anext(pieces), await anext(pieces)] == ["one", " two"]
    with pytest.raises(StreamInterrupted):
        await anext(pieces)
    assert two.requests == [1, 0]
    assert completion.call is not None


async def test_a_stream_that_breaks_counts_against_its_endpoint(two: Stage) -> None:
    two.servers[0].faults.when(lambda _: True, twists.cut_clean(2))
    for _ in range(5):
        with pytest.raises(StreamInterrupted):
            await two.answer()
    assert two.state(two.first) == "open"
    assert await two.answer() == TEXT


# One deadline, bounded attempts, waits between them.


async def test_a_single_endpoint_is_tried_three_times() -> None:
    async with staged(server()) as stage:
        stage.servers[0].faults.when(lambda _: True, refusals.status(500))
        assert type(await stage.failure()) is UpstreamDown
    assert stage.requests == [3]


async def test_an_endpoint_that_recovers_is_not_left() -> None:
    async with staged(server(), server()) as stage:
        stage.servers[0].faults.next(refusals.status(502), twists.cut_tcp(after=0))
        completion = stage.ask()
        assert await read(completion) == TEXT
    assert stage.requests == [3, 0]
    assert completion.call is not None
    assert completion.call.attempts == 3


async def test_waits_between_attempts_are_those_of_the_policy() -> None:
    clock = FakeClock()
    async with staged(server(), clock=clock, patience=Patience(backoff=0.5), chance=lambda: 0.5) as stage:
        stage.servers[0].faults.next(refusals.status(500), refusals.status(500))
        await stage.answer()
    assert clock.slept == [0.25, 0.5]


async def test_a_short_retry_after_is_waited_for() -> None:
    clock = FakeClock()
    async with staged(server(), clock=clock, chance=lambda: 0.0) as stage:
        stage.servers[0].faults.next(refusals.rate_limited(retry_after="4"))
        assert await stage.answer() == TEXT
    assert clock.slept == [4.0]


async def test_one_deadline_holds_for_everything_together() -> None:
    patience = Patience(deadline=0.5, backoff=0.0, attempts=100)
    async with staged(server(), server(), server(), patience=patience) as stage:
        for one in stage.servers:
            one.faults.when(lambda _: True, twists.stall_headers())
        async with asyncio.timeout(20):
            assert type(await stage.failure()) is UpstreamDown


async def test_time_that_another_attempt_would_not_have_is_left_to_the_next_endpoint(two: Stage) -> None:
    two.pool.patience = Patience(deadline=1.15, backoff=0.0)
    two.servers[0].faults.when(lambda _: True, twists.stall_headers())
    assert await two.answer() == TEXT
    assert two.requests == [1, 1]


async def test_a_long_answer_outlives_the_deadline() -> None:
    async with staged(server(), patience=Patience(deadline=0.5)) as stage:
        stage.servers[0].pace = Pace(words_per_second=6)
        assert await stage.answer() == TEXT


# Breakers.


async def test_a_resting_endpoint_is_skipped_and_tried_once_after_its_rest() -> None:
    clock = FakeClock()
    async with staged(server(), server(), clock=clock) as stage:
        failing, _ = stage.servers
        failing.faults.when(lambda _: True, refusals.status(500))
        await stage.answer()
        await stage.answer()
        assert stage.state(stage.first) == "open"
        seen = len(failing.requests)
        await stage.answer()
        assert len(failing.requests) == seen
        clock.pass_(seconds=16)
        failing.faults.clear()
        failing.pace = Pace(first_token=0.05)
        answers = await asyncio.gather(*(stage.answer() for _ in range(5)))
        assert answers == [TEXT] * 5
        assert len(failing.requests) == seen + 1
        assert stage.state(stage.first) == "closed"


async def test_a_failed_trial_is_the_only_one_until_the_next_rest_is_over() -> None:
    clock = FakeClock()
    async with staged(server(), server(), clock=clock) as stage:
        stage.servers[0].faults.when(lambda _: True, refusals.status(500))
        await stage.answer()
        await stage.answer()
        clock.pass_(seconds=16)
        seen = len(stage.servers[0].requests)
        await stage.answer()
        await stage.answer()
        assert len(stage.servers[0].requests) == seen + 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(refusals.out_of_credit(), UpstreamMisconfigured), (refusals.status(404), UpstreamMisconfigured)],
    ids=name_of,
)
async def test_whoever_comes_while_it_rests_is_told_why(fault: Fault, kind: type[ModelError]) -> None:
    async with staged(server(), patience=replace(HASTY, attempts=1)) as stage:
        stage.servers[0].faults.next(fault)
        first, second = await stage.failure(), await stage.failure()
    assert type(first) is type(second) is kind
    assert str(first) == str(second)
    assert stage.requests == [1]


async def test_a_rest_hides_no_fresher_failure(two: Stage) -> None:
    two.servers[1].faults.next(refusals.status(404))
    two.servers[0].faults.when(lambda _: True, refusals.rate_limited(retry_after="33"))
    assert type(await two.failure()) is UpstreamMisconfigured
    shaper = Shaper(MemoryBuckets(SystemClock()), SystemClock(), lambda route: limits_of(two.catalog, route))
    two.pool.means = replace(two.pool.means, shaper=shaper)
    assert type(await two.failure()) is UpstreamBusy


async def test_leaving_early_never_counts_against_an_endpoint() -> None:
    async with staged(server()) as stage:
        stage.servers[0].pace = Pace(words_per_second=50)
        for _ in range(8):
            completion = stage.ask()
            await anext(aiter(completion))
            await completion.aclose()
        assert stage.state(stage.first) == "closed"


async def test_a_cancelled_wait_for_the_first_piece_never_counts() -> None:
    async with staged(server()) as stage:
        stage.servers[0].faults.when(lambda _: True, twists.stall_headers())
        for _ in range(8):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await stage.answer()
        assert stage.state(stage.first) == "closed"


async def test_a_cancelled_trial_leaves_the_next_one_its_chance() -> None:
    clock = FakeClock()
    async with staged(server(), clock=clock) as stage:
        (failing,) = stage.servers
        failing.faults.when(lambda _: True, refusals.status(500))
        await stage.failure()
        await stage.failure()
        clock.pass_(seconds=16)
        failing.faults.clear()
        failing.pace = Pace(words_per_second=50)
        completion = stage.ask()
        await anext(aiter(completion))
        await completion.aclose()
        assert await stage.answer() == TEXT


# Limits.


async def test_what_headers_say_is_believed_and_no_limit_is_run_into() -> None:
    emulator = ModelEmulator(limits=ServerLimits(requests=1200), answer=lambda _: TEXT)
    async with staged(emulator, limits=Limits(rpm=1200)) as stage:
        emulator._gate._requests.level = 10  # somebody else used the key
        await stage.answer()
        answers = await asyncio.gather(*(stage.answer() for _ in range(25)))
    assert answers == [TEXT] * 25
    assert [exchange.status for exchange in emulator.requests] == [200] * 26


async def test_tokens_are_kept_within_their_limit_too() -> None:
    emulator = ModelEmulator(limits=ServerLimits(tokens=600_000), answer=lambda _: TEXT)
    async with staged(emulator, limits=Limits(tpm=600_000)) as stage:
        emulator._gate._tokens.level = 10_000
        prompt = stage.prompt(said="word " * 800, tokens=1006)
        await stage.answer(prompt)
        answers = await asyncio.gather(*(stage.answer(prompt) for _ in range(14)))
    assert answers == [TEXT] * 14
    assert [exchange.status for exchange in emulator.requests] == [200] * 15


async def test_whoever_waits_for_room_hears_how_long() -> None:
    async with staged(server(), limits=Limits(concurrent=1)) as stage:
        stage.servers[0].pace = Pace(words_per_second=25)
        completion = stage.ask()
        answers = await asyncio.gather(stage.answer(), read(completion))
    assert set(answers) == {TEXT}
    assert [position for position, _ in stage.waits] == [1]
    assert stage.waits[0][1] >= 1
    assert completion.call is not None
    assert completion.call.waited > 0.1


async def test_past_the_deadline_of_the_line_nothing_is_sent_and_nobody_queues_again() -> None:
    async with staged(server(), limits=Limits(concurrent=1), patience=Patience(queue=0.15)) as stage:
        stage.servers[0].pace = Pace(words_per_second=6)
        first = asyncio.create_task(stage.answer())
        await stage.servers[0].until(lambda: stage.servers[0].requests)
        error = await stage.failure()
        assert isinstance(error, UpstreamBusy)
        assert error.retry_after is not None
        assert await first == TEXT
    assert stage.requests == [1]


async def test_room_that_comes_too_late_is_not_waited_for() -> None:
    async with staged(server(), limits=Limits(rpm=1)) as stage:
        stage.pool.patience = Patience(queue=30)
        await stage.answer()
        async with asyncio.timeout(20):
            assert type(await stage.failure()) is UpstreamBusy
    assert stage.requests == [1]


async def test_a_key_without_room_is_passed_over_for_one_that_has() -> None:
    async with staged(server(), keys=2, limits=Limits(rpm=1)) as stage:
        async with asyncio.timeout(20):
            assert [await stage.answer(), await stage.answer()] == [TEXT, TEXT]
    assert stage.keys == ["k1", "k2"]


async def test_a_limit_that_the_server_imposes_closes_that_key_alone() -> None:
    async with staged(server(), keys=2) as stage:
        stage.servers[0].faults.next(refusals.rate_limited(retry_after="60"))
        async with asyncio.timeout(20):
            assert [await stage.answer() for _ in range(3)] == [TEXT] * 3
    assert stage.requests == [4]


async def test_what_was_reserved_beyond_use_is_given_back() -> None:
    async with staged(server(), limits=Limits(tpm=10_000)) as stage:
        prompt = stage.prompt(room=4000)
        async with asyncio.timeout(20):
            assert [await stage.answer(prompt) for _ in range(8)] == [TEXT] * 8


# Leaving, sizes, keys and facts.


async def test_leaving_early_frees_slot_and_connection() -> None:
    async with staged(server(), limits=Limits(concurrent=1)) as stage:
        (emulator,) = stage.servers
        emulator.pace = Pace(words_per_second=20)
        completion = stage.ask()
        assert await anext(aiter(completion)) == "one"
        await completion.aclose()
        await emulator.until(lambda: emulator.requests[0].cancelled)
        async with asyncio.timeout(20):
            emulator.pace = Pace()
            assert await stage.answer() == TEXT


async def test_nothing_is_sent_before_the_first_piece_is_asked_for(two: Stage) -> None:
    await two.ask().aclose()
    assert two.requests == [0, 0]


async def test_a_prompt_that_is_too_large_for_a_model_passes_it_over() -> None:
    cards = (model(name="small", window=1000), model(name="large"))
    async with staged(server("small", "large"), cards=cards) as stage:
        completion = stage.ask(stage.prompt(tokens=990))
        await read(completion)
        assert completion.model == "large"
        assert stage.requests == [1]


async def test_an_answer_has_as_much_room_as_the_model_s_window_leaves() -> None:
    emulator = ModelEmulator(models=(Card(name="small", window=1000),), answer=lambda _: "word " * 5000)
    async with staged(emulator, cards=(model(name="small", window=1000),)) as stage:
        completion = stage.ask(stage.prompt(tokens=800, room=600))
        await read(completion)
    assert emulator.requests[0].request.body["max_completion_tokens"] == 200
    assert completion.finish_reason == "length"


async def test_a_prompt_that_fits_nowhere_is_left_to_the_server_to_refuse() -> None:
    emulator = ModelEmulator(models=(Card(name="small", window=1000),))
    async with staged(emulator, cards=(model(name="small", window=1000),)) as stage:
        error = await stage.failure(stage.prompt(said="word " * 5000, tokens=5000))
    assert isinstance(error, ContextOverflow)
    assert error.window == 1000


async def test_a_conversation_keeps_to_its_key() -> None:
    async with staged(server(), keys=2) as stage:
        for number in (0, 1, 0, 1, 0):
            await stage.answer(stage.prompt(key=conversation(number)))
    assert stage.keys == ["k1", "k2", "k1", "k2", "k1"]


async def test_the_facts_of_a_call_are_those_of_the_attempt_that_spoke(two: Stage) -> None:
    two.servers[0].faults.next(refusals.status(401))
    two.servers[1].pace = Pace(words_per_second=40, first_token=0.1)
    completion = two.ask()
    assert await read(completion) == TEXT
    call, usage = completion.call, completion.usage
    assert call is not None
    assert usage is not None
    assert (call.card.ref, call.attempts) == ("2/scripted-1", 2)
    assert call.waited < 0.05
    assert 0.1 <= call.first_piece < call.lasted < 2
    billed = two.servers[1].requests[0].usage
    assert (usage.input, usage.output) == (billed.prompt, billed.completion)
    assert (completion.finish_reason, completion.model, completion.service_tier) == ("stop", "scripted-1", "default")


async def test_a_broken_answer_has_its_facts_and_no_usage(two: Stage) -> None:
    two.servers[0].faults.next(twists.cut_clean(2))
    completion = two.ask()
    with pytest.raises(StreamInterrupted):
        await read(completion)
    assert completion.usage is None
    assert completion.call is not None
    assert completion.call.card.ref == "1/scripted-1"


async def test_an_attempt_that_had_begun_is_remembered_with_what_it_took(two: Stage) -> None:
    two.servers[0].faults.when(lambda _: True, twists.cut_clean(after=0))
    completion = two.ask()
    assert await read(completion) == TEXT
    assert [(one.card.ref, one.usage.input, one.usage.output, one.reason) for one in completion.lost] == [
        ("1/scripted-1", 10, 0, "UpstreamDown")
    ] * 3
    assert all(one.usage.estimated and one.answered == "scripted-1" for one in completion.lost)


async def test_thinking_that_led_to_nothing_is_counted(two: Stage) -> None:
    thinking = twists.reasoning("well, let me think about that for a while ")
    two.servers[0].faults.when(
        lambda _: True, replace(twists.cut_clean(after=9), redraft=thinking.redraft, name="thinking, then a cut")
    )
    completion = two.ask()
    assert await read(completion) == TEXT
    assert [one.usage.output for one in completion.lost] == [10] * 3  # 42 characters, four to a token


async def test_the_bill_of_a_refusal_is_read_to_its_end(two: Stage) -> None:
    two.servers[0].faults.next(twists.refusal())
    completion = two.ask()
    with pytest.raises(CompletionRefused):
        await read(completion)
    (lost,) = completion.lost
    billed = two.servers[0].requests[0].usage
    assert (lost.usage.input, lost.usage.output, lost.usage.estimated) == (billed.prompt, billed.completion, False)


async def test_what_was_refused_before_it_began_took_nothing(two: Stage) -> None:
    two.servers[0].faults.when(lambda _: True, refusals.status(500))
    completion = two.ask()
    assert await read(completion) == TEXT
    assert completion.lost == []


async def test_a_failed_turn_has_no_call(two: Stage) -> None:
    two.servers[0].faults.next(refusals.status(400))
    completion = two.ask()
    with pytest.raises(CompletionRefused):
        await read(completion)
    assert completion.call is None


# What the card says reaches the request.


async def test_a_card_s_words_and_parameters_reach_the_request() -> None:
    card = replace(
        model(),
        max_tokens_field="max_tokens",
        max_output=50,
        unsupported=frozenset({"stream_options", "top_p"}),
        parameters=Parameters(temperature=0.3, top_p=0.9, reasoning_effort="low"),
    )
    async with staged(server(), cards=(card,)) as stage:
        await stage.answer()
    body = stage.servers[0].requests[0].request.body
    assert (body["max_tokens"], body["temperature"], body["reasoning_effort"]) == (50, 0.3, "low")
    assert not {"max_completion_tokens", "stream_options", "top_p"} & set(body)


async def test_each_model_of_a_chain_is_asked_in_its_own_words() -> None:
    modern = replace(model(name="modern"), parameters=Parameters(verbosity="low"))
    old = replace(model(name="old"), max_tokens_field="max_tokens")
    async with staged(server("modern", "old"), cards=(modern, old)) as stage:
        stage.servers[0].faults.next(refusals.status(401))
        await stage.answer()
        first, second = (exchange.request.body for exchange in stage.servers[0].requests)
    assert (first["model"], first["verbosity"], "max_tokens" in first) == ("modern", "low", False)
    assert (second["model"], "verbosity" in second, "max_tokens" in second) == ("old", False, True)


async def test_a_refused_parameter_is_dropped_once_and_remembered() -> None:
    card = replace(model(), parameters=Parameters(temperature=0.3))
    async with staged(server(refuses=frozenset({"temperature"})), cards=(card,)) as stage:
        completion = stage.ask()
        assert await read(completion) == TEXT
        assert await stage.answer() == TEXT
    assert [exchange.status for exchange in stage.servers[0].requests] == [400, 200, 200]
    assert completion.call is not None
    assert completion.call.attempts == 1


async def test_a_parameter_that_is_refused_to_many_at_once_fails_none_of_them() -> None:
    card = replace(model(), parameters=Parameters(temperature=0.3))
    async with staged(server(refuses=frozenset({"temperature"})), cards=(card,)) as stage:
        assert await asyncio.gather(*(stage.answer() for _ in range(5))) == [TEXT] * 5


async def test_a_person_s_own_key_is_asked_with_and_no_other() -> None:
    async with staged(server(), keys=2) as stage:
        key = Key.own("secret-of-hers")
        assert await stage.answer(replace(stage.prompt(), own={"1": key})) == TEXT
        assert stage.keys == [key.name]


async def test_what_is_wrong_with_an_own_key_is_told_its_owner_and_shuts_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mine = server()
    mine.key = "secret-1"
    async with staged(mine) as stage:
        prompt = replace(stage.prompt(), own={"1": Key.own("sk-expired")})
        for _ in range(10):
            assert isinstance(await stage.failure(prompt), OwnKeyRefused)
        assert stage.pool.gates.troubles() == []
        assert stage.state(stage.first) == "closed"
        assert set(stage.keys) == {Key.own("sk-expired").name}, "the operator's key is not tried instead"
        assert await stage.answer() == TEXT
    assert "upstream_needs_an_admin" not in caplog.text
    assert "sk-expired" not in caplog.text


async def test_a_model_that_an_own_key_may_not_use_stays_open_to_everybody_else() -> None:
    async with staged(server()) as stage:
        stage.servers[0].faults.next(refusals.status(404))
        assert isinstance(await stage.failure(replace(stage.prompt(), own={"1": Key.own("k")})), OwnKeyRefused)
        assert await stage.answer() == TEXT
