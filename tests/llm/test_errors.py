from datetime import UTC, datetime

import httpx2
import openai
import pytest
from openai import _exceptions

from bot.errors import CompletionRefused, ContextOverflow, UpstreamBusy, UpstreamDown, UpstreamMisconfigured
from bot.llm.errors import NEVER_MET, TABLE, Facts, judge, masked, translate

NO_MONEY = "You exceeded your current quota, please check your plan and billing details."
NOW = datetime(2026, 11, 22, tzinfo=UTC)
#: Only raised for workload identities, which Parley does not use, and not exported by the SDK.
UNEXPORTED = {_exceptions.SubjectTokenProviderError}


def sdk_exceptions() -> list[type[Exception]]:
    found = vars(_exceptions).values()
    return [one for one in found if isinstance(one, type) and issubclass(one, Exception)]


@pytest.mark.parametrize("kind", sdk_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_sdk_is_mapped(kind: type[Exception]) -> None:
    assert (kind in TABLE) != (kind in NEVER_MET | UNEXPORTED)


def test_an_unknown_exception_counts_as_down() -> None:
    assert type(translate(RuntimeError("odd"), NOW)) is UpstreamDown


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(message="model not loaded", code="model_not_found", status=400), UpstreamMisconfigured),
        (Facts(status=400, message="llama-9 is not a valid model ID"), UpstreamMisconfigured),
        (Facts(status=429, type="insufficient_quota", code="new_code"), UpstreamMisconfigured),
        (Facts(status=429, message=f"RateLimitError: OpenAIException - {NO_MONEY}"), UpstreamMisconfigured),
        (Facts(status=429, message=NO_MONEY), UpstreamBusy),  # Gemini, of requests in a minute
        (Facts(status=403, message="This model requires moderation and the input was flagged"), CompletionRefused),
        (Facts(status=400, code="content_filter"), CompletionRefused),
        (Facts(status=503, retry_after=3), UpstreamBusy),
        (Facts(status=500, message="context window cache broken"), UpstreamDown),
        (Facts(status=413, message="too many input tokens"), ContextOverflow),
        (Facts(code="rate_limit_exceeded"), UpstreamBusy),
        (Facts(message="the prompt exceeds the available context"), ContextOverflow),
        (Facts(message="provider disconnected"), UpstreamDown),
    ],
)
def test_facts_are_judged(facts: Facts, expected: type[Exception]) -> None:
    assert type(judge(facts)) is expected


def test_a_limit_that_mentions_tokens_is_no_overflow() -> None:
    facts = Facts(status=429, message="Rate limit: too many tokens per minute", retry_after=1)
    assert type(judge(facts)) is UpstreamBusy


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"llm_provider-retry-after": "7"}, 7), ({"llm_provider-retry-after-ms": "150"}, 0.15), ({}, None)],
)
def test_a_wait_that_litellm_passes_on_is_heard(headers: dict[str, str], seconds: float | None) -> None:
    response = httpx2.Response(429, headers=headers, request=httpx2.Request("POST", "http://proxy.test"))
    error = translate(openai.RateLimitError("busy", response=response, body=None), NOW)
    assert isinstance(error, UpstreamBusy)
    assert error.retry_after == seconds


def test_a_flagged_message_is_not_repeated_in_the_error() -> None:
    facts = Facts(status=403, message="flagged: terrible words", flagged=("violence", "harassment"))
    assert str(judge(facts)) == "403 moderation: violence, harassment"


@pytest.mark.parametrize("text", ["sk-proj-abc123***xyz", "Bearer abcdef", "gsk_no gsk-abcdef12"])
def test_keys_are_masked(text: str) -> None:
    assert "abc" not in masked(f"Incorrect key: {text}.")
