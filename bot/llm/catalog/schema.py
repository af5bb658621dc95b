"""The shape of the models file: what may stand where, and the values each piece turns into."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from bot.domain import models

#: What a request can do without; the messages and the output limit it cannot.
PARAMETERS = (
    "temperature",
    "top_p",
    "reasoning_effort",
    "verbosity",
    "presence_penalty",
    "frequency_penalty",
    "stream_options",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
)
Tier = Literal["flex", "priority", "fast", "batch"]


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no http(s) address: write all of it, like https://api.openai.com/v1")
    if parts.username or parts.password or parts.query:
        raise ValueError("holds a name, password or query: put keys into `keys`, the address is shown in logs")
    return value.rstrip("/")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _known(value: str) -> str:
    if value not in PARAMETERS:
        raise ValueError(f"is no parameter that could be left out; those are {', '.join(PARAMETERS)}")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # which Python would take for 0 or 1
        raise ValueError("should be a number")  # noqa: TRY004 - pydantic reports this one
    return value


Count = Annotated[int, Field(strict=True, gt=0)]
Size = Annotated[int, Field(strict=True, ge=0)]
Real = Annotated[float, BeforeValidator(_number)]
Share = Annotated[Real, Field(ge=0, le=1)]
Flag = Annotated[bool, Field(strict=True)]
Words = Annotated[frozenset[Annotated[str, Field(min_length=1)]], BeforeValidator(_several)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
ModelName = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]
Money = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
Url = Annotated[str, AfterValidator(_url)]
Unsupported = frozenset[Annotated[str, AfterValidator(_known)]]


class Piece(BaseModel):
    """A table of the file. A setting that is not known is a mistake: a typo would otherwise go unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def given(self) -> dict[str, Any]:
        """What stands in the file, without what does not."""
        return self.model_dump(exclude_none=True)


class KeySource(Piece):
    """Where a key is found; a plain text is the key itself."""

    env: Annotated[str, Field(min_length=1)] | None = None
    file: Annotated[str, Field(min_length=1)] | None = None
    plain: SecretStr | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_table(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"plain": value}
        if not isinstance(value, Mapping) or len(value) != 1 or not value.keys() <= {"env", "file"}:
            raise ValueError('should be {env = "NAME"}, {file = "path"} or the key itself in quotes')
        return value


class LimitsPiece(Piece):
    """Limits of one key."""

    rpm: Count | None = None
    tpm: Count | None = None
    rpd: Count | None = None
    tpd: Count | None = None
    concurrent: Count | None = None
    burst: Share | None = None
    counted: models.Counted | None = None

    def value(self) -> models.Limits:
        return models.Limits(**self.given())


class RatesPiece(Piece):
    """US$ per million tokens, as text or number: both are read to the last digit."""

    input: Money
    output: Money
    cached_input: Money | None = None
    cache_write: Money | None = None

    def rates(self) -> models.Rates:
        """A vendor without a price for cached tokens takes the full one."""
        return models.Rates(
            input=self.input,
            output=self.output,
            cached_input=self.input if self.cached_input is None else self.cached_input,
            cache_write=self.input if self.cache_write is None else self.cache_write,
        )


class LongRatesPiece(RatesPiece):
    """Rates of calls whose prompt has more than `tokens` tokens."""

    tokens: Count


class PriceListPiece(RatesPiece):
    """Prices of one service tier."""

    above: Sequence[LongRatesPiece] = ()

    @model_validator(mode="after")
    def _each_step_once(self) -> "PriceListPiece":
        steps = [step.tokens for step in self.above]
        if len(steps) != len(set(steps)):
            raise ValueError("has two entries in `above` for the same number of tokens")
        return self

    def prices(self) -> models.PriceList:
        steps = sorted(self.above, key=lambda step: step.tokens)
        return models.PriceList(base=self.rates(), above=tuple((step.tokens, step.rates()) for step in steps))


class PricesPiece(PriceListPiece):
    """The operator's prices of a model: the list price, and those of other service tiers."""

    service_tiers: Mapping[Tier, PriceListPiece] = Field(default_factory=dict)

    def by_tier(self) -> dict[str, models.PriceList]:
        others: dict[str, models.PriceList] = {tier: piece.prices() for tier, piece in self.service_tiers.items()}
        return others | {models.STANDARD_TIER: self.prices()}


class ParametersPiece(Piece):
    """Ranges are OpenAI's (https://platform.openai.com/docs/api-reference/chat/create)."""

    temperature: Annotated[Real, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Real, Field(gt=0, le=1)] | None = None
    max_output: Count | None = None
    reasoning_effort: models.ReasoningEffort | None = None
    verbosity: models.Verbosity | None = None
    presence_penalty: Annotated[Real, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[Real, Field(ge=-2, le=2)] | None = None

    def value(self) -> models.Parameters:
        return models.Parameters(**self.given())


class ModelPiece(Piece):
    """A model of an endpoint."""

    name: ModelName
    known_as: ModelName | None = None
    window: Annotated[Count, Field(ge=512)] | None = None
    max_output: Count | None = None
    prices: PricesPiece | None = None
    max_tokens_field: models.LimitField | None = None
    unsupported: Unsupported = frozenset()
    parameters: ParametersPiece = Field(default_factory=ParametersPiece)
    limits: LimitsPiece = Field(default_factory=LimitsPiece)
    sees_images: Flag | None = None
    flex: Flag = False
    cache_mark: models.CacheMark | None = None

    @property
    def vendor_name(self) -> str:
        return self.known_as or self.name


class EndpointPiece(Piece):
    """An endpoint without its models. `max_tokens_field` and `unsupported` hold for all of those."""

    name: Name
    base_url: Url
    keys: Sequence[KeySource] | None = None
    provider: str | None = Field(None, min_length=1)
    max_tokens_field: models.LimitField | None = None
    unsupported: Unsupported = frozenset()
    limits: LimitsPiece = Field(default_factory=LimitsPiece)


class GuardPiece(Piece):
    """How large what somebody on a plan asks for may be."""

    question: Count | None = None
    answer: Annotated[Count, Field(ge=64)] | None = None
    call: Annotated[Count, Field(ge=512)] | None = None
    turn: Annotated[Count, Field(ge=512)] | None = None

    def value(self) -> models.Guard:
        return models.Guard(**self.given())


class WhenPiece(Piece):
    """Conditions of a rule."""

    plan: Words | None = None
    purpose: Annotated[frozenset[models.Purpose], BeforeValidator(_several)] | None = None
    command: Words | None = None
    language: Words | None = None
    complexity: Annotated[frozenset[models.Complexity], BeforeValidator(_several)] | None = None
    images: Flag | None = None
    quota_left_below: Share | None = None
    quota_left_above: Share | None = None
    prompt_tokens_above: Size | None = None
    prompt_tokens_below: Count | None = None
    message_longer_than: Size | None = None
    message_shorter_than: Count | None = None

    def value(self) -> models.Conditions:
        return models.Conditions(**self.given())


class RulePiece(Piece):
    """A rule; without `when` it holds always."""

    chain: str
    when: WhenPiece = Field(default_factory=WhenPiece)

    def value(self) -> models.Rule:
        return models.Rule(chain=self.chain, when=self.when.value())
