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
│   └── ContentRefused
├── ModelError                 .retryable: the same call may succeed if it is repeated
│   ├── UpstreamBusy           .retry_after
│   ├── UpstreamDown
│   ├── ContextOverflow        .window
│   ├── CompletionRefused
│   ├── StreamInterrupted      after the first delta: never repeated silently
│   └── UpstreamMisconfigured  .hint .cause
├── PlatformError              .permanent: repeating it cannot help
│   ├── PlatformBusy           .retry_after
│   ├── PlatformDown           .outcome_unknown
│   ├── RecipientGone
│   ├── MessageRejected
│   └── PlatformMisconfigured  .hint
├── NotAdmitted                somebody whom nobody has let in yet; who meets it rings the bell
└── StorageError
    ├── StorageDown            it may be tried again
    ├── Conflict
    └── LostLease
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from bot.domain.quotas import Standing
from bot.errors.base import ParleyError
from bot.errors.models import (
    CompletionRefused,
    ContextOverflow,
    ModelError,
    StreamInterrupted,
    UpstreamBusy,
    UpstreamDown,
    UpstreamMisconfigured,
)
from bot.errors.platforms import (
    MessageRejected,
    PlatformBusy,
    PlatformDown,
    PlatformError,
    PlatformMisconfigured,
    RecipientGone,
)
from bot.errors.storing import Conflict, LostLease, StorageDown, StorageError

__all__ = [  # of what is defined elsewhere
    "CompletionRefused",
    "Conflict",
    "ContextOverflow",
    "LostLease",
    "MessageRejected",
    "ModelError",
    "ParleyError",
    "PlatformBusy",
    "PlatformDown",
    "PlatformError",
    "PlatformMisconfigured",
    "RecipientGone",
    "StorageDown",
    "StorageError",
    "StreamInterrupted",
    "UpstreamBusy",
    "UpstreamDown",
    "UpstreamMisconfigured",
]


class ConfigError(ParleyError):
    """Parley cannot start; `problems` names every bad setting with what to do about it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class UserError(ParleyError):
    """The person who caused it can act on it."""


class AccessDenied(UserError):
    """The account is blocked or may not do this."""


class NotAdmitted(ParleyError):
    """Somebody wrote whom nobody has let in yet."""


class UnderMaintenance(UserError):
    """Only admins are answered now; `note` is what they tell everybody else about it, or nothing."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


class UnknownCommand(UserError):
    """No such command, or none that this person may know of: then `refused` says what of it was called."""

    def __init__(self, name: str, *, refused: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.refused = refused


class BadArgument(UserError):
    """A command was called with arguments it cannot use. `usage` and `example` begin with its name."""

    def __init__(self, *, usage: str, example: str) -> None:
        super().__init__(usage)
        self.usage = usage
        self.example = example


class UnknownPerson(UserError):
    """Nobody the bot has met goes by that name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class AmbiguousPerson(UserError):
    """Several people go by that name, or one by a name that only looks like it.

    `candidates`: what to call them instead (such as `#17`), and who they are.
    """

    def __init__(self, name: str, candidates: Mapping[str, str]) -> None:
        super().__init__(name)
        self.name = name
        self.candidates = dict(candidates)


class Outranked(UserError):
    """Only somebody with a higher role may do that to the person called `name`, or give such a role."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ButtonOfAnother(UserError):
    """The button confirms what somebody else has asked for."""


class ButtonExpired(UserError):
    """The button confirms what was asked for too long ago."""


class TooManyAttempts(UserError):
    """Too many codes were tried in vain, by this person or by all together; in an hour it may be tried again."""


class NotReversible(UserError):
    """The act of that number in the audit log cannot be taken back."""

    def __init__(self, number: int, why: Literal["unknown", "late", "final", "reverted", "changed"]) -> None:
        super().__init__(f"{number}: {why}")
        self.number = number
        self.why = why


class UnknownModel(UserError):
    """No model goes by that name, or none that this person may use."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class RequestDecided(UserError):
    """Somebody has decided about that request before: the admin `by`, an identity as text."""

    def __init__(self, number: int, *, by: str) -> None:
        super().__init__(str(number))
        self.number = number
        self.by = by


class UnknownPlan(UserError):
    """No plan goes by that name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class UnknownPersona(UserError):
    """No persona goes by that name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


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


class ContentRefused(UserError):
    """The model's provider refused to deal with the content."""
