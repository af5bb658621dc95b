"""The line that says that the bot is thinking.

In a thread Slack takes it away with the answer. A direct message has no thread, but there the line may stand under the
question itself: Slack takes any message for a thread's root (github.com/typeclaw/typeclaw/pull/582, tried on a live
workspace). An answer beside it does not take it away (github.com/n8n-io/n8n/pull/31591), so we do.
"""

import logging
from dataclasses import dataclass, field

from adapters.slack.calls import Calls
from adapters.slack.pacing import STATUS
from bot.errors import PlatformError
from bot.ports import Clock

log = logging.getLogger(__name__)

_AGAIN = 90.0
"""Seconds after which the line is set again: Slack takes it back after two minutes."""
_NOT_HERE = frozenset({"channel_type_not_supported", "invalid_thread_ts", "method_not_supported_for_channel_type"})
"""Refusals that say nothing about other places."""


@dataclass(slots=True, kw_only=True)
class StatusLine:
    """One answer's line. It is a courtesy: nothing here raises a PlatformError."""

    calls: Calls
    clock: Clock
    channel: str
    root: str
    """The thread, or the question where there is none; "" if there is neither."""
    threaded: bool
    """The answer will come in a thread, and with it the end of the line."""
    _text: str = field(default="", init=False)
    _since: float | None = field(default=None, init=False)
    _stands: bool = field(default=False, init=False)

    async def show(self, text: str) -> None:
        """One call, if the line is new or about to fade, and there is one to spare."""
        if not self.root or not self.calls.offers(STATUS) or self._fresh(text):
            return
        if self.calls.pacing.preview(STATUS, self.channel, f"{self.channel}/{self.root}"):
            # Noted before the call: whoever is interrupted here must assume that it stands.
            self._text, self._since, self._stands = text, self.clock.monotonic(), True
            self._stands = await self._set(text)

    async def end(self) -> None:
        """Take it back, unless Slack does."""
        if self._stands and not self.threaded:
            self._stands = False
            await self._set("")

    def _fresh(self, text: str) -> bool:
        if text != self._text or self._since is None:
            return False
        return self.clock.monotonic() - self._since < _AGAIN

    async def _set(self, text: str) -> bool:
        """Whether something may stand there now."""
        call = self.calls.preview if text else self.calls.final
        try:
            answer = await call(STATUS, channel_id=self.channel, thread_ts=self.root, status=text, expected=_NOT_HERE)
        except PlatformError as error:
            log.debug("no status: %s", error)
            return True
        return "error" not in answer
