"""Everything Parley raises on purpose. Errors carry facts; `bot.texts.errors` has the sentences.

ParleyError
├── ConfigError                refuse to start; lists every bad setting
├── UserError                  someone can act on it; `bot.texts` has a sentence for every leaf
│   ├── AccessDenied
│   ├── UnderMaintenance       .note
│   ├── UnknownCommand         .name .refused
│   ├── BadArgument            .usage .example
│   ├── UnknownPerson          .name
│   ├── AmbiguousPerson        .name .candidates
│   ├── Outranked              .name
│   ├── ButtonOfAnother
│   ├── ButtonExpired
│   ├── TooManyAttempts
│   ├── NotReversible          .number .why
│   ├── UnknownModel           .name
│   ├── UnknownPlan            .name
│   ├── RequestDecided         .number .by
│   ├── UnknownPersona         .name
│   ├── LeftOut
│   ├── MessageTooLong         .limit .size
│   ├── RepeatedTooOften       .seconds
│   ├── QuotaExceeded          .standing
│   ├── QuotaFrozen
│   ├── BudgetExhausted        .scope .span .resets_at
│   ├── PriceUnknown           .models
│   ├── PictureFailed
│   ├── MessageFlagged         .categories
│   ├── AnswerFlagged          .categories
│   └── TimedOut               .until
├── ModelError                 .retryable: the same call may succeed if it is repeated
│   ├── UpstreamBusy           .retry_after
│   ├── UpstreamDown
│   ├── ContextOverflow        .window
│   ├── CompletionRefused
│   ├── OwnKeyRefused          .endpoint
│   ├── StreamInterrupted      after the first delta: never repeated silently
│   └── UpstreamMisconfigured  .hint .cause
├── PlatformError              .permanent: repeating it cannot help
│   ├── PlatformBusy           .retry_after
│   ├── PlatformDown           .outcome_unknown
│   ├── RecipientGone
│   ├── MessageRejected
│   └── PlatformMisconfigured  .hint
├── FileRefused .why           a note beside the answer says so
├── NotAdmitted                somebody whom nobody has let in yet; who meets it rings the bell
└── StorageError
    ├── StorageDown            it may be tried again
    ├── Conflict
    ├── LostLease
    └── Unreadable             sealed by a key that is not there
"""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.quotas import Standing
from bot.errors.base import ParleyError, UserError
from bot.errors.commands import (
    AmbiguousPerson,
    BadArgument,
    ButtonExpired,
    ButtonOfAnother,
    NotReversible,
    Outranked,
    RequestDecided,
    TooManyAttempts,
    UnknownCommand,
    UnknownModel,
    UnknownPerson,
    UnknownPersona,
    UnknownPlan,
)
from bot.errors.files import FileRefused
from bot.errors.models import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    OwnKeyRefused,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.errors.moderation import AnswerFlagged, MessageFlagged, TimedOut
from bot.errors.platforms import (
    MessageRejected,
    PlatformBusy,
    PlatformDown,
    PlatformError,
    PlatformMisconfigured,
    RecipientGone,
)
from bot.errors.storing import Conflict, LostLease, StorageDown, StorageError, Unreadable

__all__ = [
    "AccessDenied",
    "AmbiguousPerson",
    "AnswerFlagged",
    "AnsweredElsewhere",
    "BadArgument",
    "BudgetExhausted",
    "ButtonExpired",
    "ButtonOfAnother",
    "CompletionRefused",
    "ConfigError",
    "Conflict",
    "ContextOverflow",
    "FileRefused",
    "LeftOut",
    "LostLease",
    "MessageFlagged",
    "MessageRejected",
    "MessageTooLong",
    "ModelError",
    "NotAdmitted",
    "NotReversible",
    "Outranked",
    "OwnKeyRefused",
    "ParleyError",
    "PictureFailed",
    "PlatformBusy",
    "PlatformDown",
    "PlatformError",
    "PlatformMisconfigured",
    "PriceUnknown",
    "QuotaExceeded",
    "QuotaFrozen",
    "RecipientGone",
    "RepeatedTooOften",
    "RequestDecided",
    "StorageDown",
    "StorageError",
    "StreamInterrupted",
    "TimedOut",
    "TooManyAttempts",
    "UnderMaintenance",
    "UnknownCommand",
    "UnknownModel",
    "UnknownPerson",
    "UnknownPersona",
    "UnknownPlan",
    "Unreadable",
    "UpstreamBusy",
    "UpstreamDown",
    "UpstreamMisconfigured",
    "UserError",
]


class ConfigError(ParleyError):
    """Parley cannot start; `problems` names every bad setting with what to do about it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class AccessDenied(UserError):
    """The account is blocked or may not do this."""


class NotAdmitted(ParleyError):
    """Somebody wrote whom nobody has let in yet."""


class UnderMaintenance(UserError):
    """Only admins are answered now; `note` is what they tell everybody else about it, or nothing."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


class LeftOut(UserError):
    """It was said while an answer was written, and its author wants such messages left out."""


class AnsweredElsewhere(UserError):
    """In this group questions are answered in one topic alone: `topic` is what it is called, "" if nobody knows."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic)
        self.topic = topic


class MessageTooLong(UserError):
    """One message alone is larger than the model's window, or than the operator allows (both in tokens)."""

    def __init__(self, *, limit: int, size: int) -> None:
        super().__init__(f"{size} tokens, at most {limit}")
        self.limit = limit
        self.size = size


class RepeatedTooOften(UserError):
    """The same was said again and again; in `seconds` it may be said once more."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class QuotaExceeded(UserError):
    """A limit does not reach for this. `standing.resets_at` is when it will; None if waiting does not help."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(f"{standing.whose} {standing.rule.key}: {standing.used} of {standing.limit}")
        self.standing = standing


class QuotaFrozen(UserError):
    """An admin froze what the account may use."""


class BudgetExhausted(UserError):
    """What everybody together may spend in a `span` ("day" or "month") does not reach for this turn.

    `scope` is the platform the budget is for, "" for all of them; `resets_at` is UTC.
    """

    def __init__(self, *, scope: str, span: str, resets_at: datetime) -> None:
        super().__init__(f"{scope or 'all'}/{span}")
        self.scope = scope
        self.span = span
        self.resets_at = resets_at


class PriceUnknown(UserError):
    """Nobody knows what the models cost, and the operator wants none like that used."""

    def __init__(self, models: Sequence[str]) -> None:
        super().__init__(", ".join(models))
        self.models = tuple(models)


class PictureFailed(UserError):
    """A chart could not be drawn: what draws it is not installed, or failed."""
