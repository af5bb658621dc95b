"""The SDK's habits that we do not want: log lines with the token in them, and warnings about what we do on purpose."""

import logging
import os
import warnings

from telegram.warnings import PTBUserWarning

_QUIET = ("aiohttp", "httpcore", "httpx", "telegram")  # their debug lines have the URL, and with it the token


def tame_sdk() -> None:
    """Keep the token out of the SDK's logs, and let it build RetryAfter and call methods by name without warnings."""
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Without it every RetryAfter starts with a deprecation warning [PTB 22.2 _utils/datetime.py].
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # We want raw updates, so Bot.get_updates is no use; nor is Bot.edit_message_text for rich messages.
    warnings.filterwarnings("ignore", r"Please use 'Bot\.(getUpdates|editMessageText)'", PTBUserWarning)
