"""A chat completion request, read from the wire, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Message = Mapping[str, Any]
State = Literal["waiting", "streaming", "finished", "cancelled", "cut", "refused"]


def text_of(message: Message) -> str:
    """The words of a message, whether its content is a string or a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if part.get("text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """The body of `POST /chat/completions`: the parts the emulator acts on, and the rest in `body`."""

    body: Mapping[str, Any]
    model: str
    messages: tuple[Message, ...]
    stream: bool = False

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            body=body,
            model=str(body.get("model") or ""),
            messages=tuple(body.get("messages") or ()),
            stream=bool(body.get("stream")),
        )

    @property
    def said(self) -> str:
        """What the person said last."""
        spoken = [text_of(message) for message in self.messages if message.get("role") == "user"]
        return spoken[-1] if spoken else ""

    @property
    def instructions(self) -> str:
        """System and developer messages, joined."""
        return "\n".join(text_of(m) for m in self.messages if m.get("role") in {"system", "developer"})

    @property
    def history(self) -> tuple[Message, ...]:
        """Everything but instructions and the last message."""
        talk = [m for m in self.messages if m.get("role") not in {"system", "developer"}]
        return tuple(talk[:-1])

    def option(self, name: str) -> Any:
        """A field of `stream_options`; `None` when it is not there."""
        options = self.body.get("stream_options")
        return options.get(name) if isinstance(options, Mapping) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a vendor would put on the bill, in tokens."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its fate, kept for tests to compare with what the bot believes."""

    request: ChatRequest
    state: State = "waiting"
    status: int = 200
    error: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    pieces: list[str] = field(default_factory=list)
    begun: bool = False
    """Whether any of the answer was sent: then its prompt is charged for."""
    concluded: bool = False
    """Whether the stream was sent to its proper end, and the bill with it."""

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.request.messages

    @property
    def text(self) -> str:
        """What has been sent so far."""
        return "".join(self.pieces)

    @property
    def usage(self) -> Usage:
        """What was served so far; final once the exchange is over."""
        return Usage(prompt=self.prompt_tokens, cached=self.cached_tokens, completion=self.completion_tokens)

    @property
    def started(self) -> bool:
        """Whether the response headers were sent."""
        return self.state != "waiting"

    @property
    def finished(self) -> bool:
        """Whether the whole planned body was sent."""
        return self.state == "finished"

    @property
    def cancelled(self) -> bool:
        """Whether the client hung up first."""
        return self.state == "cancelled"
