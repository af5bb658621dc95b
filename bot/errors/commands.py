"""What is wrong with a command."""

from collections.abc import Mapping
from typing import Literal

from bot.errors.base import UserError


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
