"""Forms for commands that are clumsy to type, in nobody's language yet. Platforms that have none do without."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """A blank of a questionnaire; see `bot.domain.updates.Blank`. What is shown of an option is a Text."""

    label: Text
    kind: Literal["line", "lines", "person", "choice"] = "line"
    before: str = ""
    value: str = ""
    options: Sequence[tuple[Text, str]] = ()
    optional: bool = False
    longest: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """A form in nobody's language yet, for a command that is clumsy to type.

    `command` has no slash, `title` at most 24 characters in any language; `otherwise` says how the command is typed.
    """

    title: Text
    command: str
    blanks: Sequence[Blank]
    otherwise: Text
