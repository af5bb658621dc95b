"""Telegram's errors → ours. One table; a test walks the SDK's classes and fails on one that is missing."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from telegram import error as sdk

from adapters.telegram.request import NotSent
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

# Descriptions of 400s after which nothing at all can be delivered to the chat (tdlib/telegram-bot-api Client.cpp).
_GONE = (
    "chat not found",
    "user not found",
    "chat_write_forbidden",
    "not enough rights to send",
    "have no rights to send",
    "need administrator rights",
    "peer_id_invalid",
    "user is deactivated",
    "topic_closed",
    "chat_restricted",
)
TOKEN_HINT = "TELEGRAM_BOT_TOKEN is not accepted; ask @BotFather for the current one."  # noqa: S105 - a hint, no token


def translate(error: sdk.TelegramError) -> PlatformError:
    """What an SDK error means for the core. Its text never holds the token: see `request`."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind](error)
    return PlatformDown(str(error))


def seconds(error: sdk.RetryAfter) -> float:
    """`retry_after` is a number or a timedelta, as the environment variable PTB_TIMEDELTA has it."""
    wait = error.retry_after
    told = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return min(max(told, 0.0), _LONGEST_WAIT)


def _busy(error: sdk.TelegramError) -> PlatformError:
    wait = seconds(error) if isinstance(error, sdk.RetryAfter) else 1.0
    return PlatformBusy(str(error), retry_after=wait)


def _rejected(error: sdk.TelegramError) -> PlatformError:
    description = str(error).lower()
    if any(phrase in description for phrase in _GONE):
        return RecipientGone(str(error))
    return MessageRejected(str(error))


def _misconfigured(error: sdk.TelegramError) -> PlatformError:
    # Not str(error): Bot.initialize writes the token into it.
    return PlatformMisconfigured(type(error).__name__, hint=TOKEN_HINT)


TABLE: Mapping[type[BaseException], Callable[[sdk.TelegramError], PlatformError]] = {
    sdk.BadRequest: _rejected,
    sdk.ChatMigrated: lambda error: RecipientGone(str(error)),
    sdk.Conflict: lambda error: PlatformDown(str(error), outcome_unknown=False),
    sdk.EndPointNotFound: lambda error: MessageRejected(str(error)),
    sdk.Forbidden: lambda error: RecipientGone(str(error)),
    sdk.InvalidToken: _misconfigured,
    sdk.NetworkError: lambda error: PlatformDown(str(error)),
    sdk.PassportDecryptionError: lambda error: MessageRejected(str(error)),
    sdk.RetryAfter: _busy,
    sdk.TelegramError: lambda error: PlatformDown(str(error)),
    sdk.TimedOut: lambda error: PlatformDown(str(error)),
    NotSent: lambda error: PlatformDown(str(error), outcome_unknown=False),
}
