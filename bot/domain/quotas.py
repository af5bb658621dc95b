"""What may be used, of what, in which time: plans, the limits they set, and how far each is used up.

Money is whole micro-US$.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal, Self, get_args

from bot.domain.windows import Window

Meter = Literal["messages", "input", "output", "tokens", "cost"]
METERS: tuple[Meter, ...] = get_args(Meter)

ANY_MODEL = ""
"""The scope of a limit that counts whatever answers."""

Whose = Literal["own", "pool", "chat", "member"]
"""Whose limit it is: the account's, that on a group's pool, the group's as a whole, or that of each member in it."""

SOFT = 0.8
"""The share of a limit at which its person is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What something takes of each meter. `tokens` are input and output together."""

    messages: int = 0
    input: int = 0
    output: int = 0
    tokens: int = 0
    cost: int = 0

    @classmethod
    def of_turn(cls, *, prompt: int, answer: int, cost: int) -> Self:
        """One message and its answer: tokens, and micro-US$."""
        return cls(messages=1, input=prompt, output=answer, tokens=prompt + answer, cost=cost)

    def of(self, meter: Meter) -> int:
        return int(getattr(self, meter))

    def plus(self, other: Self) -> Self:
        return type(self)(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})

    def less(self, drawn: Mapping[Meter, int]) -> Self:
        """What is left of it without what credits pay; never negative."""
        return type(self)(**{meter: max(0, self.of(meter) - drawn.get(meter, 0)) for meter in METERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A limit: so much of a meter in a window. `limit` None lifts it.

    `scope` is what must answer for it to count: a chain (`strong`), a model (`openai/gpt-6-luna`), or ANY_MODEL.
    """

    meter: Meter
    window: Window
    limit: int | None
    scope: str = ANY_MODEL

    @property
    def key(self) -> tuple[Meter, str, str]:
        """Two rules of one key are the same limit, set differently."""
        return self.meter, self.scope, str(self.window)

    def counts(self, tier: str, model: str) -> bool:
        """Whether what a model answered along a chain counts."""
        return self.scope in (ANY_MODEL, tier, model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What accounts may use. Turns of a higher `priority` wait less for endpoints without room.

    `keep` is for how many days their words are kept, None: until they have them forgotten.
    """

    name: str
    rules: Sequence[Rule] = ()
    priority: int = 0
    keep: int | None = None


def account_subject(account_id: int) -> str:
    """Whose use it is when an account pays."""
    return f"account:{account_id}"


def subjects(account_id: int, chat: str, *, pooled: bool) -> tuple[str, ...]:
    """Everything that a turn counts against: who pays, and in a group (`chat` is not "") the group and its member.

    The member pays, or the group's pool.
    """
    if not chat:
        return (account_subject(account_id),)
    payer = f"pool:{chat}" if pooled else account_subject(account_id)
    return payer, f"chat:{chat}", f"member:{account_id}@{chat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The limits on what one subject uses."""

    whose: Whose
    subject: str
    rules: Sequence[Rule]

    def on(self, tier: str, model: str) -> Self:
        """Those of them that count what a model answers along a chain."""
        return replace(self, rules=[rule for rule in self.rules if rule.counts(tier, model)])


def in_force(rules: Iterable[Rule], *changes: Iterable[Rule]) -> tuple[Rule, ...]:
    """The limits that hold: each rule as it was last changed, without those that were lifted."""
    latest = {rule.key: rule for some in (rules, *changes) for rule in some}
    return tuple(sorted((rule for rule in latest.values() if rule.limit is not None), key=_order))


def _order(rule: Rule) -> tuple[int, str, float]:
    return METERS.index(rule.meter), rule.scope, rule.window.length.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a limit is used up. `used` includes what running turns have reserved."""

    rule: Rule
    used: int
    whose: Whose = "own"
    resets_at: datetime | None = None

    @property
    def limit(self) -> int:
        assert self.rule.limit is not None  # noqa: S101 - only limits that hold are counted
        return self.rule.limit

    @property
    def left(self) -> int:
        """What may still be reserved; never negative."""
        return max(0, self.limit - self.used)

    @property
    def share_left(self) -> float:
        """The share (0 to 1) of the limit that is left."""
        return self.left / self.limit if self.limit else 0.0

    def lacks(self, amount: Amount) -> int:
        """How much `amount` is above what is left."""
        return max(0, amount.of(self.rule.meter) - self.left)

    def is_soft_after(self, amount: Amount) -> bool:
        """Whether `amount` takes it to where its person is told. Where a credit pays, they know already."""
        return not self.lacks(amount) and self.used + amount.of(self.rule.meter) >= SOFT * self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What an account may use beside its limits, until it is used up or `until`. `left` is what remains of it."""

    id: int
    meter: Meter
    scope: str
    left: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What a turn may take: every limit that counts for it, and the credits of the account.

    Credits step in where the account's own limits do not reach; those of a group hold whatever its members have.
    """

    standings: Sequence[Standing]
    credits: Sequence[Credit] = ()

    @property
    def share_left(self) -> float:
        """The share (0 to 1) that is left of the scarcest limit; 1 when nothing is limited."""
        return min((1.0, *(standing.share_left for standing in self.standings)))

    def refusal(self, amount: Amount) -> Standing | None:
        """The limit that refuses `amount`, None if there is room for it. Of several, that with the longest window."""
        lacking = [one for one in self.standings if one.lacks(amount) > self._credit(one)]
        return max(lacking, key=lambda one: one.rule.window.length, default=None)

    def largest(self, amount_of: Callable[[int], Amount], *, wanted: int, least: int) -> int | None:
        """The largest number up to `wanted` whose amount there is room for; None if there is not even for `least`.

        `amount_of` must grow with its number.
        """
        if self.refusal(amount_of(wanted)) is None:
            return wanted
        low, high = min(least, wanted), wanted
        if self.refusal(amount_of(low)) is not None:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.refusal(amount_of(middle)) is None else (low, middle)
        return low

    def drawn(self, amount: Amount) -> dict[int, int]:
        """What each credit (by id) has to pay of `amount`: those that end first pay first."""
        pays: dict[int, int] = {}
        for meter, missing in self._missing(amount).items():
            for credit in sorted(self.credits, key=lambda one: one.until):
                if credit.meter == meter and missing > 0 and credit.left > 0:
                    pays[credit.id] = min(missing, credit.left)
                    missing -= pays[credit.id]  # noqa: PLW2901 - what is still to be paid
        return pays

    def _missing(self, amount: Amount) -> dict[Meter, int]:
        missing: dict[Meter, int] = {}
        for one in self._own():
            missing[one.rule.meter] = max(missing.get(one.rule.meter, 0), one.lacks(amount))
        return missing

    def _credit(self, standing: Standing) -> int:
        if standing.whose != "own":
            return 0
        return sum(credit.left for credit in self.credits if credit.meter == standing.rule.meter)

    def _own(self) -> list[Standing]:
        return [one for one in self.standings if one.whose == "own"]
