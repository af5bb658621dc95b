"""What goes wrong with a chat platform."""

from typing import ClassVar

from bot.errors.base import ParleyError


class PlatformError(ParleyError):
    """A call to a chat platform failed."""

    permanent: ClassVar[bool] = True


class PlatformBusy(PlatformError):
    """The platform asks us to wait `retry_after` seconds."""

    permanent = False

    def __init__(self, message: str = "", *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlatformDown(PlatformError):
    """No usable answer. With `outcome_unknown` the call may have taken effect all the same."""

    permanent = False

    def __init__(self, message: str = "", *, outcome_unknown: bool = True) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class RecipientGone(PlatformError):
    """Blocked, kicked, deleted or archived: nothing can be delivered there any more."""


class MessageRejected(PlatformError):
    """The platform refuses this very message, formatted and plain."""


class PlatformMisconfigured(PlatformError):
    """Token or permission is wrong: an operator has to act on `hint`."""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
