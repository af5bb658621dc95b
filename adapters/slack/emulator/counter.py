"""Things handed out for a short time: trigger ids and response URLs; and the views opened with them."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.slack.emulator.values import ApiError, Json, Timing


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A response URL: for whom, where, and how often it still works."""

    channel: str
    user: str
    thread_ts: str | None
    message_ts: str | None
    """The message whose button was pressed."""
    expires_at: float
    uses: int


class Counter:
    def __init__(self, timing: Timing, clock: Callable[[], float]) -> None:
        self.homes: dict[str, Json] = {}
        """The home tab, by user."""
        self.modals: dict[str, Json] = {}
        """Open modals, by view id."""
        self.uploads: dict[str, bytes] = {}
        self.files: dict[str, Json] = {}
        self.tickets: dict[str, Ticket] = {}
        self._triggers: dict[str, tuple[str, float]] = {}
        self._timing = timing
        self._clock = clock

    def trigger(self, name: str, user: str) -> str:
        self._triggers[name] = (user, self._clock() + self._timing.trigger_life)
        return name

    def exchange(self, name: str) -> str:
        """The user who pressed; a trigger works once and not for long."""
        if name not in self._triggers:
            raise ApiError("invalid_trigger_id")
        user, expires_at = self._triggers[name]
        if not user:
            raise ApiError("exchanged_trigger_id")
        if self._clock() > expires_at:
            raise ApiError("expired_trigger_id")
        self._triggers[name] = ("", expires_at)
        return user

    def issue(self, name: str, *, channel: str, user: str, thread_ts: str | None, message_ts: str | None) -> str:
        self.tickets[name] = Ticket(
            channel=channel,
            user=user,
            thread_ts=thread_ts,
            message_ts=message_ts,
            expires_at=self._clock() + self._timing.response_url_life,
            uses=self._timing.response_url_uses,
        )
        return name

    def use(self, name: str) -> Ticket | str:
        """The ticket, or why it does not work any more."""
        ticket = self.tickets.get(name)
        if ticket is None:
            return "invalid_url"
        if ticket.uses <= 0:
            return "used_url"
        if self._clock() > ticket.expires_at:
            return "expired_url"
        ticket.uses -= 1
        return ticket
