"""When admins are alerted. Every rule is a pure function of what is known: no clock, no database.

| kind        | holds while                                                                                        |
|-------------|----------------------------------------------------------------------------------------------------|
| budget_soft | the soft share (80 %) of a budget is spent                                                         |
| budget_hard | all of a budget is spent, or the last turn that counts against it was refused for its sake         |
| spend       | the last 60 minutes cost over 3 times the mean hour of the 7 days before, and over US$ 1           |
| errors      | over 5 % of at least 20 calls of the last 5 minutes failed                                         |
| requests    | the last 60 minutes had over 1.5 times the calls of the same hour on the days before, at least 60  |
| resting     | a model of an endpoint failed so often that it is left alone                                       |
| upstream    | a key, its credit, a model's name or an address does not work: only an admin can help              |
| call        | a single call of the last 60 minutes took more than ALERT_CALL_TOKENS                              |
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.domain.budgets import BudgetStanding
from bot.errors import UpstreamMisconfigured
from bot.llm.ways import Trouble
from bot.storage.activity import LargeCall, Sums
from bot.texts import Text, code, text

Kind = Literal["budget_soft", "budget_hard", "spend", "errors", "requests", "resting", "upstream", "call"]

HOURS = 7 * 24
"""Hours of the past that the rules look at."""

EVERYTHING = "all"
"""The subject of alerts that are about the bot as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What is too much. Shares are 0 to 1, money is micro-US$. `call_tokens` None: no call is too large."""

    error_share: float = 0.05
    error_calls: int = 20
    spend_factor: float = 3.0
    least_spend: int = 1_000_000
    #: Hours of a past without which there is no usual spending.
    spend_hours: int = 24
    request_factor: float = 1.5
    least_requests: int = 60
    #: Days before on which the same hour was seen.
    request_days: int = 3
    call_tokens: int | None = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that holds now and that admins should know. One is open for each kind and subject."""

    kind: Kind
    subject: str
    said: Text


def budgets(standings: Iterable[BudgetStanding], soft: float, refused: Callable[[BudgetStanding], bool]) -> list[Alarm]:
    """`refused` tells whether the last turn was refused for a budget's sake, which happens before its last cent."""
    alarms = []
    for one in standings:
        if one.reached(soft):
            alarms.append(Alarm(kind="budget_soft", subject=one.budget.subject, said=_soft(one)))
        if one.reached(1.0) or refused(one):
            alarms.append(Alarm(kind="budget_hard", subject=one.budget.subject, said=_hard(one)))
    return alarms


def errors(recent: Sums, limits: Thresholds) -> list[Alarm]:
    """`recent` are the last 5 minutes."""
    if recent.calls < limits.error_calls or recent.failed <= limits.error_share * recent.calls:
        return []
    said = text(
        "⚠️ {failed} of {calls} calls of the models failed in the last 5 minutes.",
        failed=recent.failed,
        calls=recent.calls,
    )
    return [Alarm(kind="errors", subject=EVERYTHING, said=said)]


def spend(hour: Sums, past: Mapping[int, Sums], limits: Thresholds) -> list[Alarm]:
    """`hour` are the last 60 minutes; `past` has the whole hours before: 1 is the last that ended, 2 the one before."""
    first = _first(past)
    if first < limits.spend_hours:
        return []
    known = [sums.cost for ago, sums in past.items() if ago <= first]
    mean = sum(known) / len(known)
    if hour.cost <= max(limits.spend_factor * mean, limits.least_spend):
        return []
    said = text(
        "⚠️ The last hour cost US$ {cost}; US$ {mean} is usual.", cost=_dollars(hour.cost), mean=_dollars(round(mean))
    )
    return [Alarm(kind="spend", subject=EVERYTHING, said=said)]


def requests(hour: Sums, past: Mapping[int, Sums], limits: Thresholds) -> list[Alarm]:
    """See `spend`. Compared with the same time of other days: bots sleep at night and wake up each morning."""
    # 60 minutes lie in two whole hours of another day; the busier one is the fairer measure.
    hours = range(24, _first(past), 24)
    usual = [max(past[ago].calls, past[ago + 1].calls) for ago in hours if ago in past and ago + 1 in past]
    if len(usual) < limits.request_days or hour.calls < limits.least_requests:
        return []
    mean = sum(usual) / len(usual)
    if hour.calls <= limits.request_factor * mean:
        return []
    said = text(
        "⚠️ {calls} calls in the last hour; {mean} are usual at this time of the day.",
        calls=hour.calls,
        mean=round(mean),
    )
    return [Alarm(kind="requests", subject=EVERYTHING, said=said)]


def troubles(found: Iterable[Trouble]) -> list[Alarm]:
    """Breakers that are open, and keys and models that only an admin can mend."""
    return [_trouble(one) for one in found]


def large_calls(found: Sequence[LargeCall]) -> list[Alarm]:
    return [
        Alarm(
            kind="call",
            subject=f"{one.person} {one.model}",
            said=text(
                "⚠️ One call of {model} for {person} took {tokens} tokens.",
                model=code(one.model),
                person=code(one.person),
                tokens=one.tokens,
            ),
        )
        for one in found
    ]


def over(kind: str, subject: str) -> Text | None:
    """What is said when an alert has ended; None where an end means nothing."""
    match kind:
        case "budget_soft" | "budget_hard":
            return text("✅ There is room in the budget {budget} again.", budget=code(subject))
        case "spend":
            return text("✅ The models cost no more than usual again.")
        case "errors":
            return text("✅ The models answer as they should again.")
        case "requests":
            return text("✅ There are no more requests than usual again.")
        case "resting" | "upstream":
            return text("✅ {subject} works again.", subject=code(subject))
    return None


def _first(past: Mapping[int, Sums]) -> int:
    """How many hours ago the first call ended that is known of: before it the bot was not in use."""
    return max((ago for ago, sums in past.items() if sums.calls), default=0)


def _soft(standing: BudgetStanding) -> Text:
    return text("⚠️ Budget {budget}: US$ {spent} of {limit} are spent. It resets on {resets_at}.", **_facts(standing))


def _hard(standing: BudgetStanding) -> Text:
    return text(
        "⛔ Budget {budget} does not reach for further answers: US$ {spent} of {limit} are spent. "
        "Chats get a notice until {resets_at}; admins go on.",
        **_facts(standing),
    )


def _facts(standing: BudgetStanding) -> dict[str, object]:
    return {
        "budget": code(standing.budget.subject),
        "spent": _dollars(standing.spent),
        "limit": _dollars(standing.budget.limit),
        "resets_at": standing.period.ends_at,
    }


def _trouble(trouble: Trouble) -> Alarm:
    """The endpoint's own words stay in the log: some quote the key."""
    subject, reason = trouble.subject, trouble.reason
    if not isinstance(reason, UpstreamMisconfigured):
        said = text("⚠️ {subject} keeps failing and is left alone for a while.", subject=code(subject))
        return Alarm(kind="resting", subject=subject, said=said)
    causes = {
        "credit": text("⛔ {subject}: the credit or spending limit is used up.", subject=code(subject)),
        "key": text("⛔ {subject}: the endpoint refuses the key.", subject=code(subject)),
        "model": text("⛔ {subject}: the endpoint does not know the model.", subject=code(subject)),
        "address": text("⛔ {subject}: the address seems to be wrong.", subject=code(subject)),
    }
    return Alarm(kind="upstream", subject=subject, said=causes[reason.cause])


def _dollars(micro: int) -> Decimal:
    return (Decimal(micro) / 10**6).quantize(Decimal("0.01"))
