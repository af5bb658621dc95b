"""One table: what Slack and its SDK say → what the core understands.

Codes: docs.slack.dev/reference/methods. A code that is not listed means that Slack refuses this very call.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

import aiohttp
from slack_sdk import errors as slack

from bot.errors import (
    MessageRejected,
    PlatformBusy,
    PlatformDown,
    PlatformError,
    PlatformMisconfigured,
    RecipientGone,
)

_LONGEST_WAIT = 7 * 86_400.0
"""Seconds; whoever asks for more does not know what they say."""

BOT_TOKEN = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of a setting
APP_TOKEN = "SLACK_APP_TOKEN"  # noqa: S105 - the name of a setting

BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
GONE = frozenset(
    {
        "account_inactive_user",
        "cannot_dm_bot",
        "channel_is_archived",
        "channel_not_found",
        "ekm_access_denied",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_is_restricted",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
    }
)
DOWN = frozenset({"fatal_error", "internal_error", "timeout"})
"""Slack's own trouble; part of the work may be done."""
AWAY = frozenset({"request_timeout", "service_unavailable", "team_added_to_org"})
"""Slack's own trouble; nothing was done."""
TOKEN = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "not_allowed_token_type"}
)
PERMISSION = frozenset(
    {"access_denied", "missing_scope", "no_permission", "org_login_required", "two_factor_setup_required"}
)
UNAVAILABLE = frozenset(
    {
        "deprecated_endpoint",
        "feature_not_enabled",
        "missing_scope",
        "method_deprecated",
        "method_not_supported_for_channel_type",
        "not_allowed",
        "not_authorized",
        "unknown_method",
        "channel_type_not_supported",
    }
)
"""The workspace or the app does not have this method at all: not worth asking again."""


def by_code(call: str, code: str, facts: Mapping[str, Any], retry_after: float | None) -> PlatformError:
    """Translate `{"ok": false, "error": code}`."""
    what = f"{call}: {code}"
    if code in BUSY:
        return PlatformBusy(what, retry_after=retry_after or 1.0)
    if code in GONE:
        return RecipientGone(what)
    if code in DOWN | AWAY:
        return PlatformDown(what, outcome_unknown=code in DOWN)
    if code in TOKEN:
        return PlatformMisconfigured(what, hint=_token_hint(call))
    if code in PERMISSION:
        return PlatformMisconfigured(what, hint=_scope_hint(facts))
    return MessageRejected(what)


def _token_hint(call: str) -> str:
    if call == "apps.connections.open":
        return f"{APP_TOKEN} is wrong: it must be an app-level token (xapp-…) with the scope connections:write"
    return f"{BOT_TOKEN} is wrong: it must be the bot token (xoxb-…) of an app that is installed in the workspace"


def _scope_hint(facts: Mapping[str, Any]) -> str:
    needed = facts.get("needed")
    scope = f"the scope {needed}" if isinstance(needed, str) else "a permission"
    return f"the Slack app lacks {scope}: update the app from its manifest and install it again"


def _api_error(call: str, error: Any) -> PlatformError:
    response = error.response
    facts = getattr(response, "data", None)
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    if status == 429:
        return PlatformBusy(f"{call}: ratelimited", retry_after=_retry_after(getattr(response, "headers", {})) or 1.0)
    if not isinstance(facts, dict) or not facts.get("error"):
        # 503 comes from the gateway: the call did not reach anybody.
        return PlatformDown(f"{call}: no readable answer, status {status}", outcome_unknown=status != 503)
    return by_code(call, str(facts["error"]), facts, _retry_after(getattr(response, "headers", {})))


def _retry_after(headers: Mapping[str, Any]) -> float | None:
    """Seconds. A plain dict of the SDK keeps the header's case, aiohttp's does not."""
    for name in ("Retry-After", "retry-after"):
        try:
            seconds = float(str(headers[name]))
        except (KeyError, ValueError):
            continue
        return min(max(seconds, 0.1), _LONGEST_WAIT) if isfinite(seconds) else None
    return None


def _misconfigured(call: str, error: BaseException) -> PlatformError:
    return PlatformMisconfigured(f"{call}: {type(error).__name__}", hint=f"check {BOT_TOKEN} and {APP_TOKEN}")


def _rejected(call: str, error: BaseException) -> PlatformError:
    return MessageRejected(f"{call}: {type(error).__name__}")


def _unreached(call: str, error: BaseException) -> PlatformError:
    return PlatformDown(f"{call}: {type(error).__name__}", outcome_unknown=False)


def _down(call: str, error: BaseException) -> PlatformError:
    return PlatformDown(f"{call}: {type(error).__name__}")


TABLE: Mapping[type[BaseException], Callable[[str, Any], PlatformError]] = {
    slack.SlackApiError: _api_error,
    slack.BotUserAccessError: _misconfigured,
    slack.SlackTokenRotationError: _misconfigured,
    slack.SlackClientConfigurationError: _misconfigured,
    slack.SlackRequestError: _rejected,
    slack.SlackObjectFormationError: _rejected,
    slack.SlackClientNotConnectedError: _unreached,
    slack.SlackClientError: _down,
    aiohttp.ConnectionTimeoutError: _unreached,
    aiohttp.ClientConnectorError: _unreached,
    aiohttp.ClientError: _down,
    TimeoutError: _down,
    OSError: _down,
    AttributeError: _down,  # AsyncSlackResponse.validate on an answer in text/plain (slack_sdk 3.47)
    ValueError: _down,  # an answer that is not JSON in spite of its content type
}


def translate(call: str, error: BaseException) -> PlatformError:
    """The first entry that fits, the nearest class first. The text names call and code, never an address or token."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind](call, error)
    return _down(call, error)


def code_of(error: BaseException) -> str:
    """The code Slack answered, "" if it was not that."""
    facts = getattr(getattr(error, "response", None), "data", None)
    return str(facts.get("error") or "") if isinstance(facts, dict) else ""
