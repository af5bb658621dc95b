from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.clock import SystemClock
from bot.domain.completions import Prompt, PromptMessage
from bot.domain.models import CacheMark
from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.llm.client import OpenAIModel
from bot.llm.completion import StreamedCompletion, Timeouts
from bot.llm.emulator import Card, Fault, ModelEmulator, Pace, refusals, twists
from tests.llm.prompts import card, chain

TEXT = "one two three four five six"
PROMPT = Prompt(
    chain=chain(card()),
    messages=(PromptMessage(role="system", text="Be kind."), PromptMessage(role="user", text="hi")),
    tokens=17,
    answer_room=500,
    key="conversation-1",
    person="account-1",
)
FAST = Timeouts(connect=1, first=0.3, between=0.2, total=5, farewell=0.1)


@asynccontextmanager
async def client_of(emulator: ModelEmulator, timeouts: Timeouts = FAST) -> AsyncIterator[OpenAIModel]:
    client = OpenAIModel.connect(emulator.url, "sk-test", SystemClock(), timeouts)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def emulator() -> AsyncIterator[ModelEmulator]:
    async with ModelEmulator(key="sk-test", answer=lambda _: TEXT) as server:
        yield server


@pytest.fixture
async def model(emulator: ModelEmulator) -> AsyncIterator[OpenAIModel]:
    async with client_of(emulator) as client:
        yield client


async def read(completion: StreamedCompletion) -> str:
    return "".join([piece async for piece in completion])


async def read_some(completion: StreamedCompletion) -> tuple[str, ModelError | None]:
    pieces: list[str] = []
    try:
        async for piece in completion:
            pieces.append(piece)  # noqa: PERF401 - kept when the stream breaks
    except ModelError as error:
        return "".join(pieces), error
    return "".join(pieces), None


async def test_an_answer_streams_with_its_facts(emulator: ModelEmulator, model: OpenAIModel) -> None:
    completion = model.complete(PROMPT)
    assert await read(completion) == TEXT
    assert (completion.finish_reason, completion.model) == ("stop", "scripted-1")
    billed = emulator.requests[0].usage
    assert completion.usage is not None
    assert (completion.usage.input, completion.usage.output) == (billed.prompt, billed.completion)
    assert not completion.usage.estimated


async def test_the_server_gets_messages_and_limit(emulator: ModelEmulator, model: OpenAIModel) -> None:
    await read(model.complete(PROMPT))
    body = emulator.requests[0].request.body
    assert body["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    assert body["max_completion_tokens"] == 500
    assert body["stream_options"] == {"include_usage": True}
    assert not {"prompt_cache_key", "safety_identifier"} & set(body)


async def test_nothing_is_sent_before_the_first_piece_is_asked_for(emulator: ModelEmulator, model: OpenAIModel) -> None:
    await model.complete(PROMPT).aclose()
    assert emulator.requests == []


async def test_cached_tokens_are_told(emulator: ModelEmulator, model: OpenAIModel) -> None:
    long = replace(PROMPT, messages=(PromptMessage(role="user", text="word " * 2000),))
    await read(model.complete(long))
    again = model.complete(long)
    await read(again)
    assert again.usage is not None
    assert again.usage.cached == emulator.requests[1].usage.cached > 1024


async def test_the_output_limit_is_told(model: OpenAIModel) -> None:
    completion = model.complete(replace(PROMPT, answer_room=3))
    assert TEXT.startswith(await read(completion))
    assert completion.finish_reason == "length"


async def test_a_server_that_ignores_the_limit_is_stopped() -> None:
    card = Card(name="scripted-1", ignores=frozenset({"max_completion_tokens"}))
    async with (
        ModelEmulator(models=(card,), answer=lambda _: "word " * 5000, pace=Pace(words_per_second=2000)) as emulator,
        client_of(emulator) as model,
    ):
        completion = model.complete(replace(PROMPT, answer_room=64))
        assert len((await read(completion)).split()) <= 65
        assert completion.finish_reason == "length"
        await emulator.until(lambda: emulator.requests[0].cancelled)


async def test_an_old_server_is_asked_in_the_old_way_and_remembered() -> None:
    card = Card(name="scripted-1", refuses=frozenset({"max_completion_tokens"}))
    async with ModelEmulator(models=(card,)) as emulator, client_of(emulator) as model:
        for _ in range(2):
            await read(model.complete(PROMPT))
    limits = [("max_tokens" in e.request.body, e.status) for e in emulator.requests]
    assert limits == [(False, 400), (True, 200), (True, 200)]


async def test_a_refused_option_is_dropped_and_remembered() -> None:
    card = Card(name="scripted-1", refuses=frozenset({"stream_options"}))
    async with ModelEmulator(models=(card,)) as emulator, client_of(emulator) as model:
        await read(model.complete(PROMPT))
        completion = model.complete(PROMPT)
        await read(completion)
    assert [exchange.status for exchange in emulator.requests] == [400, 200, 200]
    assert completion.usage is None


async def test_a_refused_limit_is_not_dropped_altogether() -> None:
    card = Card(name="scripted-1", refuses=frozenset({"max_completion_tokens", "max_tokens"}))
    async with ModelEmulator(models=(card,)) as emulator, client_of(emulator) as model:
        with pytest.raises(CompletionRefused):
            await read(model.complete(PROMPT))


async def test_leaving_early_stops_the_server() -> None:
    async with (
        ModelEmulator(pace=Pace(words_per_second=40), answer=lambda _: "word " * 400) as emulator,
        client_of(emulator) as model,
    ):
        completion = model.complete(PROMPT)
        async for _ in completion:
            break
        await completion.aclose()
        await emulator.until(lambda: emulator.requests[0].cancelled)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (refusals.status(400), CompletionRefused),
        (refusals.status(401), UpstreamMisconfigured),
        (refusals.status(402), UpstreamMisconfigured),
        (refusals.status(403), UpstreamMisconfigured),
        (refusals.moderated("violence"), CompletionRefused),
        (refusals.status(404), UpstreamMisconfigured),
        (refusals.status(408), UpstreamDown),
        (refusals.status(409), UpstreamDown),
        (refusals.status(422), CompletionRefused),
        (refusals.status(500), UpstreamDown),
        (refusals.status(502), UpstreamDown),
        (refusals.status(503), UpstreamBusy),
        (refusals.html(503), UpstreamDown),
        (refusals.status(529), UpstreamBusy),
        (refusals.rate_limited(), UpstreamBusy),
        (refusals.int_code(429), UpstreamBusy),
        (refusals.int_code(502), UpstreamDown),
        (refusals.empty(), UpstreamDown),
        (refusals.not_a_stream(), UpstreamMisconfigured),
        (refusals.overflow_openai(), ContextOverflow),
        (refusals.overflow_vllm(), ContextOverflow),
        (refusals.overflow_llama_cpp(), ContextOverflow),
        (refusals.overflow_litellm(), ContextOverflow),
        (twists.cut_clean(after=0), UpstreamDown),
        (twists.cut_tcp(after=0), UpstreamDown),
        (twists.error_frame(after=0), UpstreamBusy),
        (twists.broken_json(after=0), UpstreamDown),
        (twists.stall_headers(), UpstreamDown),
        (twists.stall_first(), UpstreamDown),
        (twists.filtered(after=0), CompletionRefused),
        (twists.refusal(), CompletionRefused),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else value.__name__,
)
async def test_a_fault_before_the_first_piece_has_its_error(
    emulator: ModelEmulator, model: OpenAIModel, fault: Fault, expected: type[ModelError]
) -> None:
    emulator.faults.next(fault)
    with pytest.raises(ModelError) as caught:
        await read(model.complete(PROMPT))
    assert type(caught.value) is expected


@pytest.mark.parametrize("code", refusals.QUOTA_CODES)
async def test_an_empty_purse_is_the_operator_s_business(
    emulator: ModelEmulator, model: OpenAIModel, code: str
) -> None:
    emulator.faults.next(refusals.out_of_credit(code))
    with pytest.raises(UpstreamMisconfigured) as caught:
        await read(model.complete(PROMPT))
    assert "credit" in caught.value.hint


@pytest.mark.parametrize(
    "fault",
    [twists.cut_clean(2), twists.cut_tcp(2), twists.error_frame(2), twists.broken_json(2), twists.stall(2)],
    ids=lambda fault: fault.name,
)
async def test_a_fault_after_the_first_piece_interrupts(
    emulator: ModelEmulator, model: OpenAIModel, fault: Fault
) -> None:
    emulator.faults.next(fault)
    text, error = await read_some(model.complete(PROMPT))
    assert type(error) is StreamInterrupted
    assert text == "one two"


@pytest.mark.parametrize(
    "fault",
    [
        twists.no_done(),
        twists.open_socket(),
        twists.empty_first(),
        twists.comments(),
        twists.reasoning(),
        twists.usage("every chunk"),
        twists.usage("nulls"),
        twists.usage("never"),
    ],
    ids=lambda fault: fault.name,
)
async def test_a_quirk_does_no_harm(emulator: ModelEmulator, model: OpenAIModel, fault: Fault) -> None:
    emulator.faults.next(fault)
    completion = model.complete(PROMPT)
    assert await read(completion) == TEXT
    assert completion.finish_reason == "stop"


async def test_cumulative_usage_is_not_summed(emulator: ModelEmulator, model: OpenAIModel) -> None:
    emulator.faults.next(twists.usage("every chunk"))
    completion = model.complete(PROMPT)
    await read(completion)
    assert completion.usage is not None
    assert completion.usage.output == emulator.requests[0].usage.completion


@pytest.mark.parametrize("told", ["never", "nulls"])
async def test_usage_that_tells_nothing_is_none(emulator: ModelEmulator, model: OpenAIModel, told: str) -> None:
    emulator.faults.next(twists.usage("never" if told == "never" else "nulls"))
    completion = model.complete(PROMPT)
    await read(completion)
    assert completion.usage is None


async def test_a_filtered_answer_keeps_its_text(emulator: ModelEmulator, model: OpenAIModel) -> None:
    emulator.faults.next(twists.filtered(after=2))
    completion = model.complete(PROMPT)
    assert await read(completion) == "one two"
    assert completion.finish_reason == "content_filter"


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry_after": "2"}, 2, 2),
        ({"retry_after_ms": "150"}, 0.15, 0.15),
        ({"retry_after": "Sun, 22 Nov 2099 10:00:00 GMT"}, 604_800, 604_800),
        ({"retry_after": "Sun, 22 Nov 2020 10:00:00 GMT"}, 0, 0),
    ],
)
async def test_the_server_s_wait_is_passed_on(
    emulator: ModelEmulator, model: OpenAIModel, headers: dict[str, str], low: float, high: float
) -> None:
    emulator.faults.next(refusals.rate_limited(**headers))
    with pytest.raises(UpstreamBusy) as caught:
        await read(model.complete(PROMPT))
    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after <= high


async def test_overflow_tells_the_window(emulator: ModelEmulator, model: OpenAIModel) -> None:
    for fault in (
        refusals.overflow_openai(8192),
        refusals.overflow_vllm(8192),
        refusals.overflow_llama_cpp(8192),
        refusals.overflow_litellm(8192),
    ):
        emulator.faults.next(fault)
        with pytest.raises(ContextOverflow) as caught:
            await read(model.complete(PROMPT))
        assert caught.value.window == 8192


async def test_nobody_listening_is_down() -> None:
    async with ModelEmulator() as emulator:
        pass
    async with client_of(emulator) as model:
        with pytest.raises(UpstreamDown):
            await read(model.complete(PROMPT))


async def test_a_slow_steady_answer_is_not_cut(emulator: ModelEmulator, model: OpenAIModel) -> None:
    emulator.pace = Pace(words_per_second=10, first_token=0.2)
    assert await read(model.complete(PROMPT)) == TEXT


async def test_the_total_time_is_bounded(emulator: ModelEmulator) -> None:
    emulator.pace = Pace(words_per_second=20)
    emulator.answer = lambda _: "word " * 100
    async with client_of(emulator, replace(FAST, total=0.4)) as model:
        _, error = await read_some(model.complete(PROMPT))
    assert type(error) is StreamInterrupted


async def test_models_are_listed_with_their_window(model: OpenAIModel) -> None:
    assert await model.models() == {"scripted-1": 128_000}


async def test_a_wrong_key_shows_nowhere(emulator: ModelEmulator) -> None:
    model = OpenAIModel.connect(emulator.url, "sk-wrong-secret", SystemClock(), FAST)
    with pytest.raises(UpstreamMisconfigured) as caught:
        await model.models()
    await model.close()
    assert "secret" not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"


TALK = replace(
    PROMPT,
    messages=(
        PromptMessage(role="system", text="Be kind."),
        PromptMessage(role="user", text="hi"),
        PromptMessage(role="assistant", text="hello"),
        PromptMessage(role="user", text="and now?"),
    ),
)


@pytest.mark.parametrize(
    ("mark", "value"),
    [("prompt_cache_breakpoint", {"mode": "explicit"}), ("cache_control", {"type": "ephemeral"})],
)
async def test_prefixes_worth_keeping_are_marked_in_the_endpoint_s_words(
    emulator: ModelEmulator, model: OpenAIModel, mark: CacheMark, value: dict[str, str]
) -> None:
    marking = chain(replace(card(), cache_mark=mark))
    assert await read(model.complete(replace(TALK, chain=marking))) == TEXT
    contents = [message["content"] for message in emulator.requests[0].request.body["messages"]]
    assert contents == [
        [{"type": "text", "text": "Be kind.", mark: value}],
        "hi",
        "hello",
        [{"type": "text", "text": "and now?", mark: value}],
    ]


async def test_what_was_recalled_for_one_message_is_in_no_prefix_worth_keeping(
    emulator: ModelEmulator, model: OpenAIModel
) -> None:
    messages = (*TALK.messages[:-1], replace(TALK.messages[-1], passing=True))
    marking = replace(TALK, messages=messages, chain=chain(replace(card(), cache_mark="cache_control")))
    assert await read(model.complete(marking)) == TEXT
    contents = [message["content"] for message in emulator.requests[0].request.body["messages"]]
    assert [isinstance(content, list) for content in contents] == [True, True, False, False]


async def test_a_mark_that_is_refused_is_left_out_and_remembered(emulator: ModelEmulator, model: OpenAIModel) -> None:
    marking = replace(TALK, chain=chain(replace(card(), cache_mark="prompt_cache_breakpoint")))
    emulator.faults.next(refusals.unsupported_parameter("prompt_cache_breakpoint"))
    assert [await read(model.complete(marking)) for _ in range(2)] == [TEXT, TEXT]
    assert [exchange.status for exchange in emulator.requests] == [400, 200, 200]
    assert emulator.requests[-1].messages[0]["content"] == "Be kind."
