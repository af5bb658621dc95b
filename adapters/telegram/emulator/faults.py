"""Trouble on order: the next call of a method fails, hangs, or loses its connection."""

from collections import defaultdict, deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from adapters.telegram.emulator.refusals import ApiError, too_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong once. `hang` is seconds before anything else happens.

    `drop` cuts the connection: "before" the call took effect, or "after" it, when the client cannot know.
    `malformed` answers 502 with an HTML page, as a proxy in front of the real service does.
    """

    status: int | None = None
    retry_after: int | None = None
    description: str | None = None
    hang: float = 0.0
    drop: Literal["before", "after"] | None = None
    malformed: bool = False

    def refusal(self) -> ApiError | None:
        if self.retry_after is not None and self.description is None:
            return too_many(self.retry_after)
        if self.status is None:
            return None
        text = self.description or HTTPStatus(self.status).phrase
        parameters = {} if self.retry_after is None else {"retry_after": self.retry_after}
        return ApiError(self.status, text, **parameters)


class Faults:
    """Faults waiting for their call, per method in order; method "*" is any."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def next(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls of `method` meet `fault`."""
        self._waiting[method.lower()].extend([fault] * times)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        if not self._waiting:
            return None
        for name in (method.lower(), "*"):
            if queue := self._waiting.get(name):
                return queue.popleft()
        return None
