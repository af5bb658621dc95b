"""What a turn may use, what it took and what that cost: reserved before the call, settled or released with its end."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from bot.budgets import Budgets
from bot.domain.completions import Call, Usage
from bot.domain.models import Chain, ModelCard
from bot.domain.people import Identity
from bot.errors import ModelError, PriceUnknown
from bot.llm.prices import PriceBook
from bot.ports import Clock
from bot.quotas import Quotas, milliseconds
from bot.storage import Account, CallRecord, UnitOfWork
from bot.turns import Asked, Begun, Cause, Outcome

_MARGIN = 1.25
"""How much longer than we estimate a prompt may turn out: other vendors' tokenizers cut text into more pieces."""

_NOTHING = Usage(input=0, output=0)


class Accounting:
    """Quotas, budgets and the record of calls, always in the transaction of what they are about.

    Args:
        admins: whose turns budgets count and never refuse.
    """

    def __init__(
        self, *, quotas: Quotas, budgets: Budgets, prices: PriceBook, clock: Clock, admins: AbstractSet[Identity]
    ) -> None:
        self.quotas = quotas
        self.budgets = budgets
        self._prices = prices
        self._clock = clock
        self._admins = admins

    def allowed(self, chain: Chain) -> Chain:
        """The models of a chain that may be used: those of unknown price only if the operator allows them.

        Raises PriceUnknown when none is left.
        """
        if self.budgets.plan.unpriced == "allow":
            return chain
        cards = [card for card in chain.cards if self._prices.prices(card) is not None]
        if not cards:
            raise PriceUnknown([card.ref for card in chain.cards])
        return replace(chain, cards=cards)

    async def reserve(
        self, work: UnitOfWork, asked: Asked, account: Account, *, chain: Chain, prompt: int, answer_room: int
    ) -> int:
        """Reserve what a turn along `chain` may use at most; returns the answer's room, in tokens.

        Raises QuotaExceeded, BudgetExhausted.
        """
        room = await self.quotas.reserve(work, asked.arrival, account.id, prompt=prompt, answer_room=answer_room)
        await self.budgets.reserve(
            work,
            asked.arrival,
            asked.platform.name,
            self._ceiling(chain, prompt=prompt, room=room),
            limited=account.identity not in self._admins,
        )
        return room

    async def settle(self, work: UnitOfWork, asked: Asked, begun: Begun, outcome: Outcome, usage: Usage) -> None:
        """Charge what was really used, and record the call."""
        record = self._record(begun.cause(asked), begun.chain, outcome, usage)
        await self.quotas.settle(work, asked.arrival, tokens=usage.total)
        await self.budgets.settle(work, asked.arrival, record.cost)
        await work.calls.add(record)

    async def release(self, work: UnitOfWork, arrival: int) -> None:
        """Charge nothing: the turn had no answer."""
        await self.quotas.release(work, arrival)
        await self.budgets.release(work, arrival)

    async def failed(self, work: UnitOfWork, asked: Asked, begun: Begun, error: ModelError) -> None:
        """Charge nothing, and record the call that failed."""
        await self.release(work, asked.arrival)
        await work.calls.add(self._failure(begun.cause(asked), begun.chain, error))

    async def reserve_aside(self, work: UnitOfWork, cause: Cause, *, chain: Chain, prompt: int, room: int) -> None:
        """Reserve what a call beside the turns may cost at most: of the budgets, for nobody's quota pays for it.

        Raises BudgetExhausted.
        """
        ceiling = self._ceiling(chain, prompt=prompt, room=room)
        await self.budgets.reserve(work, cause.arrival, cause.platform, ceiling, limited=True)

    async def settle_aside(self, work: UnitOfWork, cause: Cause, chain: Chain, outcome: Outcome, usage: Usage) -> None:
        """Charge the budgets with what the call cost, and record it."""
        record = self._record(cause, chain, outcome, usage)
        await self.budgets.settle(work, cause.arrival, record.cost)
        await work.calls.add(record)

    async def fail_aside(self, work: UnitOfWork, cause: Cause, chain: Chain, error: ModelError) -> None:
        """Charge nothing, and record the call that failed."""
        await self.budgets.release(work, cause.arrival)
        await work.calls.add(self._failure(cause, chain, error))

    def _ceiling(self, chain: Chain, *, prompt: int, room: int) -> int:
        """The most that the dearest model of the chain can cost, in micro-US$. Unknown prices are not in it."""
        ceilings = (self._ceiling_of(card, prompt=prompt, room=room) for card in chain.cards)
        return max((one for one in ceilings if one is not None), default=0)

    def _ceiling_of(self, card: ModelCard, *, prompt: int, room: int) -> int | None:
        most = Usage(input=round(prompt * _MARGIN), output=card.room(room))
        return self._prices.ceiling(card, most)

    def _record(self, cause: Cause, chain: Chain, outcome: Outcome, usage: Usage) -> CallRecord:
        completion = outcome.completion
        call = completion.call or _no_call(chain.first)
        return replace(
            self._written(cause, call, usage, model=completion.model),
            # What was not asked for costs nothing, whatever the price would have been.
            cost=0 if call.cached else self._prices.cost(call.card, usage, completion.service_tier),
            ending=outcome.ending,
        )

    def _failure(self, cause: Cause, chain: Chain, error: ModelError) -> CallRecord:
        record = self._written(cause, _no_call(chain.first), _NOTHING, model="")
        return replace(record, cost=0, ending=type(error).__name__, failed=True)

    def _written(self, cause: Cause, call: Call, usage: Usage, *, model: str) -> CallRecord:
        """The record of a call, but for its cost and its end."""
        return CallRecord(
            at=milliseconds(self._clock.now()),
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
        )


def _no_call(card: ModelCard) -> Call:
    """For a turn that ended before its call had begun to answer."""
    return Call(card=card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)
