"""How an update is answered beside its place: what the core carries in `Update.answer_by` without looking into it."""

from dataclasses import dataclass
from typing import Self

_NONE = "-"
RESTS = "rests"
"""A press on an agent's Stop button: the answer ends the session's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whoever gave a command or clicked. Nothing in it holds a blank.

    Args:
        user: their id.
        url: reaches them where they did it, for half an hour and five times; "" if there is none.
        trigger: opens a form for them, once and within three seconds; "" if there is none.
    """

    user: str = ""
    url: str = ""
    trigger: str = ""

    @classmethod
    def read(cls, answer_by: str) -> Self:
        """What was packed; nothing of it for an ordinary message."""
        words = [] if answer_by == RESTS else [word.removeprefix(_NONE) for word in answer_by.split(" ")]
        user, url, trigger, *_ = [*words, "", "", ""]
        return cls(user=user, url=url, trigger=trigger)

    def packed(self) -> str:
        return " ".join(word or _NONE for word in (self.user, self.url, self.trigger))
