"""What may not be said or answered."""

from collections.abc import Sequence
from datetime import datetime

from bot.errors.base import UserError


class _Flagged(UserError):
    """Moderation found something in the named categories, and the operator wants it blocked."""

    def __init__(self, categories: Sequence[str]) -> None:
        super().__init__(", ".join(categories))
        self.categories = tuple(categories)


class MessageFlagged(_Flagged):
    """A message may not be answered."""


class AnswerFlagged(_Flagged):
    """An answer may not stay."""


class TimedOut(UserError):
    """Too many of somebody's messages were blocked: nothing of theirs is answered until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until
