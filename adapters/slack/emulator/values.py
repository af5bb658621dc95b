"""What the emulator remembers and shows: messages, calls, timings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

PING = re.compile(r"<(![a-z]+[^<>]*|@[UW][A-Z0-9]*[^<>]*|!subteam\^[^<>]*)>")
LINK = re.compile(r"<([a-z][a-z0-9+.-]*:[^<>|\s]+)(?:\|([^<>]*))?>", re.IGNORECASE)
CONTROL = re.compile(r"<(?:[@#!][^<>]+|[a-z][a-z0-9+.-]*:[^<>\s]+(?:\|[^<>]*)?)>", re.IGNORECASE)
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Every delay of the service, in seconds. The defaults are the real ones; tests shorten them."""

    ack_timeout: float = 3.0
    """Time to acknowledge an envelope or to answer an HTTP delivery."""
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    """Waits before the first, second and third redelivery."""
    stream_life: float = 306.0
    """A stream dies this long after its start, whatever is appended (measured, not documented)."""
    trigger_life: float = 3.0
    response_url_life: float = 1800.0
    response_url_uses: int = 5
    status_life: float = 120.0
    warning_grace: float = 10.0
    """From a `disconnect` frame with reason `warning` to the close."""
    ping_interval: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`<url|label>` as Slack would render it; `label` is empty for a bare `<url>`."""

    url: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it stands now. What the bot sent is kept raw; what people typed is kept as Slack stores it."""

    ts: str
    channel: str
    user: str
    text: str = ""
    markdown: str = ""
    """`markdown_text`, or everything streamed so far."""
    blocks: tuple[Json, ...] = ()
    thread_ts: str | None = None
    edited: str | None = None
    streaming: bool = False
    ephemeral_for: str | None = None
    from_bot: bool = False
    client_msg_id: str | None = None
    files: tuple[Json, ...] = ()
    tasks: Mapping[str, Json] = field(default_factory=dict)
    """Task cards of a stream, by id."""
    plan: str = ""
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Json | None = None
    unfurls: bool = True
    """Whether Slack would have fetched the links of the message to preview them."""

    @property
    def pings(self) -> list[str]:
        """Whom the message notifies: `!channel`, `@U1`… Slack parses these in Markdown as well."""
        return [found.split("|")[0] for text in self._texts() for found in PING.findall(text)]

    @property
    def links(self) -> list[Link]:
        """Links in Slack's own `<url|label>` form, the kind a model could use to disguise an address."""
        return [Link(url=url, label=label) for text in self._texts() for url, label in LINK.findall(text)]

    @property
    def visible(self) -> str:
        """What a person reads: blocks where there are any, else Markdown, else text."""
        shown = [self.markdown] if self.markdown else []
        shown += block_texts(self.blocks)
        return "\n".join(shown) or self.text

    @property
    def stored(self) -> str:
        """The text as the history and events return it, stray `&`, `<`, `>` escaped."""
        raw = self.markdown or self.text
        return stored(raw) if self.from_bot else raw

    def _texts(self) -> list[str]:
        return [self.text, self.markdown, *block_texts(self.blocks)]


def stored(text: str) -> str:
    """Escape what is not one of Slack's control sequences."""
    parts, at = [], 0
    for found in CONTROL.finditer(text):
        parts += [escape(text[at : found.start()]), found.group()]
        at = found.end()
    return "".join([*parts, escape(text[at:])])


def escape(text: str) -> str:
    return ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def block_texts(value: Any) -> list[str]:
    """Every text that stands anywhere in blocks, in order; buttons included."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for key, item in value.items() if key != "text" or not own for text in block_texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in block_texts(item)]
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request a client made to the Web API, tokens removed."""

    method: str
    args: Json
    error: str | None
    """None when the call succeeded, `http_500` for an injected status, `dropped` when no answer left."""
    at: float
    answer: Json = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.error is None


class ApiError(Exception):
    """`{"ok": false, "error": …}`, with anything else the real answer carries."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


def invalid_arguments(*messages: str) -> ApiError:
    details = [f"[ERROR] {message}" for message in messages]
    return ApiError("invalid_arguments", response_metadata={"messages": details})
