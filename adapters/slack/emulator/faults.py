"""Misfortune on demand: errors, refusals, silence, cut connections."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    error: str | None = None
    """Answer `{"ok": false, "error": …}`."""
    status: int | None = None
    """Answer this HTTP status with an HTML body, as a gateway does."""
    retry_after: int | None = None
    """Answer 429 with this many seconds."""
    hang: float = 0.0
    """Wait this many seconds, then go on as usual."""
    drop_connection: Literal["before", "after"] | None = None
    """Cut the connection before the call took effect, or after it did but before the answer."""


class Faults:
    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def next(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        retry_after: int | None = None,
        hang: float = 0.0,
        drop_connection: Literal["before", "after"] | None = None,
        times: int = 1,
    ) -> None:
        """Spoil the next `times` calls of `method`; `*` means any method. Faults queue up."""
        fault = Fault(error=error, status=status, retry_after=retry_after, hang=hang, drop_connection=drop_connection)
        self._waiting[method].extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        for name in (method, "*"):
            if self._waiting[name]:
                return self._waiting[name].popleft()
        return None

    def clear(self) -> None:
        self._waiting.clear()
