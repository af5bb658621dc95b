"""The use case "answer one turn": two short transactions around a long stream, failure paths included."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.delivery import Courier
from bot.domain.completions import Call, Prompt, PromptMessage, Usage
from bot.domain.context import ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.models import Catalog, Chain, ModelCard, TurnFacts
from bot.domain.updates import Update
from bot.errors import AccessDenied, ContextOverflow, ModelError, StreamInterrupted, UpstreamDown, UserError
from bot.inbox import Lease
from bot.llm.complexity import complexity
from bot.llm.prices import PriceBook
from bot.llm.routing import choose
from bot.ports import Clock, Completion, Model, Platform, Ref, Reply, TokenCounter
from bot.quotas import Quotas, milliseconds
from bot.storage import Account, CallRecord, Exchange, Outgoing, UnitOfWork
from bot.streaming import Preview
from bot.texts import Text, text
from bot.texts.catalogues import Catalogues
from bot.texts.errors import sentence

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """What answers: the models, the system prompt, and how much of a window a turn may use (tokens)."""

    catalog: Catalog
    system: Weighed
    longest_context: int
    longest_answer: int

    def window(self, card: ModelCard) -> ContextWindow:
        """What of a model's window we use."""
        room = min(self.longest_answer, card.max_output or self.longest_answer)
        return ContextWindow(size=min(card.window, self.longest_context), wanted_room=room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question on its way to an answer: what was said, where the answer grows, and the right to give it."""

    lease: Lease
    platform: Platform
    update: Update
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A turn after its first transaction. `fitted` is what the model will see, `room` how long it may answer."""

    conversation: int
    account: int
    turn: int
    question: Weighed
    chain: Chain
    fitted: Fitted
    room: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the stream went. `ending` as in the table `turn`; `completion` knows who answered and what it took."""

    answer: str
    ending: str
    completion: Completion


class Chat:
    """Answers turns. Safe to use from any number of tasks."""

    def __init__(
        self,
        *,
        model: Model,
        brain: Brain,
        tokens: TokenCounter,
        prices: PriceBook,
        quotas: Quotas,
        courier: Courier,
        catalogues: Catalogues,
        clock: Clock,
    ) -> None:
        self._model = model
        self._brain = brain
        self._prices = prices
        self._clock = clock
        self._tokens = tokens
        self._quotas = quotas
        self._courier = courier
        self._catalogues = catalogues

    async def answer(self, lease: Lease, platform: Platform, update: Update) -> None:
        """Answer one message and complete its lease. Every failure ends in a sentence for the person."""
        asked = Asked(lease=lease, platform=platform, update=update, reply=platform.reply(update, lease.claim.ref))
        try:
            begun = await self._begin(lease, update)
            outgoing = await self._finish(asked, begun, await self._listen(asked, begun))
        except (UserError, ModelError) as error:
            outgoing = await self._failed(asked, error)
        finally:
            await asked.reply.close()
        await self._courier.deliver(lease, platform, outgoing)

    async def _begin(self, lease: Lease, update: Update) -> Begun:
        """First transaction: the question is recorded and what it may use is reserved. Raises UserError."""
        question = Weighed(text=update.text, tokens=await self._tokens.count(update.text))
        async with lease.begin() as work:
            account = await work.people.meet(update.sender)
            if account.blocked:
                raise AccessDenied(str(account.identity))
            turn, conversation = await work.history.begin(
                lease.claim.id,
                conversation_id=await work.history.current(update.place.key),
                account_id=account.id,
                question=question.text,
                tokens=question.tokens,
            )
            past = await self._past(work, conversation, turn)
            chain = await self._choose(work, account, update, past, question)
            window = self._brain.window(chain.first)
            fitted = window.fit(self._brain.system, past, question)
            room = await self._quotas.reserve(
                work, lease.claim.id, account.id, prompt=fitted.tokens, answer_room=window.answer_room
            )
        return Begun(
            conversation=conversation,
            account=account.id,
            turn=turn,
            question=question,
            chain=chain,
            fitted=fitted,
            room=room,
        )

    async def _choose(
        self, work: UnitOfWork, account: Account, update: Update, past: Sequence[PastTurn], question: Weighed
    ) -> Chain:
        """The models for this turn, by the operator's rules and the person's wish."""
        catalog = self._brain.catalog
        if not catalog.rules and account.pinned_model is None:
            return catalog.default
        facts = TurnFacts(
            language=update.sender.language or "",
            complexity=complexity(question.text),
            quota_left=(await self._quotas.quota(work, account.id)).share_left,
            prompt_tokens=question.cost + self._brain.system.cost + sum(turn.cost for turn in past),
            message_length=len(question.text),
            pinned=account.pinned_model,
        )
        return choose(catalog, facts)

    async def _past(self, work: UnitOfWork, conversation: int, turn: int) -> list[PastTurn]:
        """The turns before this one, the newest first, as many as any window could take."""
        past: list[PastTurn] = []
        tokens = 0
        async for stored in work.history.recent(conversation, before=turn):
            past.append(
                PastTurn(
                    question=Weighed(text=stored.question, tokens=stored.question_tokens),
                    answer=Weighed(text=stored.answer, tokens=stored.answer_tokens),
                )
            )
            tokens += past[-1].cost
            if tokens > self._brain.longest_context:
                break
        return past

    async def _listen(self, asked: Asked, begun: Begun) -> Outcome:
        """Between the transactions: the model speaks, the person watches. Raises ModelError."""

        async def remember(ref: Ref) -> None:
            async with lease.begin() as work:
                await work.inbox.remember(lease.claim, ref)

        lease = asked.lease
        async with Preview(asked.reply, remember) as preview:
            try:
                return await self._stream(asked, begun, preview)
            except ContextOverflow as overflow:
                _log.warning("context_overflow", model=begun.chain.first.ref, window=overflow.window)
                return await self._stream(asked, await self._refit(lease, begun, overflow), preview)

    async def _stream(self, asked: Asked, begun: Begun, preview: Preview) -> Outcome:
        def queued(_position: int, seconds: float) -> None:
            wait = max(1, round(seconds))
            preview.waits(self._said(asked, text("⏳ Queued, about {seconds} s …", seconds=wait)))

        completion = self._model.complete(self._prompt(begun), queued)
        ending = None
        try:
            finished = await _unless(asked.lease.stopped, _read(completion, preview))
            ending = None if finished else "stopped"
        except StreamInterrupted as error:
            _log.warning("stream_interrupted", reason=str(error), model=begun.chain.first.ref)
            ending = "interrupted"
        finally:
            await completion.aclose()
        answer = preview.text.strip()
        if not answer and ending is None:
            raise UpstreamDown("the model ended without a word")
        return Outcome(answer=answer, ending=ending or completion.finish_reason or "stop", completion=completion)

    async def _refit(self, lease: Lease, begun: Begun, overflow: ContextOverflow) -> Begun:
        """The endpoint's window is smaller than we thought: keep less of the past, once."""
        window = self._brain.window(begun.chain.first).smaller(overflow.window)
        async with lease.begin() as work:
            past = await self._past(work, begun.conversation, begun.turn)
        fitted = window.fit(self._brain.system, past, begun.question)
        return replace(begun, fitted=fitted, room=min(begun.room, window.answer_room))

    def _prompt(self, begun: Begun) -> Prompt:
        messages = [PromptMessage(role="system", text=self._brain.system.text)] if self._brain.system.text else []
        for turn in begun.fitted.turns:
            messages.append(PromptMessage(role="user", text=turn.question.text))
            messages.append(PromptMessage(role="assistant", text=turn.answer.text))
        messages.append(PromptMessage(role="user", text=begun.question.text))
        return Prompt(
            chain=begun.chain,
            messages=messages,
            tokens=begun.fitted.tokens,
            answer_room=begun.room,
            key=f"conversation-{begun.conversation}",
            person=f"account-{begun.account}",
        )

    async def _finish(self, asked: Asked, begun: Begun, outcome: Outcome) -> list[Outgoing]:
        """Second transaction: answer, charge and outgoing parts, all or nothing."""
        counted = await self._tokens.count(outcome.answer)
        usage = outcome.completion.usage or Usage(input=begun.fitted.tokens, output=counted, estimated=True)
        parts = asked.reply.parts(self._final_text(asked, outcome))
        arrival = asked.lease.claim.id
        async with asked.lease.begin() as work:
            if outcome.answer:
                await work.history.answer(
                    arrival, Exchange(answer=outcome.answer, answer_tokens=counted, ending=outcome.ending)
                )
            else:
                await work.history.fail(arrival, outcome.ending)
            await work.calls.add(self._record(asked, begun, outcome, usage))
            await self._quotas.settle(work, arrival, tokens=usage.total)
            return await work.outbox.add(arrival, asked.platform.name, parts)

    def _record(self, asked: Asked, begun: Begun, outcome: Outcome, usage: Usage) -> CallRecord:
        completion = outcome.completion
        call = completion.call or _no_call(begun.chain.first)
        return CallRecord(
            at=milliseconds(self._clock.now()),
            purpose="chat",
            inbox_id=asked.lease.claim.id,
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

    def _said(self, asked: Asked, sentence: Text) -> str:
        return self._catalogues.of(asked.update.sender.language).render(sentence, slash=asked.platform.slash)

    def _final_text(self, asked: Asked, outcome: Outcome) -> str:
        notice = _NOTICES.get(outcome.ending)
        if notice is None:
            return outcome.answer
        said = self._said(asked, notice)
        return f"{outcome.answer}\n\n{said}" if outcome.answer else said

    async def _failed(self, asked: Asked, error: UserError | ModelError) -> list[Outgoing]:
        """Instead of the second transaction: nothing is charged, and the person is told why."""
        arrival = asked.lease.claim.id
        _log.info("turn_failed", reason=type(error).__name__, detail=str(error)[:300])
        said = self._said(asked, sentence(error))
        async with asked.lease.begin() as work:
            # The first transaction may have been undone, and with it the meeting: admins name people by username.
            await work.people.meet(asked.update.sender)
            await work.history.fail(arrival, type(error).__name__)
            await self._quotas.release(work, arrival)
            return await work.outbox.add(arrival, asked.platform.name, asked.reply.parts(said))


_NOTICES = {
    "stopped": text("⏹ Stopped."),
    "interrupted": text("⚠️ The answer broke off here. Ask again, or say “continue”."),
    "length": text("✂️ The answer reached its longest size. Say “continue” for more."),
    "content_filter": text("⚠️ The provider's content filter ended the answer here."),
}


def _no_call(card: ModelCard) -> Call:
    """For a turn that was stopped before its call had begun to answer."""
    return Call(card=card, attempts=1, waited=0.0, first_piece=0.0, lasted=0.0)


async def _read(completion: Completion, preview: Preview) -> None:
    async for piece in completion:
        preview.feed(piece)


async def _unless(stop: asyncio.Event, doing: Coroutine[Any, Any, None]) -> bool:
    """Do something, but give it up as soon as `stop` is set. True if it was done; its error is raised."""
    done, stopping = asyncio.create_task(doing), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({done, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            return False
        done.result()
        return True
    finally:
        done.cancel()
        stopping.cancel()
        await asyncio.gather(done, stopping, return_exceptions=True)
