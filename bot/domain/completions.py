"""What is asked of a model and what it used."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a prompt, as the model sees it."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request. `tokens` is our estimate of the messages, `answer_room` the most tokens the answer may have.

    `key` is stable per conversation (the provider's prompt cache), `person` a pseudonym of the account.
    """

    model: str
    messages: Sequence[PromptMessage]
    tokens: int
    answer_room: int
    key: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call. `cached` and `cache_written` are parts of `input`, `reasoning` is part of `output`.

    `estimated` means that the server did not say and that we counted ourselves.
    """

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0
    cache_written: int = 0
    estimated: bool = False

    @property
    def total(self) -> int:
        return self.input + self.output
