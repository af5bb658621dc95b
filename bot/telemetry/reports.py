"""Reports to Sentry: errors of ours, with where they happened, and without anything that people wrote."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_FACTS = ("arrival", "turn", "kind", "subject", "duty", "reason")
"""What of a line goes along, if it is a word or a number."""


@contextmanager
def reported(dsn: str) -> Iterator[None]:
    """Report the log's errors until the block ends. Raises ConfigError without the extra `sentry`, or for a bad DSN."""
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise ConfigError(["SENTRY_DSN needs the extra `sentry`: uv sync --extra sentry"]) from None
    try:
        sentry_sdk.init(
            dsn,
            # Each of the others looks into something that holds words: requests, prompts, statements, breadcrumbs.
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            server_name="parley",
            before_send=_scrubbed,
        )
    except BadDsn:
        raise ConfigError(["SENTRY_DSN is not an address like https://key@host/1: copy it from Sentry"]) from None
    reporter = _Reporter()
    logging.getLogger().addHandler(reporter)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(reporter)
        sentry_sdk.flush(timeout=2)
        sentry_sdk.get_client().close()


class _Reporter(logging.Handler):
    """Takes our events of level ERROR, which reach the standard library's logging as mappings."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk

        if not isinstance(record.msg, dict):
            return
        with sentry_sdk.new_scope() as scope:
            for name in _FACTS:
                fact = record.msg.get(name)
                if isinstance(fact, int) or (isinstance(fact, str) and fact.isidentifier()):
                    scope.set_tag(name, fact)
            scope.set_tag("event", record.msg["event"])
            error = sys.exception()
            if error is not None and "exception" in record.msg:
                sentry_sdk.capture_exception(error)
            else:
                sentry_sdk.capture_message(record.msg["event"], level="error")


def _scrubbed(event: "Event", _hint: "Hint") -> "Event":
    """The message of an error may be what somebody wrote; its class and its place in the code are not."""
    values: Any = event.get("exception", {}).get("values", [])
    for value in values:
        value["value"] = ""
        value.pop("mechanism", None)
    return event
