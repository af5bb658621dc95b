"""Logs: structlog for our lines and for the libraries', readable or as JSON. Never message text, never secrets."""

import logging
import re
import traceback
from collections.abc import Iterable, MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import ExcInfo

from bot.errors import ParleyError

_NOISY = (
    "httpx",
    "httpx2",
    "httpcore",
    "telegram",
    "slack_bolt",
    "slack_sdk",
    "openai",
    "aiohttp.access",
    "aiosqlite",
    "alembic",
)
"""Libraries whose INFO lines tell nobody anything, or whose DEBUG lines hold tokens in URLs."""

_TOKENS = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{16,}|x(?:ox[a-z]|app)-[A-Za-z0-9-]+|sk-[A-Za-z0-9_-]{8,}")
"""What Telegram's, Slack's and OpenAI's secrets look like, wherever they come from."""


def configure(level: str, form: Literal["console", "json"], secrets: Iterable[str] = ()) -> None:
    """Set logging up for this process; `secrets` are blotted out of every line."""
    known = [re.escape(secret) for secret in secrets if secret]
    pattern = re.compile("|".join([*known, _TOKENS.pattern]))

    def blot(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {name: pattern.sub("•••", value) if isinstance(value, str) else value for name, value in event.items()}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.ExceptionRenderer(wordless),
        blot,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(form, shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def wordless(exc_info: ExcInfo) -> str:
    """A traceback with the classes of its errors and, unless they are ours or the system's, without their messages.

    What a library complains about may be what somebody wrote: `ValueError: invalid literal for int(): 'my PIN is …'`.
    """
    chain: list[str] = []
    error: BaseException | None = exc_info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        said = f": {error}" if isinstance(error, ParleyError | OSError) else ""
        chain.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__ + said)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich came from\n\n".join(chain)


def _formatter(
    form: Literal["console", "json"], shared: list[structlog.typing.Processor]
) -> structlog.stdlib.ProcessorFormatter:
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )
