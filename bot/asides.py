"""Asides: short questions to a model beside the turns, for summaries, titles and moderation."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from bot.accounting import Accounting
from bot.domain.completions import Prompt, PromptMessage, Usage, joined
from bot.domain.context import MESSAGE_OVERHEAD, PRIMING
from bot.domain.models import Catalog, Parameters, TurnFacts
from bot.errors import ModelError, StreamInterrupted, UpstreamDown
from bot.llm.routing import choose
from bot.ports import Completion, Model, TokenCounter
from bot.storage import CallRecord, UnitOfWork
from bot.turns import Cause, Outcome

Begin = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Begins a transaction: a lease's or the storage's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What is asked. `room` is the longest answer in tokens; `plan` says which models may be used.

    `cause.arrival` must be an arrival of its own, not that of a turn under way: budgets are held by arrival, and one
    that is handled again after a crash keeps what it holds.
    """

    cause: Cause
    messages: Sequence[PromptMessage]
    room: int
    plan: str = ""
    parameters: Parameters = field(default_factory=Parameters)


class Asides:
    """Asks, within the budgets and never in the way of a person who waits; writes down what it took.

    Quotas of people are not touched: they did not ask.

    Args:
        masked: whether personal data is hidden from whoever is asked.
    """

    def __init__(
        self,
        *,
        model: Model,
        catalog: Catalog,
        tokens: TokenCounter,
        accounting: Accounting,
        masked: bool = False,
    ) -> None:
        self._model = model
        self._catalog = catalog
        self._tokens = tokens
        self._accounting = accounting
        self._records = accounting.records
        self._masked = masked

    async def ask(self, begin: Begin, aside: Aside) -> str:
        """The answer, stripped and not empty. Raises PriceUnknown, BudgetExhausted and ModelError."""
        prompt = await self._prompt(aside)
        async with begin() as work:
            await self._accounting.hold(work, aside.cause, prompt)
        completion = self._model.complete(prompt)
        try:
            outcome = await _hear(completion)
        except ModelError as error:
            await self._book(begin, self._records.failure(aside.cause, prompt.card, error, completion.lost))
            raise
        usage = await self._usage(prompt, outcome)
        await self._book(begin, self._records.answer(aside.cause, prompt.card, outcome, usage))
        return _whole(outcome)

    async def _book(self, begin: Begin, records: Sequence[CallRecord]) -> None:
        async with begin() as work:
            await self._accounting.book(work, records)

    async def _prompt(self, aside: Aside) -> Prompt:
        counted = [await self._tokens.count(message.text) for message in aside.messages]
        tokens = sum(counted) + MESSAGE_OVERHEAD * len(counted) + PRIMING
        facts = TurnFacts(plan=aside.plan, purpose=aside.cause.purpose, prompt_tokens=tokens)
        return Prompt(
            chain=self._accounting.allowed(choose(self._catalog, facts)),
            messages=aside.messages,
            tokens=tokens,
            answer_room=aside.room,
            key=f"aside-{aside.cause.conversation}",
            person=f"account-{aside.cause.account}",
            purpose=aside.cause.purpose,
            parameters=aside.parameters,
            masked=self._masked,
        )

    async def _usage(self, prompt: Prompt, outcome: Outcome) -> Usage:
        if outcome.completion.usage is not None:
            return outcome.completion.usage
        written = await self._tokens.count(outcome.answer) + outcome.completion.thought
        return Usage(input=prompt.tokens, output=written, estimated=True)


async def _hear(completion: Completion) -> Outcome:
    """The answer as far as it came: also half of one was paid for."""
    pieces: list[str] = []
    ending = ""
    try:
        async for piece in completion:
            pieces.append(piece)  # noqa: PERF401 - what came before the stream broke off counts
    except StreamInterrupted:
        ending = "interrupted"
    finally:
        await completion.aclose()
    ending = ending or completion.finish_reason or "stop"
    return Outcome(answer=joined(pieces).strip(), ending=ending, completion=completion, lost=completion.lost)


def _whole(outcome: Outcome) -> str:
    """Raises StreamInterrupted and UpstreamDown for half an answer and none."""
    if outcome.ending == "interrupted":
        raise StreamInterrupted("the answer broke off")
    if not outcome.answer:
        raise UpstreamDown("the model ended without a word")
    return outcome.answer
