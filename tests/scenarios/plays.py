"""The table of faults: how each is played on our emulator, and on aimock, or why aimock cannot play it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.llm.emulator import Fault, refusals, twists
from bot.llm.emulator.draft import draft
from bot.llm.emulator.replies import Reply
from bot.llm.emulator.wire import Event
from tests.litellm import PROGRAM

TEXT = "one two three four five six"
FOREVER = 60_000
"""Milliseconds; longer than anybody waits."""

Fixture = Mapping[str, Any]


def answering(content: str = TEXT, *, tokens: int = 6, **more: Any) -> dict[str, Any]:
    """An answer of aimock's, in pieces of seven characters, billed as our emulator bills “hello” by words."""
    usage = {"prompt_tokens": 12, "completion_tokens": tokens, "total_tokens": 12 + tokens}
    own = {name: more.pop(name) for name in ("finishReason", "reasoning") if name in more}
    return {"response": {"content": content, "usage": usage, **own}, "chunkSize": 7, **more}


def failing(status: int, code: str | int | None = None, kind: str | None = None, **more: Any) -> Fixture:
    error = {"message": more.pop("message", f"{status} by a fixture"), "type": kind, "code": code}
    return {"response": {"error": error, "status": status, **more}}


def timings(*delays: int) -> Fixture:
    """Milliseconds before each event after the first."""
    return {"ttftMs": 0, "interChunkDelaysMs": [*delays], "totalDurationMs": sum(delays)}


def cut(*delays: int) -> Fixture:
    """The connection closes while it waits. Closed at once, it would take the last event with it."""
    return {**ANSWER, "recordedTimings": timings(*delays), "disconnectAfterMs": 100}


ANSWER = answering()


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A fault. `aimock` is its fixture there, or the reason why it has none; `litellm` is what LiteLLM's proxy makes of
    it, if people see something else through it.
    """

    emulator: Fault
    aimock: Fixture | str
    litellm: str = ""

    def on(self, stand: str) -> bool:
        """Whether it can be played there, to the same end."""
        return not {"emulator": "", "aimock": isinstance(self.aimock, str), "litellm": self.litellm}[stand]


_BODIES_END = "it cuts connections, and never ends a body before its end"
_WELL_FORMED = "what it streams is well formed"
_WHOLE_STREAMS = "its streams end with [DONE] and the end of the body"
_JSON_ONLY = "its errors are JSON"
_HEADERS_LATE = "it sends its headers together with the first event"
_ALWAYS_BILLS = "it sends usage once and in numbers, at the end, whenever it is asked for"
_OPENROUTER = "it does so at its OpenRouter address only, where everything else is shaped otherwise too"

_ENDS_WELL = "it ends what the vendor broke off as if that were whole"
_COUNTS = "it counts tokens itself where the vendor has not told them by the end"

PLAYS: Mapping[str, Play] = {
    # Refused before anything was begun.
    "429 for 20 ms": Play(
        emulator=refusals.rate_limited(retry_after_ms="20"), aimock="it sends no retry-after-ms, and always Retry-After"
    ),
    "429 for no time": Play(
        emulator=refusals.rate_limited(retry_after="0"), aimock=failing(429, "rate_limit_exceeded", retryAfter=0)
    ),
    "429 until a date long ago": Play(
        emulator=refusals.rate_limited(retry_after="Sun, 22 Nov 2020 10:00:00 GMT"),
        aimock=failing(429, "rate_limit_exceeded", retryAfter="Sun, 22 Nov 2020 10:00:00 GMT"),
    ),
    "429 for 30 s": Play(
        emulator=refusals.rate_limited(retry_after="30"), aimock=failing(429, "rate_limit_exceeded", retryAfter=30)
    ),
    "429 for 7.5 s": Play(
        emulator=refusals.rate_limited(retry_after_ms="7500"),
        aimock=failing(429, "rate_limit_exceeded", retryAfter=7.5),
    ),
    "429 until a date far away": Play(
        emulator=refusals.rate_limited(retry_after="Sun, 22 Nov 2099 10:00:00 GMT"),
        aimock=failing(429, "rate_limit_exceeded", retryAfter="Sun, 22 Nov 2099 10:00:00 GMT"),
    ),
    **{
        code: Play(emulator=refusals.out_of_credit(code), aimock=failing(429, code, "insufficient_quota"))
        for code in refusals.QUOTA_CODES
    },
    **{
        str(status): Play(emulator=refusals.status(status), aimock=failing(status, code))
        for status, code in {
            400: "invalid_request",
            401: "invalid_api_key",
            402: None,
            403: "unsupported_country",
            404: "model_not_found",
            408: "request_timeout",
            422: "unprocessable",
            500: None,
        }.items()
    },
    "403 moderated": Play(emulator=refusals.moderated(), aimock=_OPENROUTER),
    "502 html": Play(emulator=refusals.html(502), aimock=_JSON_ONLY),
    "503 html": Play(emulator=refusals.html(503), aimock=_JSON_ONLY),
    # No stream.
    "hung up": Play(
        emulator=Fault(name="hung up", rewire=lambda _: (Event.CUT,)), aimock={**ANSWER, "chaos": {"disconnectRate": 1}}
    ),
    "malformed body": Play(
        emulator=refusals.refused(Reply(status=200, body=b"{malformed json", reason="malformed")),
        aimock={**ANSWER, "chaos": {"malformedRate": 1}},
        litellm=_ENDS_WELL,
    ),
    "web page": Play(
        emulator=refusals.not_a_stream(),
        aimock=_JSON_ONLY,
        litellm=_ENDS_WELL,
    ),
    "empty stream": Play(
        emulator=refusals.empty(),
        aimock="its streams begin with an event",
        litellm=_ENDS_WELL,
    ),
    "silence": Play(emulator=twists.stall_headers(), aimock={**ANSWER, "latency": FOREVER}),
    "silence after the headers": Play(emulator=twists.stall_first(), aimock=_HEADERS_LATE),
    # Broken off after the first event and before the first piece.
    "clean cut at the beginning": Play(
        emulator=twists.cut_clean(after=0),
        aimock=_BODIES_END,
        litellm=_ENDS_WELL,
    ),
    "cut at the beginning": Play(emulator=twists.cut_tcp(after=0), aimock=cut(FOREVER)),
    "broken JSON at the beginning": Play(emulator=twists.broken_json(after=0), aimock=_WELL_FORMED),
    "silence at the beginning": Play(
        emulator=twists.stall(after=0), aimock={**ANSWER, "recordedTimings": timings(FOREVER)}
    ),
    "refusal": Play(
        emulator=twists.refusal(),
        aimock="it knows no delta.refusal",
        litellm="it drops delta.refusal, so that there is an answer without a word",
    ),
    "filtered at the beginning": Play(emulator=twists.filtered(after=0), aimock="it takes no answer without a word"),
    # Broken off after two words.
    "clean cut": Play(
        emulator=twists.cut_clean(2),
        aimock=_BODIES_END,
        litellm=_ENDS_WELL,
    ),
    "cut": Play(emulator=twists.cut_tcp(2), aimock=cut(0, FOREVER)),
    "error event": Play(emulator=twists.error_frame(2), aimock="an error is its whole answer or no part of it"),
    "broken JSON": Play(emulator=twists.broken_json(2), aimock=_WELL_FORMED),
    "silence in between": Play(emulator=twists.stall(2), aimock={**ANSWER, "recordedTimings": timings(0, FOREVER)}),
    "filtered": Play(
        emulator=twists.filtered(after=2), aimock=answering("one two", tokens=2, finishReason="content_filter")
    ),
    "length": Play(
        emulator=Fault(name="length", redraft=lambda _: draft("word " * 500, lambda text: len(text.split()), 100)),
        aimock=answering("word " * 100, tokens=100, finishReason="length"),
    ),
    # Quirks.
    "no [DONE]": Play(emulator=twists.no_done(), aimock=_WHOLE_STREAMS),
    "open socket": Play(
        emulator=twists.open_socket(),
        aimock=_WHOLE_STREAMS,
        litellm="it tells usage only after the end of the vendor's body",
    ),
    "choices [] first": Play(emulator=twists.empty_first(), aimock="its first event always has a choice"),
    "comments": Play(emulator=twists.comments(), aimock=_OPENROUTER),
    "usage on every chunk": Play(emulator=twists.usage("every chunk"), aimock=_ALWAYS_BILLS),
    "usage never": Play(
        emulator=twists.usage("never"),
        aimock=_ALWAYS_BILLS,
        litellm=_COUNTS,
    ),
    "usage of nulls": Play(emulator=twists.usage("nulls"), aimock=_ALWAYS_BILLS),
    "thinking": Play(emulator=twists.reasoning("let me think"), aimock=answering(tokens=9, reasoning="let me think")),
    # Too long, in every dialect.
    "overflow at OpenAI": Play(
        emulator=refusals.overflow_openai(100),
        aimock=failing(400, "context_length_exceeded", message="The maximum context length is 100 tokens."),
    ),
    "overflow at vLLM": Play(
        emulator=refusals.overflow_vllm(100),
        aimock=failing(400, 400, "BadRequestError", message="This model's maximum context length is 100 tokens."),
    ),
    "overflow at llama.cpp": Play(
        emulator=refusals.overflow_llama_cpp(100),
        aimock="it drops the fields in which llama.cpp tells its window",
        litellm="it drops the fields in which llama.cpp tells its window",
    ),
    "overflow at LiteLLM": Play(
        emulator=refusals.overflow_litellm(100),
        aimock=failing(400, "400", message="litellm.ContextWindowExceededError: maximum context length is 100 tokens"),
    ),
}


def played(*names: str | tuple[Any, ...]) -> pytest.MarkDecorator:
    """Run a test with each of these faults on each stand that can play it.

    A name, or a tuple that begins with one and goes on with what the test `expected`.
    """
    rows = [one if isinstance(one, tuple) else (one,) for one in names]
    expecting = any(row[1:] for row in rows)
    return pytest.mark.parametrize(
        ("stand", "play", "expected") if expecting else ("stand", "play"),
        [
            pytest.param(stand, PLAYS[name], *([rest] if expecting else []), id=f"{stand}-{name}", marks=marks)
            for stand, marks in STANDS.items()
            for name, *rest in rows
            if PLAYS[name].on(stand)
        ],
        indirect=["stand"],
    )


STANDS: Mapping[str, Sequence[pytest.MarkDecorator]] = {
    "emulator": (),
    "aimock": (pytest.mark.node, pytest.mark.timeout(180)),
    **({"litellm": (pytest.mark.timeout(180),)} if PROGRAM else {}),
}
