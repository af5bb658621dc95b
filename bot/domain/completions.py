"""What is asked of a model and what it used."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

from bot.domain.models import BACKGROUND, Chain, Key, ModelCard, Parameters, Purpose
from bot.domain.pictures import Picture


def joined(pieces: Iterable[str]) -> str:
    """Pieces of an answer as one text that can be stored and sent.

    JSON may spell half a character, a lone surrogate; its other half may be in the next piece, or nowhere.
    """
    text = "".join(pieces)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def is_blank(text: str) -> bool:
    """Whether nothing of it would be seen: blanks, and letters without a width. Telegram refuses it as empty."""
    return all(letter.isspace() or unicodedata.category(letter) == "Cf" for letter in text)


Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptMessage:
    """One message of a prompt, as the model sees it. `passing`: the next prompt will not hold it like that.

    Models that cannot see get the text alone, in which pictures are named.
    """

    role: Role
    text: str
    passing: bool = False
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request, and the models that may answer it, the first first.

    `tokens` is our estimate of the messages, `answer_room` the most tokens the answer may have. `key` is stable per
    conversation (the provider's prompt cache), `person` a pseudonym of the account. Higher priorities wait less; what
    is in the background waits for all of them, whatever its own. `anew` asks for another answer than one that was given
    before. `parameters` go over the model's own. `service_tier` "" leaves the tier to the endpoint. `most` is how many
    tokens all attempts together may take: beyond it nothing is tried again. `masked`: the vendor is to see no personal
    data of it. `own` are keys of the person's, by endpoint, in place of the operator's.
    """

    chain: Chain
    messages: Sequence[PromptMessage]
    tokens: int
    answer_room: int
    key: str = ""
    person: str = ""
    priority: int = 0
    anew: bool = False
    purpose: Purpose = "chat"
    parameters: Parameters = field(default_factory=Parameters)
    service_tier: str = ""
    most: int | None = None
    masked: bool = False
    own: Mapping[str, Key] = field(default_factory=dict)

    def leaves(self, taken: int) -> bool:
        """Whether there is room for another attempt when so many tokens were taken."""
        return self.most is None or taken + self.tokens + self.answer_room <= self.most

    @property
    def background(self) -> bool:
        """Whether nobody waits for the answer."""
        return self.purpose in BACKGROUND

    @property
    def card(self) -> ModelCard:
        """The model that is asked first."""
        return self.chain.first

    def to(self, card: ModelCard) -> Self:
        """The same for one model alone, whose own limit of output holds."""
        room = card.room(self.answer_room, self.parameters)
        return replace(self, chain=Chain(name=self.chain.name, cards=(card,)), answer_room=room)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An attempt that had begun to answer and gave none: it broke off, or the model refused. Vendors charge for it.

    `answered` is who answered, as the server calls it; `reason` the class of the error; `lasted` is in seconds.
    """

    card: ModelCard
    answered: str
    usage: Usage
    service_tier: str | None
    reason: str
    lasted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How an answer was got: who gave it, after how many attempts, and how long it took (seconds).

    `waited` is the time in line before endpoints without room, `first_piece` from the successful request to the first
    piece of text, `lasted` from that request to the end. A `cached` answer was given to somebody before: it took no
    attempt and no tokens. `masked`: something of the prompt was, so it was shorter or longer than we counted.
    """

    card: ModelCard
    attempts: int
    waited: float
    first_piece: float
    lasted: float
    cached: bool = False
    masked: bool = False
