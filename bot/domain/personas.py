"""Personas: what a model is told first, and how it is asked.

A prompt may name what changes from turn to turn: `{name}`, `{date}`, `{platform}`. In the prompt itself these become
fixed words, and their values stand beside the new message: whatever stands first must not change, or the provider's
cache of it is lost.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args

from bot.domain.models import Parameters, ReasoningEffort, Verbosity

DEFAULT = "default"
"""The persona of whoever chose none."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")

LONGEST = 20_000
"""Characters of a prompt with its settings."""

VARIABLES = ("name", "date", "platform")

_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
_HEAD = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0.01, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "reasoning_effort": get_args(ReasoningEffort),
    "verbosity": get_args(Verbosity),
}
_LONGEST_WORDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A prompt and how the model is asked with it.

    Args:
        name: as in `/persona set NAME`.
        prompt: with its variables.
        about: one line for the list.
        model: a chain or model that answers, whatever the rules say; "" leaves it to them.
        parameters: go over those of the models.
    """

    name: str
    prompt: str
    about: str = ""
    model: str = ""
    parameters: Parameters = field(default_factory=Parameters)

    @classmethod
    def read(cls, name: str, text: str) -> Self:
        """A prompt, which may begin with settings in TOML between two lines of `+++`. Raises ValueError."""
        if not NAME.fullmatch(name):
            raise ValueError("a name has small letters, digits, - and _, and 32 of them at most")
        if len(text) > LONGEST:
            raise ValueError(f"more than {LONGEST} characters")
        head = _HEAD.match(text)
        settings = _settings(head[1]) if head else {}
        about, model = settings.pop("about", ""), settings.pop("model", "")
        if not (isinstance(about, str) and isinstance(model, str)):
            raise ValueError("about and model are words in quotes")  # noqa: TRY004 - a mistake of whoever wrote the text
        prompt = (text[head.end() :] if head else text).strip()
        return cls(name=name, prompt=prompt, about=about, model=model, parameters=_parameters(settings))

    @property
    def fixed(self) -> str:
        """The prompt, the same at every turn."""
        return _VARIABLE.sub(r"<\1>", self.prompt)

    def note(self, values: Mapping[str, str]) -> str:
        """What the variables of the prompt stand for at this turn; "" if it has none. Values are strangers' words."""
        used = [name for name in VARIABLES if f"{{{name}}}" in self.prompt]
        return "\n".join(f"<{name}>: {_tame(values.get(name, ''))}" for name in used)


def _tame(value: str) -> str:
    """One line, and not too long a one: people call themselves what they like."""
    return " ".join(value.split())[:_LONGEST_WORDS]


def _settings(head: str) -> dict[str, Any]:
    try:
        return tomllib.loads(head)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"the settings are no TOML: {error}") from error


def _parameters(settings: Mapping[str, Any]) -> Parameters:
    for name, value in settings.items():
        if not _is_valid(name, value):
            raise ValueError(f"{name} = {value!r}")
    return Parameters(**settings)


def _is_valid(name: str, value: Any) -> bool:
    if name in _RANGES:
        lowest, highest = _RANGES[name]
        return isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest
    if name in _CHOICES:
        return value in _CHOICES[name]
    return name == "max_output" and isinstance(value, int) and not isinstance(value, bool) and value > 0
