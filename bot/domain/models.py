"""Which models there are: endpoints, what each model can do and costs, and the chains that turns are sent along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Literal, Self

Purpose = Literal["chat", "summary", "title", "moderation", "batch", "transcription"]
Complexity = Literal["low", "medium", "high"]
ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Verbosity = Literal["low", "medium", "high"]
CacheMark = Literal["prompt_cache_breakpoint", "cache_control"]
Counted = Literal["used", "promised"]
LimitField = Literal["max_completion_tokens", "max_tokens"]

BACKGROUND: frozenset[Purpose] = frozenset({"summary", "title"})
"""Nobody waits for these: they are asked for cheaply and last. What moderates a message is waited for."""

DEFAULT_CHAIN = "default"
LIGHT_CHAIN = "light"
DEFAULT_GUARD = "default"

STANDARD_TIER = "default"
"""The service tier that list prices are for."""

_ANY_KEY = "unused"
"""Local servers take any key, but OpenAI's SDK insists on one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A secret of an endpoint. `name` says where it comes from and may be shown, the secret never.

    `personal`: a person gave it, for what they ask.
    """

    name: str
    secret: str = field(repr=False)
    personal: bool = False

    @classmethod
    def own(cls, secret: str) -> Self:
        """A person's: they pay, and what is wrong with it is no business of anybody else's."""
        return cls(name=f"own {blake2b(secret.encode(), digest_size=6).hexdigest()}", secret=secret, personal=True)

    @classmethod
    def none(cls) -> Self:
        """For servers that ask for none."""
        return cls(name="none", secret=_ANY_KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one key may use: requests and tokens per minute and per day, requests at once. None is unlimited.

    `burst` is the share of a limit that may be used at once, `counted` the tokens that count: those that were used, or
    those that were promised (prompt and longest answer). None leaves either to what is known of the server.
    """

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    tpd: int | None = None
    concurrent: int | None = None
    burst: float | None = None
    counted: Counted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """US$ per million tokens, which is micro-US$ per token."""

    input: Decimal
    output: Decimal
    cached_input: Decimal
    cache_write: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """Rates of a model. Each `above` (tokens → rates, ascending) replaces them for every token of a longer prompt.

    All vendors with such tiers price the whole call by the size of its prompt; none prices only the excess.
    """

    base: Rates
    above: Sequence[tuple[int, Rates]] = ()

    def at(self, prompt_tokens: int) -> Rates:
        """The rates of a call with that many input tokens."""
        rates = self.base
        for start, longer in self.above:
            if prompt_tokens > start:
                rates = longer
        return rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How a model is asked to answer; None leaves it to the endpoint. `max_output` is in tokens."""

    temperature: float | None = None
    top_p: float | None = None
    max_output: int | None = None
    reasoning_effort: ReasoningEffort | None = None
    verbosity: Verbosity | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None

    def over(self, others: Self) -> Self:
        """These where they are set, else `others`: a persona's over the model's."""
        return type(self)(**(others.given() | self.given()))

    def given(self) -> dict[str, Any]:
        """What is set, by name."""
        values = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in values if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model at an endpoint. `window` and `max_output` are tokens; `name` is the endpoint's word for the model.

    `known_as` is the vendor's name where the endpoint has another (an Azure deployment, a proxy's alias).
    `prices` are the operator's, by service tier; empty when he leaves them to the price table. `cache_mark` is what the
    endpoint wants written where a prefix worth keeping ends, if it wants anything.
    """

    endpoint: str
    name: str
    known_as: str
    window: int
    max_output: int | None = None
    prices: Mapping[str, PriceList] = field(default_factory=dict)
    max_tokens_field: LimitField = "max_completion_tokens"
    unsupported: frozenset[str] = frozenset()
    parameters: Parameters = field(default_factory=Parameters)
    limits: Limits = field(default_factory=Limits)
    sees_images: bool = False
    flex: bool = False
    cache_mark: CacheMark | None = None

    @property
    def ref(self) -> str:
        """How chains, commands and people name it: `endpoint/name`."""
        return f"{self.endpoint}/{self.name}"

    def room(self, wanted: int, asked: Parameters | None = None) -> int:
        """Tokens that an answer may have when `wanted` are: no more than the model can write or was told to write."""
        told = (asked or Parameters()).over(self.parameters).max_output
        return min(one for one in (wanted, self.max_output, told) if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server and the keys it is asked with, each of which has `limits` of its own.

    `provider` is the price table's word for the vendor; None to tell by the address.
    """

    name: str
    base_url: str
    keys: Sequence[Key]
    limits: Limits = field(default_factory=Limits)
    provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Models to try, the first first. Never empty."""

    name: str
    cards: Sequence[ModelCard]

    @property
    def first(self) -> ModelCard:
        return self.cards[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a rule asks of a turn: everything given has to hold. Sizes are exclusive bounds.

    `quota_left_*` are shares (0 to 1), `prompt_tokens_*` tokens, `message_*` characters.
    """

    plan: frozenset[str] | None = None
    purpose: frozenset[str] | None = None
    command: frozenset[str] | None = None
    language: frozenset[str] | None = None
    complexity: frozenset[str] | None = None
    images: bool | None = None
    quota_left_below: float | None = None
    quota_left_above: float | None = None
    prompt_tokens_above: int | None = None
    prompt_tokens_below: int | None = None
    message_longer_than: int | None = None
    message_shorter_than: int | None = None

    @property
    def always(self) -> bool:
        """Whether nothing is asked."""
        return all(getattr(self, one.name) is None for one in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Turns that meet the conditions go along that chain."""

    chain: str
    when: Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFacts:
    """What is known of a call before a model is chosen.

    `quota_left` is the share of the scarcest quota left (1 when unlimited), `message_length` counts characters,
    `prompt_tokens` everything that the model would be given. `pinned` is the model the person chose, by ref or name.
    """

    plan: str = ""
    purpose: Purpose = "chat"
    command: str = ""
    language: str = ""
    complexity: Complexity = "medium"
    has_images: bool = False
    quota_left: float = 1.0
    prompt_tokens: int = 0
    message_length: int = 0
    pinned: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How large what somebody on a plan asks for may be, in tokens: one message, one answer, one call (all that goes to
    the model, and its answer), and all calls of a turn together. None leaves it to the settings and the model.
    """

    question: int | None = None
    answer: int | None = None
    call: int | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything the operator configured. `access` names the refs a plan may use; a plan it does not name may use all.
    `guards` are by plan, that of plans without one under DEFAULT_GUARD.

    Whoever builds one sees to it that every chain has models, that `chains` is not empty, that rules name chains of
    it, and that each plan of `access` may use a model of the default chain.
    """

    endpoints: Mapping[str, Endpoint]
    models: Mapping[str, ModelCard]
    chains: Mapping[str, Chain]
    rules: Sequence[Rule] = ()
    access: Mapping[str, frozenset[str]] = field(default_factory=dict)
    guards: Mapping[str, Guard] = field(default_factory=dict)

    @classmethod
    def single(cls, *, base_url: str, key: str | None, model: str, window: int, sees_images: bool = False) -> Self:
        """One model behind one key: what OPENAI_API_KEY and MODEL alone describe."""
        keys = (Key(name="OPENAI_API_KEY", secret=key) if key else Key.none(),)
        endpoint = Endpoint(name="main", base_url=base_url, keys=keys)
        card = ModelCard(endpoint=endpoint.name, name=model, known_as=model, window=window, sees_images=sees_images)
        return cls(
            endpoints={endpoint.name: endpoint},
            models={card.ref: card},
            chains={DEFAULT_CHAIN: Chain(name=DEFAULT_CHAIN, cards=(card,))},
        )

    @property
    def default(self) -> Chain:
        """The chain of that name, or the first."""
        return self.chains.get(DEFAULT_CHAIN) or next(iter(self.chains.values()))

    def guard(self, plan: str) -> Guard:
        return self.guards.get(plan) or self.guards.get(DEFAULT_GUARD) or Guard()

    def may_use(self, plan: str, card: ModelCard) -> bool:
        allowed = self.access.get(plan)
        return allowed is None or card.ref in allowed

    def offered(self, plan: str) -> list[ModelCard]:
        """What somebody on this plan may choose from, in the order of the file."""
        return [card for card in self.models.values() if self.may_use(plan, card)]

    def find(self, named: str, plan: str) -> ModelCard | None:
        """The model of that ref, else the first of that name, among those the plan may use."""
        offered = self.offered(plan)
        same_ref = (card for card in offered if card.ref == named)
        same_name = (card for card in offered if card.name == named)
        return next(same_ref, None) or next(same_name, None)
