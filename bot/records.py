"""What is written down of a call: a row for the answer, or the failure, and one for each attempt that was lost."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.completions import Call, Lost, Usage
from bot.domain.models import ModelCard
from bot.domain.windows import milliseconds
from bot.errors import ParleyError
from bot.llm.prices import PriceBook
from bot.ports import Clock
from bot.storage import CallRecord
from bot.turns import Cause, Outcome

_NOTHING = Usage(input=0, output=0)


class Records:
    """Makes rows; prices them by the table that holds now."""

    def __init__(self, prices: PriceBook, clock: Clock) -> None:
        self._prices = prices
        self._clock = clock

    def answer(self, cause: Cause, card: ModelCard, outcome: Outcome, usage: Usage) -> list[CallRecord]:
        """`card` is the model that was asked first; the last row is that of the answer."""
        completion = outcome.completion
        call = completion.call or _no_call(card)
        record = replace(
            self._record(cause, call, usage, completion.model),
            # What was not asked for costs nothing, whatever the price would have been.
            cost=0 if call.cached else self._cost(cause, call.card, usage, completion.service_tier),
            ending=outcome.ending,
        )
        return [*self._losses(cause, outcome.lost), record]

    def failure(self, cause: Cause, card: ModelCard, error: ParleyError, lost: Sequence[Lost]) -> list[CallRecord]:
        """The last row tells of `error`, be it that of a lost attempt."""
        records, reason = self._losses(cause, lost), type(error).__name__
        if not lost or lost[-1].reason != reason:
            record = self._record(cause, _no_call(card), _NOTHING, "")
            records.append(replace(record, cost=0, ending=reason, failed=True))
        return records

    def made(
        self, cause: Cause, call: Call, usage: Usage, *, model: str, cost: int | None, ending: str, failed: bool = False
    ) -> CallRecord:
        """A call whose price is not by tokens alone."""
        return replace(self._record(cause, call, usage, model), cost=cost, ending=ending, failed=failed)

    def _losses(self, cause: Cause, lost: Sequence[Lost]) -> list[CallRecord]:
        return [self._loss(cause, one) for one in lost]

    def _loss(self, cause: Cause, lost: Lost) -> CallRecord:
        call = replace(_no_call(lost.card), lasted=lost.lasted)
        return replace(
            self._record(cause, call, lost.usage, lost.answered),
            cost=self._cost(cause, lost.card, lost.usage, lost.service_tier),
            ending=lost.reason,
            failed=True,
        )

    def _cost(self, cause: Cause, card: ModelCard, usage: Usage, tier: str | None) -> int | None:
        """What the operator pays; what somebody pays by a key of their own is nobody else's."""
        return 0 if cause.payer else self._prices.cost(card, usage, tier)

    def _record(self, cause: Cause, call: Call, usage: Usage, model: str) -> CallRecord:
        return row_of(cause, call, usage, model=model, at=milliseconds(self._clock.now()))


def row_of(cause: Cause, call: Call, usage: Usage, *, model: str, at: int) -> CallRecord:
    """A row but for its cost and its end. `at` in milliseconds; `model` is who answered, as the server calls it."""
    return CallRecord(
        at=at,
        purpose=cause.purpose,
        inbox_id=cause.arrival,
        account_id=cause.account,
        conversation_id=cause.conversation,
        platform=cause.platform,
        endpoint=call.card.endpoint,
        asked=call.card.ref,
        answered=model[:256],
        input_tokens=usage.input,
        cached_tokens=usage.cached,
        cache_written_tokens=usage.cache_written,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        estimated=usage.estimated,
        cost=None,
        attempts=call.attempts,
        waited_ms=round(call.waited * 1000),
        first_piece_ms=round(call.first_piece * 1000),
        lasted_ms=round(call.lasted * 1000),
        ending="",
        payer=cause.payer,
    )


def _no_call(card: ModelCard) -> Call:
    """For one that ended before it had begun to answer."""
    return Call(card=card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)
