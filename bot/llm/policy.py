"""What to do about each failure of a call: the one table. It holds before the first piece of an answer.

| failure                          | same way again          | next way | breaker         | an admin is told |
|----------------------------------|-------------------------|----------|-----------------|------------------|
| connection, timeout, 5xx         | twice, full jitter      | yes      | counts          |                  |
| 429, overloaded                  | after Retry-After ≤ 5 s | yes      | overload only   |                  |
| credit or spending limit used up | never                   | yes      | opens the key's | yes              |
| 401, 403                         | never                   | yes      |                 | yes              |
| 403 of a moderated message       | never                   | no       |                 |                  |
| unknown model                    | never                   | yes      | opens           | yes              |
| wrong address                    | never                   | yes      | opens           | yes              |
| prompt too long                  | never: the core trims   | no       |                 |                  |
| refused, other 400               | never                   | no       |                 |                  |
| broken off after the first piece | never                   | no       | counts          |                  |
| any passing one of the flex tier | never                   | yes      |                 |                  |

There are two kinds of breakers: a model's at its endpoint, which all keys share, and a key's, which is shut while the
account behind it has no money. 401 and 403 shut none: some servers answer 403 to what a single message asks for.

Rows and reasons: OpenAI's error codes (https://platform.openai.com/docs/guides/error-codes) and what other servers
make of them (`bot.llm.errors`).
"""

from dataclasses import dataclass
from typing import Literal

from bot.errors import ModelError, StreamInterrupted, UpstreamBusy, UpstreamDown, UpstreamMisconfigured
from bot.llm.breaker import Failure, failure_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one failure means. `again` and `elsewhere`: where another attempt makes sense; `of`: whose breaker."""

    again: bool = False
    elsewhere: bool = False
    breaker: Failure | None = None
    of: Literal["model", "key"] = "model"
    alert: bool = False


def judge(error: ModelError) -> Verdict:
    """The table's row for an error."""
    if isinstance(error, UpstreamDown | UpstreamBusy):
        return Verdict(again=True, elsewhere=True, breaker=failure_of(error))
    if isinstance(error, UpstreamMisconfigured):
        # A key that is refused says nothing about the model's other keys.
        breaker = None if error.cause == "key" else Failure(final=True)
        of: Literal["model", "key"] = "key" if error.cause == "credit" else "model"
        return Verdict(elsewhere=True, breaker=breaker, of=of, alert=True)
    if isinstance(error, StreamInterrupted):
        return Verdict(breaker=failure_of(error))
    return Verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a turn is tried for, in seconds. `deadline` bounds everything before the first piece, waits included."""

    attempts: int = 3
    deadline: float = 90.0
    #: How long a turn may stand in line before an endpoint that has no room.
    queue: float = 60.0
    #: The ceiling of the first wait between attempts; it doubles with every attempt.
    backoff: float = 0.5
    #: A server that asks for a longer wait than this is not waited for, nor is room, while there is another way.
    longest_wait: float = 5.0

    def wait(self, error: ModelError, attempt: int, chance: float) -> float | None:
        """Seconds before the same way is tried again after attempt `attempt`; None if it is not. `chance` in [0, 1)."""
        if attempt >= self.attempts or not judge(error).again:
            return None
        asked = error.retry_after if isinstance(error, UpstreamBusy) else None
        if asked is None:
            # Full jitter: a crowd that failed together does not come back together.
            return chance * min(self.backoff * 2.0 ** (attempt - 1), self.longest_wait)
        return asked + chance * 0.1 * asked if asked <= self.longest_wait else None


LEISURE = Patience(deadline=300.0, queue=240.0)
"""For calls that nobody waits for."""
