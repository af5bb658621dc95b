"""Faults: what can be wrong with an answer, and the desk that decides who gets which.

`bot.llm.emulator.refusals` makes those that replace the answer, `bot.llm.emulator.twists` those that spoil it
on its way.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.llm.emulator.draft import Draft
from bot.llm.emulator.replies import Reply
from bot.llm.emulator.requests import ChatRequest
from bot.llm.emulator.wire import Steps


def _same_draft(draft: Draft) -> Draft:
    return draft


def _same_steps(steps: Steps) -> Steps:
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A reply instead of the answer, or a change to the draft, or to the bytes on the wire."""

    name: str
    reply: Reply | None = None
    redraft: Callable[[Draft], Draft] = _same_draft
    rewire: Callable[[Steps], Steps] = _same_steps


class Faults:
    """Which fault the next request meets."""

    def __init__(self) -> None:
        self._next: deque[Fault] = deque()
        self._standing: list[tuple[Callable[[ChatRequest], bool], Fault]] = []

    def next(self, *faults: Fault) -> None:
        """Each fault for one request, in this order."""
        self._next.extend(faults)

    def when(self, predicate: Callable[[ChatRequest], bool], fault: Fault) -> None:
        """This fault for every request the predicate picks, until `clear`."""
        self._standing.append((predicate, fault))

    def clear(self) -> None:
        self._next.clear()
        self._standing.clear()

    def take(self, request: ChatRequest) -> Fault | None:
        for predicate, fault in self._standing:
            if predicate(request):
                return fault
        return self._next.popleft() if self._next else None
