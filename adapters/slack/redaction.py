"""Keeps tokens, response URLs and Socket Mode tickets out of the SDK's log lines."""

import logging
import re

_SECRET = re.compile(r"xox[a-z]-[\w.\-]+|xapp-[\w.\-]+|wss?://\S+|https?://\S*(?:/commands/|/actions/|/services/)\S*")


class Redaction(logging.Filter):
    """Rewrites a record before anybody formats it. The traceback is dropped: its text is not ours to clean."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        record.msg = _SECRET.sub("[secret]", text)
        record.args = None
        record.exc_info = None
        record.exc_text = None
        # Bolt says so when SLACK_BOT_TOKEN is in the environment, where ours usually is.
        return "`token` will be unused" not in text


def sdk_logger() -> logging.Logger:
    """The logger given to slack_sdk and Bolt. Never below INFO: at DEBUG they print every payload."""
    logger = logging.getLogger("adapters.slack.sdk")
    logger.setLevel(max(logging.INFO, logging.getLogger().level))
    if not any(isinstance(known, Redaction) for known in logger.filters):
        logger.addFilter(Redaction())
    return logger
