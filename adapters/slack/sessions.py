"""Sessions: what Slack shows of a thread of an app that is an agent: its title, and a Stop button while it is at work.

Slack takes nothing back by itself: a session is `processing` until we say otherwise, or end a stream in it
(docs.slack.dev/reference/events/agent_session_stopped).
"""

import logging
from dataclasses import dataclass, field
from typing import Any

from adapters.slack.calls import Calls
from adapters.slack.pacing import SESSION
from bot.errors import PlatformError

log = logging.getLogger(__name__)

LONGEST_TITLE = 200
_RENAME = "agents.sessions.rename"


@dataclass(slots=True, kw_only=True)
class Session:
    """One thread's. It is a courtesy: nothing here raises a PlatformError."""

    calls: Calls
    channel: str
    thread: str
    """"" where there is none: there is no session then."""
    _at_work: bool = field(default=False, init=False)

    async def begin(self, title: str, user: str) -> None:
        """Show the Stop button. Title and user count when the session is new."""
        if self._at_work or not self.thread or not self.calls.offers(SESSION):
            return
        if self.calls.pacing.preview(SESSION, self.channel, f"{self.channel}/{self.thread}"):
            # Noted before the call: whoever is interrupted here must assume that it stands.
            self._at_work = True
            await self._set("processing", title=title[:LONGEST_TITLE] or None, initiator_user_id=user)

    async def end(self) -> None:
        """Take the button away, if it was shown."""
        if self._at_work:
            self._at_work = False
            await self.rest()

    async def rest(self) -> None:
        """Nothing is at work in the thread, whoever began it."""
        if self.thread and self.calls.offers(SESSION):
            await self._set("active")

    async def rename(self, title: str) -> None:
        """Give it another title."""
        place = {"channel_id": self.channel, "thread_ts": self.thread}
        try:
            await self.calls.final(_RENAME, **place, title=title[:LONGEST_TITLE], expected={"session_not_found"})
        except PlatformError as error:
            log.debug("no title: %s", error)

    async def _set(self, status: str, **more: Any) -> None:
        call = self.calls.preview if status == "processing" else self.calls.final
        try:
            await call(SESSION, channel_id=self.channel, thread_ts=self.thread, status=status, **more)
        except PlatformError as error:
            log.debug("no session: %s", error)
