"""A draft as bytes: server-sent events in the vendor's exact style, or one JSON body.

What is to be sent is a tuple of steps, so that a fault is a plain function from steps to steps.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.llm.emulator.draft import Draft, Piece
from bot.llm.emulator.requests import ChatRequest, Usage

DONE = b"data: [DONE]\n\n"
COMMENT = b": EMULATOR PROCESSING\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Send the response headers."""

    content_type: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes to send. With a piece they take their turn in the pace; without, they follow at once."""

    payload: bytes
    piece: Piece | None = None


class Event(Enum):
    """What else may happen on a connection."""

    THINK = "wait for the first token"
    HOLD = "say nothing until the client hangs up"
    CUT = "close the TCP connection inside the body"


Step = Open | Frame | Event
Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every chunk of one answer repeats."""

    request: ChatRequest
    id: str
    created: int
    bill: Usage
    #: Whether this model heeds `include_usage`.
    tells_usage: bool = True

    def stream(self, draft: Draft) -> Steps:
        asked = self.tells_usage and self.request.option("include_usage")
        told = draft.usage if asked or draft.usage != "last" else "never"
        frames = (*self._opening(draft, told), *self._body(draft, told), *self._ending(draft, told))
        return (Open(content_type="text/event-stream; charset=utf-8"), Event.THINK, *frames)

    def whole(self, draft: Draft) -> Steps:
        """The non-streamed answer: its pieces take their time, its body comes at the end."""
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
        for piece in draft.pieces:
            message[piece.field] = (message.get(piece.field) or "") + piece.text
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": draft.finish}
        body = self._base("chat.completion") | {"choices": [choice]}
        if draft.usage != "never":
            body["usage"] = bill(self._total(draft), nulls=draft.usage == "nulls")
        silent = (Frame(b"", piece) for piece in draft.pieces)
        opening = Open(content_type="application/json")
        return (Event.THINK, *silent, opening, Frame(json.dumps(body, indent=2).encode()))

    def _opening(self, draft: Draft, told: str) -> Iterator[Frame]:
        if draft.comments:
            yield Frame(COMMENT)
        if draft.empty_first:
            yield self._chunk(choices=[], told=told, usage=None)
        role = {"role": "assistant", "content": "", "refusal": None}
        yield self._chunk(choices=[choice_of(role)], told=told, usage=self._at(0))

    def _body(self, draft: Draft, told: str) -> Iterator[Frame]:
        sent = 0
        head, tail = self._mould()
        for piece in draft.pieces:
            if draft.comments:
                yield Frame(COMMENT)
            sent += piece.tokens
            if told == "every chunk" or piece.field != "content":
                delta: dict[str, Any] = {piece.field: piece.text}
                yield self._chunk(choices=[choice_of(delta)], told=told, usage=self._at(sent), piece=piece)
            else:
                yield Frame(b"%b%b%b" % (head, json.dumps(piece.text).encode(), tail), piece)

    def _ending(self, draft: Draft, told: str) -> Iterator[Frame]:
        last = choice_of({}, finish=draft.finish)
        yield self._chunk(choices=[last], told=told, usage=self._total(draft))
        if told in {"last", "nulls"}:
            usage = bill(self._total(draft), nulls=told == "nulls")
            yield event(self._base("chat.completion.chunk") | {"choices": [], "usage": usage})
        yield Frame(DONE)

    def _mould(self) -> tuple[bytes, bytes]:
        """The bytes before and after the text of a plain chunk: only the text differs between them."""
        mark = "\0"
        frame = self._chunk(choices=[choice_of({"content": mark})], told="", usage=None)
        head, _, tail = frame.payload.partition(json.dumps(mark).encode())
        return head, tail

    def _chunk(self, *, choices: list[Any], told: str, usage: Usage | None, piece: Piece | None = None) -> Frame:
        body = self._base("chat.completion.chunk") | {"choices": choices}
        if told == "every chunk":
            body["usage"] = bill(usage) if usage else None
        elif self.request.option("include_usage"):
            body["usage"] = None
        if self.request.option("include_obfuscation") is not False:
            body["obfuscation"] = "aB3dE5fG7h"
        return event(body, piece)

    def _base(self, kind: str) -> dict[str, Any]:
        base = {"id": self.id, "object": kind, "created": self.created, "model": self.request.model}
        tier = self.request.body.get("service_tier") or "default"
        return base | {"service_tier": tier, "system_fingerprint": "fp_emulator"}

    def _at(self, completion: int) -> Usage:
        return Usage(prompt=self.bill.prompt, cached=self.bill.cached, completion=completion)

    def _total(self, draft: Draft) -> Usage:
        return self._at(sum(piece.tokens for piece in draft.pieces))


def choice_of(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": finish}


def event(body: Mapping[str, Any], piece: Piece | None = None) -> Frame:
    """One server-sent event, compact as the vendor writes it."""
    return Frame(b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n", piece)


def bill(usage: Usage, *, nulls: bool = False) -> dict[str, Any]:
    """The `usage` object. With `nulls`, every number a client might trust is missing."""
    details = {"cached_tokens": usage.cached, "audio_tokens": 0}
    spent = {"reasoning_tokens": 0, "audio_tokens": 0}
    if nulls:
        return {
            "prompt_tokens": None,
            "completion_tokens": None,
            "total_tokens": None,
            "prompt_tokens_details": {"cached_tokens": None},
            "completion_tokens_details": None,
        }
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": details,
        "completion_tokens_details": spent,
    }
