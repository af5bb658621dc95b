import asyncio
import inspect

import aiohttp
import pytest
from slack_sdk import errors as slack
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.errors import AWAY, DOWN, GONE, PERMISSION, TABLE, TOKEN, by_code, code_of, translate
from bot.errors import (
    MessageRejected,
    PlatformBusy,
    PlatformDown,
    PlatformError,
    PlatformMisconfigured,
    RecipientGone,
)

CLASSES = [kind for _, kind in inspect.getmembers(slack, inspect.isclass) if issubclass(kind, Exception)]


def answer(status: int, data: object, headers: dict[str, str] | None = None) -> slack.SlackApiError:
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/x",
        req_args={},
        data=data,  # type: ignore[arg-type]
        headers=headers or {},
        status_code=status,
    )
    return slack.SlackApiError("xoxb-secret", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_of_the_sdk_is_in_the_table(kind: type[Exception]) -> None:
    assert kind in TABLE


@pytest.mark.parametrize(
    ("codes", "kind"),
    [(GONE, RecipientGone), (DOWN | AWAY, PlatformDown), (TOKEN | PERMISSION, PlatformMisconfigured)],
)
def test_codes_find_their_errors(codes: frozenset[str], kind: type[PlatformError]) -> None:
    assert all(type(by_code("chat.update", code, {}, None)) is kind for code in codes)


def test_a_code_nobody_knows_means_that_this_message_is_refused() -> None:
    assert isinstance(translate("m", answer(200, {"ok": False, "error": "new_code"})), MessageRejected)


def test_a_429_says_how_long_to_wait() -> None:
    error = translate("m", answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "12"}))
    assert isinstance(error, PlatformBusy)
    assert error.retry_after == 12


@pytest.mark.parametrize("data", [{}, None, "gateway"])
def test_a_gateway_error_leaves_the_outcome_open(data: object) -> None:
    error = translate("m", answer(502, data))
    assert isinstance(error, PlatformDown)
    assert error.outcome_unknown


def test_a_service_that_is_away_has_done_nothing() -> None:
    for error in (by_code("m", "service_unavailable", {}, None), translate("m", answer(503, {}))):
        assert isinstance(error, PlatformDown)
        assert not error.outcome_unknown


def test_a_connection_that_was_never_made_had_no_effect() -> None:
    error = translate("m", aiohttp.ConnectionTimeoutError())
    assert isinstance(error, PlatformDown)
    assert not error.outcome_unknown


@pytest.mark.parametrize("error", [TimeoutError(), aiohttp.ServerDisconnectedError(), OSError()])
def test_a_connection_that_broke_leaves_the_outcome_open(error: Exception) -> None:
    found = translate("m", error)
    assert isinstance(found, PlatformDown)
    assert found.outcome_unknown


def test_a_missing_scope_is_named() -> None:
    error = translate("m", answer(200, {"ok": False, "error": "missing_scope", "needed": "users:read"}))
    assert isinstance(error, PlatformMisconfigured)
    assert "users:read" in error.hint


def test_no_text_of_the_sdk_gets_through() -> None:
    assert "secret" not in str(translate("m", answer(200, {"ok": False, "error": "x"})))


def test_what_is_no_answer_has_no_code() -> None:
    assert code_of(TimeoutError()) == code_of(answer(502, "gateway")) == ""


async def test_a_timeout_of_asyncio_is_the_same() -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0):
            await asyncio.sleep(1)
    assert isinstance(translate("m", caught.value), PlatformDown)
