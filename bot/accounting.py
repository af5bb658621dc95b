"""What a turn may use, what it took and what that cost: reserved before the call, settled or released with its end."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from zoneinfo import ZoneInfo

import structlog

from bot.access import Access
from bot.budgets import Budgets
from bot.domain.completions import Lost, Prompt, Usage
from bot.domain.models import Chain, ModelCard
from bot.domain.people import Role
from bot.domain.quotas import Amount, Standing
from bot.errors import ParleyError, PriceUnknown
from bot.llm.prices import PriceBook
from bot.plans import Plans, base_plans
from bot.ports import Clock
from bot.quotas import LEAST_ANSWER, Demand, Quotas, Reserved
from bot.records import Records
from bot.settings import Settings
from bot.storage import Account, CallRecord, UnitOfWork
from bot.turns import Asked, Begun, Cause, Outcome

CachedCharge = Literal["nothing", "message", "full"]
"""Not even a message; a message and no tokens; or as if the model had been asked."""

_log = structlog.get_logger(__name__)

MARGIN = 1.25
"""How much longer than we estimate a prompt may turn out: other vendors' tokenizers cut text into more pieces."""


class Accounting:
    """Quotas, budgets and the record of calls, always in the transaction of what they are about.

    Args:
        access: knows the admins, whose turns budgets count and never refuse.
        cached: what an answer from the response cache takes of a person's limits.
    """

    def __init__(
        self,
        *,
        quotas: Quotas,
        budgets: Budgets,
        prices: PriceBook,
        clock: Clock,
        access: Access,
        cached: CachedCharge = "message",
    ) -> None:
        self.quotas = quotas
        self.budgets = budgets
        self.records = Records(prices, clock)
        self._prices = prices
        self._access = access
        self._cached = cached

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
        self,
        work: UnitOfWork,
        asked: Asked,
        account: Account,
        *,
        chain: Chain,
        prompt: int,
        answer_room: int,
        own: bool = False,
    ) -> Reserved:
        """Reserve what a turn along `chain` may use at most. With a key of the person's `own` it costs nobody else.

        Raises QuotaExceeded, QuotaFrozen, BudgetExhausted.
        """

        def amount_of(room: int) -> Amount:
            cost = (0 if own else self._ceiling(chain, prompt=prompt, room=room)) + asked.material.cost
            return Amount.of_turn(prompt=prompt, answer=room, cost=cost)

        demand = Demand(
            arrival=asked.arrival,
            chat=asked.update.place.group,
            tier=chain.name,
            model=chain.first.ref,
            room=answer_room,
            amount_of=amount_of,
            again=asked.lease.claim.attempts > 1,
        )
        reserved = await self.quotas.reserve(work, account, demand)
        if own:
            return reserved
        await self.budgets.reserve(
            work,
            asked.arrival,
            asked.platform.name,
            self._ceiling(chain, prompt=prompt, room=reserved.room),
            limited=self._access.rank(account) < Role.ADMIN,
        )
        return reserved

    async def advance(self, work: UnitOfWork, asked: Asked, account: Account, *, chain: Chain, cost: int) -> None:
        """Reserve what is spent on a question before its turn begins: of the person's limits, and of the budgets.

        Raises QuotaExceeded, QuotaFrozen, BudgetExhausted.
        """
        demand = Demand(
            arrival=asked.arrival,
            chat=asked.update.place.group,
            tier=chain.name,
            model=chain.first.ref,
            room=LEAST_ANSWER,
            amount_of=lambda room: Amount.of_turn(prompt=0, answer=room, cost=cost),
        )
        await self.quotas.reserve(work, account, demand)
        limited = self._access.rank(account) < Role.ADMIN
        await self.budgets.reserve(work, asked.arrival, asked.platform.name, cost, limited=limited)

    async def advanced(self, work: UnitOfWork, record: CallRecord) -> None:
        """What `advance` was for is over: charge the budgets and record it. The turn reserves anew, with its cost."""
        await work.ledger.forget(record.inbox_id)
        await self.book(work, [record])

    async def settle(
        self, work: UnitOfWork, asked: Asked, begun: Begun, outcome: Outcome, usage: Usage, *, answer_tokens: int
    ) -> list[Standing]:
        """Charge what was really used, and record the call; returns the limits that are nearly used up by it.

        Attempts that were lost are no business of the person's. `answer_tokens` is what we count of the answer.
        """
        records = self.records.answer(begun.cause(asked), begun.chain.first, outcome, usage)
        used = self._charged(begun, outcome, usage, records[-1], answer_tokens)
        used = used.plus(Amount(cost=asked.material.cost))
        if outcome.cached and self._cached == "nothing":
            await self.quotas.release(work, asked.arrival)
        else:
            await self.quotas.settle(work, asked.arrival, model=records[-1].asked, used=used)
        await self.book(work, records)
        return await self.quotas.warnings(work, begun.account, begun.reserved, used)

    async def release(self, work: UnitOfWork, arrival: int) -> None:
        """Charge nothing: the turn had no answer."""
        await self.quotas.release(work, arrival)
        await self.budgets.release(work, arrival)

    async def failed(
        self, work: UnitOfWork, asked: Asked, begun: Begun, error: ParleyError, lost: Sequence[Lost]
    ) -> None:
        """Charge the person nothing and the budgets what was lost, and record the call that failed."""
        await self.quotas.release(work, asked.arrival)
        await self.book(work, self.records.failure(begun.cause(asked), begun.chain.first, error, lost))

    async def hold(self, work: UnitOfWork, cause: Cause, prompt: Prompt) -> None:
        """Reserve what a call beside the turns may cost at most: of the budgets, for nobody's quota pays for it.

        Raises BudgetExhausted.
        """
        ceiling = self._ceiling(prompt.chain, prompt=prompt.tokens, room=prompt.answer_room)
        await self.budgets.reserve(work, cause.arrival, cause.platform, ceiling, limited=True)

    async def book(self, work: UnitOfWork, records: Sequence[CallRecord]) -> None:
        """Charge the budgets with the calls of one arrival, and record them."""
        await self.budgets.settle(work, records[-1].inbox_id, sum(one.cost or 0 for one in records))
        for record in records:
            await work.calls.add(record)
            _log.info("model_called", **_told(record))

    def _charged(self, begun: Begun, outcome: Outcome, usage: Usage, record: CallRecord, answer_tokens: int) -> Amount:
        """What a person's limits are charged with: what was used, and for a cached answer what the operator set."""
        if not outcome.cached or self._cached != "full":
            return Amount.of_turn(prompt=usage.input, answer=usage.output, cost=record.cost or 0)
        asked = Usage(input=begun.fitted.tokens, output=answer_tokens)
        cost = self._prices.cost(begun.chain.first, asked) or 0
        return Amount.of_turn(prompt=asked.input, answer=asked.output, cost=cost)

    def _ceiling(self, chain: Chain, *, prompt: int, room: int) -> int:
        """The most that the dearest model of the chain can cost, in micro-US$. Unknown prices are not in it."""
        ceilings = (self._ceiling_of(card, prompt=prompt, room=room) for card in chain.cards)
        return max((one for one in ceilings if one is not None), default=0)

    def _ceiling_of(self, card: ModelCard, *, prompt: int, room: int) -> int | None:
        most = Usage(input=round(prompt * MARGIN), output=card.room(room))
        return self._prices.ceiling(card, most)


def _told(record: CallRecord) -> Mapping[str, Any]:
    """What the log has of a call; `bot.telemetry.metrics` counts it."""
    return {
        "model": record.asked,
        "answered": record.answered,
        "purpose": record.purpose,
        "ending": record.ending,
        "input": record.input_tokens,
        "cached": record.cached_tokens,
        "output": record.output_tokens,
        "reasoning": record.reasoning_tokens,
        "cost": record.cost,
        "attempts": record.attempts,
        "waited_ms": record.waited_ms,
        "first_piece_ms": record.first_piece_ms,
        "lasted_ms": record.lasted_ms,
    }


def accounting_of(settings: Settings, prices: PriceBook, access: Access, clock: Clock) -> Accounting:
    """Limits and budgets as they are set."""
    zone = ZoneInfo(settings.timezone)
    base = base_plans({"messages": settings.daily_messages, "tokens": settings.daily_tokens})
    quotas = Quotas(Plans(base, settings.default_plan), zone, clock)
    budgets = Budgets(settings.budgets(), zone, clock)
    return Accounting(
        quotas=quotas,
        budgets=budgets,
        prices=prices,
        clock=clock,
        access=access,
        cached=settings.response_cache_charge,
    )
