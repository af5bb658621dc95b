"""What a turn may use, what it took and what that cost: reserved before the call, settled or released with its end."""

from bot.domain.completions import Call, Usage
from bot.domain.models import Chain, ModelCard
from bot.llm.prices import PriceBook
from bot.ports import Clock
from bot.quotas import Quotas, milliseconds
from bot.storage import Account, CallRecord, UnitOfWork
from bot.turns import Asked, Begun, Outcome


class Accounting:
    """Quotas and the record of calls, always in the transaction of what they are about."""

    def __init__(self, quotas: Quotas, prices: PriceBook, clock: Clock) -> None:
        self._quotas = quotas
        self._prices = prices
        self._clock = clock

    async def reserve(
        self, work: UnitOfWork, asked: Asked, account: Account, *, chain: Chain, prompt: int, answer_room: int
    ) -> int:
        """Reserve what a turn along `chain` may use at most; returns the answer's room, in tokens.

        Raises QuotaExceeded.
        """
        del chain
        return await self._quotas.reserve(work, asked.arrival, account.id, prompt=prompt, answer_room=answer_room)

    async def settle(self, work: UnitOfWork, asked: Asked, begun: Begun, outcome: Outcome, usage: Usage) -> None:
        """Charge what was really used, and record the call."""
        await self._quotas.settle(work, asked.arrival, tokens=usage.total)
        await work.calls.add(self._record(asked, begun, outcome, usage))

    async def release(self, work: UnitOfWork, asked: Asked) -> None:
        """Charge nothing: the turn had no answer."""
        await self._quotas.release(work, asked.arrival)

    def _record(self, asked: Asked, begun: Begun, outcome: Outcome, usage: Usage) -> CallRecord:
        completion = outcome.completion
        call = completion.call or _no_call(begun.chain.first)
        return CallRecord(
            at=milliseconds(self._clock.now()),
            purpose="chat",
            inbox_id=asked.arrival,
            account_id=begun.account,
            conversation_id=begun.conversation,
            platform=asked.platform.name,
            endpoint=call.card.endpoint,
            asked=call.card.ref,
            answered=completion.model[:256],
            input_tokens=usage.input,
            cached_tokens=usage.cached,
            cache_written_tokens=usage.cache_written,
            output_tokens=usage.output,
            reasoning_tokens=usage.reasoning,
            estimated=usage.estimated,
            cost=self._prices.cost(call.card, usage, completion.service_tier),
            attempts=call.attempts,
            waited_ms=round(call.waited * 1000),
            first_piece_ms=round(call.first_piece * 1000),
            lasted_ms=round(call.lasted * 1000),
            ending=outcome.ending,
        )


def _no_call(card: ModelCard) -> Call:
    """For a turn that was stopped before its call had begun to answer."""
    return Call(card=card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)
