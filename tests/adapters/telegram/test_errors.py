import inspect

import pytest
from telegram import error as sdk

from adapters.telegram.errors import TABLE, seconds, translate
from adapters.telegram.request import NotSent
from bot.errors import (
    MessageRejected,
    PlatformBusy,
    PlatformDown,
    PlatformError,
    PlatformMisconfigured,
    RecipientGone,
)


def sdk_errors() -> list[type[sdk.TelegramError]]:
    members = inspect.getmembers(sdk, inspect.isclass)
    return [member for _, member in members if issubclass(member, sdk.TelegramError)]


@pytest.mark.parametrize("kind", sdk_errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_sdk_has_its_own_row(kind: type[sdk.TelegramError]) -> None:
    assert kind in TABLE


def test_the_walk_over_the_sdk_finds_its_errors() -> None:
    assert len(sdk_errors()) >= 11


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (sdk.Forbidden("Forbidden: bot was blocked by the user"), RecipientGone),
        (sdk.BadRequest("Bad Request: chat not found"), RecipientGone),
        (sdk.BadRequest("Bad Request: not enough rights to send text messages to the chat"), RecipientGone),
        (sdk.BadRequest("Bad Request: message text is empty"), MessageRejected),
        (sdk.ChatMigrated(-5), RecipientGone),
        (sdk.InvalidToken("Unauthorized"), PlatformMisconfigured),
        (sdk.TimedOut(), PlatformDown),
        (sdk.NetworkError("Bad Gateway"), PlatformDown),
        (sdk.TelegramError("Invalid server response"), PlatformDown),
    ],
)
def test_an_error_is_translated_by_what_can_be_done(error: sdk.TelegramError, expected: type[PlatformError]) -> None:
    assert type(translate(error)) is expected


def test_a_cut_connection_leaves_the_outcome_unknown() -> None:
    down = translate(sdk.NetworkError("aiohttp.ServerDisconnectedError"))
    assert isinstance(down, PlatformDown)
    assert down.outcome_unknown


def test_a_call_that_was_not_sent_had_no_effect() -> None:
    down = translate(NotSent("aiohttp.ClientConnectorError"))
    assert isinstance(down, PlatformDown)
    assert not down.outcome_unknown


@pytest.mark.parametrize("timedelta", ["true", "false"])
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
def test_retry_after_is_seconds_whatever_the_sdk_is_set_to(timedelta: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", timedelta)
    error = sdk.RetryAfter(7)
    assert seconds(error) == 7.0
    busy = translate(error)
    assert isinstance(busy, PlatformBusy)
    assert busy.retry_after == 7.0


def test_the_token_in_an_sdk_error_is_not_carried_on() -> None:
    error = translate(sdk.InvalidToken("The token `100:SECRET` was rejected by the server."))
    assert isinstance(error, PlatformMisconfigured)
    assert "SECRET" not in f"{error} {error.hint}"


def test_an_error_class_of_tomorrow_counts_as_what_it_inherits_from() -> None:
    class StillUnknown(sdk.Forbidden):
        pass

    assert isinstance(translate(StillUnknown("?")), RecipientGone)
