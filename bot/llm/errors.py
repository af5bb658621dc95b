"""The one table from the SDK's exceptions to ours.

Servers disagree about codes and statuses (OpenRouter and vLLM put the status into `code`, LiteLLM turns it into a
string, llama.cpp invents types), so every error is first reduced to `Facts` and then judged once.
Of what servers say only status and code become part of our errors, which are logged: their sentences quote keys (OpenAI
does, with 401) and what people wrote (OpenRouter does, with what it flags).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import openai

from bot.errors import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)

#: 429 of this type, or with one of these codes, is an empty purse: waiting does not help
#: (https://platform.openai.com/docs/guides/error-codes).
QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
OVERFLOW_CODES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
BUSY_CODES = frozenset({"rate_limit_exceeded", "slow_down", "overloaded", "overloaded_error", "server_is_overloaded"})
REFUSED_CODES = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
#: Each server words it differently: vLLM, llama.cpp, LiteLLM, OpenRouter's providers.
OVERFLOW = re.compile(
    r"context[_ ](length|window|size)|maximum (context|input) length|too many (input )?tokens"
    r"|exceeds? .*context|ContextWindowExceeded",
    re.IGNORECASE,
)
WINDOW = re.compile(r"(?:context (?:length|window|size)|n_ctx)\D{0,16}(\d{3,8})", re.IGNORECASE)
#: What LiteLLM's proxy leaves of OpenAI's code. Only behind its prefix: Gemini says the same of a mere rate limit.
NO_QUOTA = re.compile(r"OpenAIException - You exceeded your current quota")
MODERATED = re.compile(r"requires moderation|input was flagged", re.IGNORECASE)
#: LiteLLM's proxy passes a vendor's headers on under names of its own.
PASSED_ON = ("", "llm_provider-")
UNKNOWN_MODEL = re.compile(r"not a valid model|model\b.{0,80}\b(does not exist|not found)", re.IGNORECASE)
SECRET = re.compile(r"\b(sk|pk|gsk|xai|key)-[\w*.-]{4,}|\bBearer\s+\S+", re.IGNORECASE)

NO_CREDIT = "the account behind OPENAI_API_KEY has no credit left or reached its spending limit"
WRONG_KEY = "check OPENAI_API_KEY: the endpoint does not accept it for this"
WRONG_MODEL = "check MODEL and OPENAI_BASE_URL: `parley doctor` lists what the endpoint offers"
NO_TRUST = "the certificate was not accepted: install ca-certificates or set SSL_CERT_FILE"


_LONGEST_WAIT = 7 * 86_400.0
"""Seconds; whoever asks for more does not know what they say."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an error says, whoever says it. `status` is None when it came inside a stream."""

    status: int | None = None
    code: str = ""
    type: str = ""
    message: str = ""
    retry_after: float | None = None
    window: int | None = None
    #: Why a message was flagged, in the words of whoever moderates.
    flagged: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.code, self.type})

    def __str__(self) -> str:
        parts = (str(self.status or ""), _word(self.code) or _word(self.type))
        return " ".join(part for part in parts if part) or "an error without a code"


def translate(error: Exception, now: datetime) -> ModelError:
    """Our error for one of the SDK's, or for what a stream's JSON raised. `now` resolves a dated Retry-After."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind](error, now)
    return UpstreamDown(f"{type(error).__name__}: {masked(str(error))[:200]}")


def _word(name: str) -> str:
    """A code, and no sentence in its place."""
    return name if _CODE.fullmatch(name) else ""


def masked(text: str) -> str:
    return SECRET.sub("***", text)


def judge(facts: Facts) -> ModelError:
    """What to make of an error: the order is from what only money or people can cure to what time cures."""
    if facts.names & QUOTA_CODES or facts.status == 402 or NO_QUOTA.search(facts.message):
        return UpstreamMisconfigured(str(facts), hint=NO_CREDIT, cause="credit")
    if facts.status in {401, 403}:
        return _forbidden(facts)
    if facts.status == 429:
        return UpstreamBusy(str(facts), retry_after=facts.retry_after)
    if _overflows(facts):
        return ContextOverflow(str(facts), window=facts.window)
    if facts.status == 404 or facts.code == "model_not_found" or UNKNOWN_MODEL.search(facts.message):
        return UpstreamMisconfigured(str(facts), hint=WRONG_MODEL, cause="model")
    return _passing(facts)


def _forbidden(facts: Facts) -> ModelError:
    if facts.status == 403 and (facts.flagged or facts.names & REFUSED_CODES or MODERATED.search(facts.message)):
        return CompletionRefused(f"403 moderation: {', '.join(facts.flagged) or facts.code}"[:300])
    return UpstreamMisconfigured(f"{facts.status} {facts.code}", hint=WRONG_KEY, cause="key")


def _passing(facts: Facts) -> ModelError:
    if facts.names & REFUSED_CODES:
        return CompletionRefused(str(facts))
    if facts.status == 529 or facts.names & BUSY_CODES or _told_to_wait(facts):
        return UpstreamBusy(str(facts), retry_after=facts.retry_after)
    if facts.status is None or facts.status >= 500 or facts.status in {408, 409}:
        return UpstreamDown(str(facts))
    return CompletionRefused(str(facts))


def _overflows(facts: Facts) -> bool:
    if facts.names & OVERFLOW_CODES:
        return True
    # A 5xx that mentions the context is a broken server all the same.
    return (facts.status is None or 400 <= facts.status < 500) and bool(OVERFLOW.search(facts.message))


def _told_to_wait(facts: Facts) -> bool:
    return facts.status is not None and facts.status >= 500 and facts.retry_after is not None


def facts_of(error: openai.APIError, now: datetime) -> Facts:
    """Read an error with a body; a numeric code inside a stream stands for the status there is none of."""
    body = error.body if isinstance(error.body, Mapping) else {}
    code, kind = str(body.get("code") or ""), str(body.get("type") or "")
    message = str(body.get("message") or error.message)
    status = getattr(error, "status_code", None)
    if status is None and code.isdigit():
        status = int(code)
    return Facts(
        status=status,
        code="" if code.isdigit() else code,
        type=kind,
        message=message,
        retry_after=_retry_after(error, now),
        window=_window(body, message),
        flagged=_flagged(body),
    )


def _flagged(body: Mapping[str, Any]) -> tuple[str, ...]:
    """OpenRouter refuses a message by a 403 with `metadata.reasons`; what was flagged stands there too, and stays there
    (https://openrouter.ai/docs/api-reference/errors#moderation-errors).
    """
    metadata = body.get("metadata")
    reasons = metadata.get("reasons") if isinstance(metadata, Mapping) else None
    return tuple(str(one)[:80] for one in reasons) if isinstance(reasons, list) else ()


def _window(body: Mapping[str, Any], message: str) -> int | None:
    if isinstance(told := body.get("n_ctx"), int):  # llama.cpp
        return told
    found = WINDOW.search(message)
    return int(found[1]) if found else None


def _retry_after(error: openai.APIError, now: datetime) -> float | None:
    """Seconds from `retry-after-ms`, or from `retry-after` in seconds or as an HTTP date."""
    response = getattr(error, "response", None)
    if response is None:
        return None
    for prefix in PASSED_ON:
        if (milliseconds := _number(response.headers.get(f"{prefix}retry-after-ms"))) is not None:
            return min(milliseconds / 1000, _LONGEST_WAIT)
        if (told := response.headers.get(f"{prefix}retry-after")) is not None:
            seconds = _number(told)
            seconds = _until(told, now) if seconds is None else seconds
            return None if seconds is None else min(seconds, _LONGEST_WAIT)
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return max(0.0, number) if number is not None and isfinite(number) else None


def _until(date: str | None, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _judged(error: Any, now: datetime) -> ModelError:
    return judge(facts_of(error, now))


def _unreachable(error: Any, _: datetime) -> ModelError:
    cause = error.__cause__
    detail = masked(f"{type(cause).__name__}: {cause}" if cause else str(error))[:200]
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return UpstreamMisconfigured(detail, hint=NO_TRUST)
    return UpstreamDown(detail)


def _late(_: Any, __: datetime) -> ModelError:
    return UpstreamDown("timed out")


def _garbled(error: Any, _: datetime) -> ModelError:
    return UpstreamDown(f"unreadable answer ({type(error).__name__})")


def _refused(error: Any, _: datetime) -> ModelError:
    return CompletionRefused(type(error).__name__)


TABLE: Mapping[type[Exception], Callable[[Any, datetime], ModelError]] = {
    openai.OpenAIError: _garbled,
    openai.APIError: _judged,
    openai.APIStatusError: _judged,
    openai.BadRequestError: _judged,
    openai.AuthenticationError: _judged,
    openai.OAuthError: _judged,
    openai.PermissionDeniedError: _judged,
    openai.NotFoundError: _judged,
    openai.ConflictError: _judged,
    openai.UnprocessableEntityError: _judged,
    openai.RateLimitError: _judged,
    openai.InternalServerError: _judged,
    openai.APIConnectionError: _unreachable,
    openai.APITimeoutError: _late,
    openai.APIResponseValidationError: _garbled,
    openai.ContentFilterFinishReasonError: _refused,
    openai.LengthFinishReasonError: _garbled,
    json.JSONDecodeError: _garbled,
    UnicodeDecodeError: _garbled,
    TimeoutError: _late,
}

#: Belong to parts of the SDK that we do not use: webhooks and the realtime socket.
NEVER_MET: frozenset[type[Exception]] = frozenset(
    {
        openai.InvalidWebhookSignatureError,
        openai.WebSocketConnectionClosedError,
        openai.WebSocketQueueFullError,
    }
)
