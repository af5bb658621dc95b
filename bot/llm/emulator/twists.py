"""Faults that spoil an answer on its way: each function makes one `Fault`. `after` counts text chunks."""

import json
from collections.abc import Callable
from dataclasses import replace

from bot.llm.emulator.draft import Draft, Field, Piece, Told
from bot.llm.emulator.faults import Fault
from bot.llm.emulator.replies import Problem
from bot.llm.emulator.wire import DONE, Event, Frame, Open, Steps

BROKEN_JSON = Frame(b'data: {"id":"chatcmpl-emulator","choices":[{"index":0,"delta":{"cont\n\n')
OVERLOADED = Problem(message="The server had an error processing your request.", type="server_error", code="overloaded")


def cut_clean(after: int = 3) -> Fault:
    """The body ends properly, without `finish_reason` and `[DONE]`: no client library notices."""
    return Fault(name="clean cut", rewire=lambda steps: _head(steps, after))


def cut_tcp(after: int = 3) -> Fault:
    """The connection closes inside the chunked body."""
    return Fault(name="tcp cut", rewire=lambda steps: (*_head(steps, after), Event.CUT))


def stall(after: int = 3) -> Fault:
    """Silence after some text, until the client hangs up."""
    return Fault(name="stall", rewire=lambda steps: (*_head(steps, after), Event.HOLD))


def stall_first() -> Fault:
    """Headers, then silence."""
    opening = Open(content_type="text/event-stream; charset=utf-8")
    return Fault(name="stall before the first token", rewire=lambda _: (opening, Event.HOLD))


def stall_headers() -> Fault:
    """Silence from the start."""
    return Fault(name="stall before the headers", rewire=lambda _: (Event.HOLD,))


def error_frame(after: int = 3, *, problem: Problem = OVERLOADED) -> Fault:
    """A `data: {"error": …}` event inside a 200 stream, which then ends."""
    frame = Frame(b"data: " + json.dumps(problem.body()).encode() + b"\n\n")
    return Fault(name="error frame", rewire=lambda steps: (*_head(steps, after), frame))


def broken_json(after: int = 3) -> Fault:
    """An event whose JSON stops in the middle; the stream then ends."""
    return Fault(name="broken json", rewire=lambda steps: (*_head(steps, after), BROKEN_JSON))


def no_done() -> Fault:
    """`finish_reason` and usage arrive, `[DONE]` does not."""
    return Fault(name="no [DONE]", rewire=lambda steps: tuple(s for s in steps if s != Frame(DONE)))


def open_socket() -> Fault:
    """Everything arrives, and then the server keeps the body open."""
    return Fault(name="open socket", rewire=lambda steps: (*steps, Event.HOLD))


def usage(told: Told) -> Fault:
    """Usage told otherwise than the client asked: `never`, `every chunk` (cumulative) or `nulls`."""
    return Fault(name=f"usage {told}", redraft=lambda draft: replace(draft, usage=told))


def empty_first() -> Fault:
    """A first chunk with `choices: []`, as Azure sends it."""
    return Fault(name="choices [] first", redraft=lambda draft: replace(draft, empty_first=True))


def comments() -> Fault:
    """`: comment` lines between the chunks, as OpenRouter sends them."""
    return Fault(name="comments", redraft=lambda draft: replace(draft, comments=True))


def reasoning(text: str = "Let me think about it.") -> Fault:
    """Thinking in `reasoning_content` before the answer, as llama.cpp, vLLM and DeepSeek send it."""
    thought = tuple(Piece(text=f"{word} ", tokens=1, field="reasoning_content") for word in text.split())
    return Fault(name="reasoning", redraft=lambda draft: replace(draft, pieces=thought + draft.pieces))


def refusal() -> Fault:
    """The text comes as `delta.refusal`."""
    return Fault(name="refusal", redraft=_in_field("refusal"))


def filtered(after: int = 3) -> Fault:
    """A content filter ends the answer: `finish_reason` `content_filter`."""
    return Fault(
        name="content filter",
        redraft=lambda draft: replace(draft, pieces=draft.pieces[:after], finish="content_filter"),
    )


def _in_field(field: Field) -> Callable[[Draft], Draft]:
    def moved(draft: Draft) -> Draft:
        return replace(draft, pieces=tuple(replace(piece, field=field) for piece in draft.pieces))

    return moved


def _head(steps: Steps, after: int) -> Steps:
    """Everything before text chunk number `after`; a body that is sent whole is cut before its bytes."""
    texts = [index for index, step in enumerate(steps) if isinstance(step, Frame) and step.piece is not None]
    if after < len(texts):
        return steps[: texts[after]]
    return steps[: texts[-1] + 1] if texts else steps[:2]
