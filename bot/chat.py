"""The use case "answer one turn": two short transactions around a long stream, failure paths included."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.delivery import Courier
from bot.domain.completions import Prompt, PromptMessage, Usage
from bot.domain.context import ContextWindow, Fitted, PastTurn, Weighed
from bot.domain.updates import Update
from bot.errors import AccessDenied, ContextOverflow, ModelError, StreamInterrupted, UpstreamDown, UserError
from bot.inbox import Lease
from bot.ports import Completion, Model, Platform, Ref, Reply, TokenCounter
from bot.quotas import Quotas
from bot.storage import Exchange, Outgoing, UnitOfWork
from bot.streaming import Preview
from bot.texts import Text, text
from bot.texts.catalogues import Catalogues
from bot.texts.errors import sentence

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brain:
    """What answers: a model's name, its window and the system prompt."""

    model: str
    window: ContextWindow
    system: Weighed


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
    fitted: Fitted
    room: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the stream went. `ending` as in the table `turn`; `usage` is None when the server did not say."""

    answer: str
    ending: str
    usage: Usage | None
    model: str


class Chat:
    """Answers turns. Safe to use from any number of tasks."""

    def __init__(
        self,
        *,
        model: Model,
        brain: Brain,
        tokens: TokenCounter,
        quotas: Quotas,
        courier: Courier,
        catalogues: Catalogues,
    ) -> None:
        self._model = model
        self._brain = brain
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
            self._brain.window.check(self._brain.system, question)
            turn, conversation = await work.history.begin(
                lease.claim.id,
                conversation_id=await work.history.current(update.place.key),
                account_id=account.id,
                question=question.text,
                tokens=question.tokens,
            )
            fitted = await self._fit(work, conversation, turn, question, self._brain.window)
            room = await self._quotas.reserve(
                work, lease.claim.id, account.id, prompt=fitted.tokens, answer_room=self._brain.window.answer_room
            )
        return Begun(
            conversation=conversation, account=account.id, turn=turn, question=question, fitted=fitted, room=room
        )

    async def _fit(
        self, work: UnitOfWork, conversation: int, turn: int, question: Weighed, window: ContextWindow
    ) -> Fitted:
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
            if tokens > window.budget:
                break
        return window.fit(self._brain.system, past, question)

    async def _listen(self, asked: Asked, begun: Begun) -> Outcome:
        """Between the transactions: the model speaks, the person watches. Raises ModelError."""

        async def remember(ref: Ref) -> None:
            async with lease.begin() as work:
                await work.inbox.remember(lease.claim, ref)

        lease = asked.lease
        async with Preview(asked.reply, remember) as preview:
            try:
                return await self._stream(lease, begun, preview)
            except ContextOverflow as overflow:
                _log.warning("context_overflow", model=self._brain.model, window=overflow.window)
                return await self._stream(lease, await self._refit(lease, begun, overflow), preview)

    async def _stream(self, lease: Lease, begun: Begun, preview: Preview) -> Outcome:
        completion = self._model.complete(self._prompt(begun))
        ending = None
        try:
            finished = await _unless(lease.stopped, _read(completion, preview))
            ending = None if finished else "stopped"
        except StreamInterrupted as error:
            _log.warning("stream_interrupted", reason=str(error), model=self._brain.model)
            ending = "interrupted"
        finally:
            await completion.aclose()
        answer = preview.text.strip()
        if not answer and ending is None:
            raise UpstreamDown("the model ended without a word")
        return Outcome(
            answer=answer,
            ending=ending or completion.finish_reason or "stop",
            usage=completion.usage,
            model=completion.model or self._brain.model,
        )

    async def _refit(self, lease: Lease, begun: Begun, overflow: ContextOverflow) -> Begun:
        """The endpoint's window is smaller than we thought: keep less of the past, once."""
        window = self._brain.window.smaller(overflow.window)
        async with lease.begin() as work:
            fitted = await self._fit(work, begun.conversation, begun.turn, begun.question, window)
        return replace(begun, fitted=fitted, room=min(begun.room, window.answer_room))

    def _prompt(self, begun: Begun) -> Prompt:
        messages = [PromptMessage(role="system", text=self._brain.system.text)] if self._brain.system.text else []
        for turn in begun.fitted.turns:
            messages.append(PromptMessage(role="user", text=turn.question.text))
            messages.append(PromptMessage(role="assistant", text=turn.answer.text))
        messages.append(PromptMessage(role="user", text=begun.question.text))
        return Prompt(
            model=self._brain.model,
            messages=messages,
            tokens=begun.fitted.tokens,
            answer_room=begun.room,
            key=f"conversation-{begun.conversation}",
            person=f"account-{begun.account}",
        )

    async def _finish(self, asked: Asked, begun: Begun, outcome: Outcome) -> list[Outgoing]:
        """Second transaction: answer, charge and outgoing parts, all or nothing."""
        counted = await self._tokens.count(outcome.answer)
        usage = outcome.usage or Usage(input=begun.fitted.tokens, output=counted, estimated=True)
        parts = asked.reply.parts(self._final_text(asked, outcome))
        arrival = asked.lease.claim.id
        async with asked.lease.begin() as work:
            if outcome.answer:
                await work.history.answer(arrival, _exchange(outcome, counted, usage))
            else:
                await work.history.fail(arrival, outcome.ending)
            await self._quotas.settle(work, arrival, tokens=usage.total)
            return await work.outbox.add(arrival, asked.platform.name, parts)

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


def _exchange(outcome: Outcome, counted: int, usage: Usage) -> Exchange:
    return Exchange(
        answer=outcome.answer, answer_tokens=counted, ending=outcome.ending, model=outcome.model, usage=usage
    )


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
