"""Who is served next: the highest priority, but never so that a lower one starves. Background waits for everybody."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Turn = TypeVar("Turn")


BACKGROUND = -1
"""The priority of turns that nobody waits for."""


class FairQueue(Generic[Turn]):
    """Turns by priority (higher numbers first) and, within one, by arrival.

    Nobody starves: a class whose head was passed over `patience` times is served next, the one passed over most often
    first. So with P priorities waiting, at most `patience` + P - 1 turns of others are served between two turns of one
    class, and a turn that arrives behind n others of its class is served after at most (n + 1) * (patience + P) turns.
    Turns in the background have no such claim: they are served when nobody else is there.
    """

    def __init__(self, patience: int = 5) -> None:
        self._patience = patience
        self._classes: dict[int, OrderedDict[Turn, None]] = {}
        self._passed_over: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._classes.values()))

    def __bool__(self) -> bool:
        return bool(self._classes)

    def __iter__(self) -> Iterator[Turn]:
        """Roughly in the order of service: by priority and arrival, whatever patience does to it."""
        for priority in sorted(self._classes, reverse=True):
            yield from self._classes[priority]

    def push(self, turn: Turn, priority: int) -> None:
        self._classes.setdefault(priority, OrderedDict())[turn] = None
        self._passed_over.setdefault(priority, 0)

    def first(self) -> Turn:
        """Who is served next; the queue must not be empty."""
        return next(iter(self._classes[self._next_class()]))

    def serve(self, turn: Turn, priority: int) -> None:
        """Take `turn` out because its time has come."""
        for other in self._passed_over:
            self._passed_over[other] += 1
        self._passed_over[priority] = 0
        self.remove(turn, priority)

    def remove(self, turn: Turn, priority: int) -> None:
        """Take `turn` out because it does not want to wait any longer; nothing happens if it is out already."""
        waiting = self._classes.get(priority)
        if waiting is None:
            return
        waiting.pop(turn, None)
        if not waiting:
            del self._classes[priority], self._passed_over[priority]

    def _next_class(self) -> int:
        waited_for = [priority for priority in self._classes if priority > BACKGROUND]
        if not waited_for:
            return max(self._classes)
        worst = max(waited_for, key=lambda priority: (self._passed_over[priority], priority))
        return worst if self._passed_over[worst] >= self._patience else max(waited_for)
