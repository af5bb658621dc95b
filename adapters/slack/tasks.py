"""Slow steps before the first word (waiting in line, reading a file), as the task cards of a stream."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.ports import Clock

Json = dict[str, Any]

SLOW = 2.0
"""Seconds after which a step is worth a card; what is over sooner is said in the status line alone."""
_LONGEST = 256
"""Characters of a title."""
_NUMBERS = re.compile(r"\d+")


@dataclass(slots=True)
class _Task:
    id: str
    title: str
    since: float
    status: Literal["in_progress", "complete"] = "in_progress"
    shown: tuple[str, str] | None = None
    """Title and status, as they stand in the stream."""


@dataclass(slots=True)
class Tasks:
    """The steps of one answer, in order."""

    clock: Clock
    _known: dict[str, _Task] = field(default_factory=dict)

    def now(self, what: str) -> None:
        """The answer waits for this; "" when it waits for nothing but the model.

        The same words with other numbers are the same step: `Queued, about 5 s`.
        """
        kind = _NUMBERS.sub("", what)
        for other, task in self._known.items():
            if other != kind:
                task.status = "complete"
        if what:
            task = self._known.setdefault(kind, _Task(f"step-{len(self._known)}", what, self.clock.monotonic()))
            task.title, task.status = what[:_LONGEST], "in_progress"

    @property
    def slow(self) -> bool:
        """Whether a step takes so long that it should be seen."""
        now = self.clock.monotonic()
        return any(task.status == "in_progress" and now - task.since >= SLOW for task in self._known.values())

    def news(self) -> list[Json]:
        """What stands otherwise in the stream than it is, as chunks; a step that was over soon is left out."""
        told = (task for task in self._known.values() if task.shown or task.status == "in_progress")
        return [_chunk(task) for task in told if task.shown != (task.title, task.status)]

    def told(self, chunks: list[Json]) -> None:
        """These stand in the stream now."""
        for task in self._known.values():
            for chunk in chunks:
                if chunk.get("id") == task.id:
                    task.shown = chunk["title"], chunk["status"]


def _chunk(task: _Task) -> Json:
    return {"type": "task_update", "id": task.id, "title": task.title, "status": task.status}
