import logging

import pytest

from adapters.slack.emulator import SlackEmulator
from adapters.slack.platform import SlackPlatform
from adapters.slack.redaction import sdk_logger
from tests.adapters.slack.conftest import Listen


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1-2-abc",
        "xapp-1-A1-2-abc",
        "wss://wss-primary.slack.com/link/?ticket=abc",
        "https://hooks.slack.com/commands/T1/1/abc",
    ],
)
def test_secrets_are_taken_out_of_lines_and_tracebacks(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError(secret)
    sdk_logger().error("failed with %s", secret, exc_info=error)
    assert "failed with [secret]" in caplog.text
    assert "abc" not in caplog.text


async def test_no_line_of_a_connection_shows_a_token_or_a_ticket(
    slack: SlackEmulator, platform: SlackPlatform, listening: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.next("apps.connections.open", status=500, times=2)
    with caplog.at_level(logging.DEBUG):
        async with listening(platform):
            slack.disconnect()
            await slack.until(lambda: slack.connections == 2)
    assert "xoxb-test" not in caplog.text
    assert "xapp-test" not in caplog.text
    assert "ticket=" not in caplog.text
