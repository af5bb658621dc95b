"""What goes wrong at models."""

from typing import ClassVar, Literal

from bot.errors.base import ParleyError


class ModelError(ParleyError):
    """The model side failed."""

    retryable: ClassVar[bool] = False


class UpstreamBusy(ModelError):
    """The endpoint asks us to slow down; `retry_after` in seconds when it said so."""

    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UpstreamDown(ModelError):
    """The endpoint cannot be reached, timed out before the first delta, or answered 5xx."""

    retryable = True


class ContextOverflow(ModelError):
    """The endpoint says the prompt is too long; `window` in tokens when it said how long it may be."""

    def __init__(self, message: str = "", *, window: int | None = None) -> None:
        super().__init__(message)
        self.window = window


class CompletionRefused(ModelError):
    """The request or its content was refused; repeating it will not help."""


class OwnKeyRefused(ModelError):
    """An endpoint does not take the key that the person gave for it, or not for this model."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.endpoint = endpoint


class StreamInterrupted(ModelError):
    """The answer broke off after its first delta; what arrived is kept."""


class UpstreamMisconfigured(ModelError):
    """Key, credit, permission or model name is wrong: an operator has to act on `hint`."""

    def __init__(
        self, message: str = "", *, hint: str = "", cause: Literal["credit", "key", "model", "address"] = "address"
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.cause = cause
