"""What an agent shows beside its messages: status line, session, title, suggested prompts."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from adapters.slack.emulator.values import Json

SESSION_STATES = ("active", "processing", "suspended", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    text: str
    loading_messages: tuple[str, ...] = ()
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    status: str
    title: str = ""
    initiator: str = ""


class Threads:
    """Keyed by channel and root ts. A status ends by itself, or when the bot says something there."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.sessions: dict[tuple[str, str], Session] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str], list[Json]] = {}
        self._statuses: dict[tuple[str, str], Status] = {}
        self._clock = clock

    def status(self, channel: str, thread_ts: str) -> Status | None:
        status = self._statuses.get((channel, thread_ts))
        return status if status and status.expires_at > self._clock() else None

    def set_status(self, channel: str, thread_ts: str, status: Status) -> None:
        self._statuses[channel, thread_ts] = status

    def clear_status(self, channel: str, thread_ts: str | None) -> bool:
        """Whether there was one."""
        return thread_ts is not None and self._statuses.pop((channel, thread_ts), None) is not None

    def set_session(self, channel: str, thread_ts: str, status: str, title: str, initiator: str) -> Session:
        """Title and initiator count only when the session is new."""
        key = (channel, thread_ts)
        known = self.sessions.get(key) or Session(status=status, title=title, initiator=initiator)
        self.sessions[key] = replace(known, status=status)
        return self.sessions[key]

    def rename(self, channel: str, thread_ts: str, title: str) -> bool:
        """Whether there is such a session."""
        known = self.sessions.get((channel, thread_ts))
        if known:
            self.sessions[channel, thread_ts] = replace(known, title=title)
        return known is not None
