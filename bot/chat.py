"""The use case "answer one turn": two short transactions around a long stream, failure paths included."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.access import Access
from bot.accounting import Accounting
from bot.brain import Brain
from bot.bursts import Bursts
from bot.delivery import Courier
from bot.domain.completions import Lost, Usage, is_blank
from bot.domain.updates import Button, Update
from bot.errors import (
    AnswerFlagged,
    ContextOverflow,
    MessageFlagged,
    ModelError,
    ParleyError,
    StreamInterrupted,
    UpstreamDown,
    UserError,
)
from bot.footnotes import footnotes
from bot.inbox import Lease
from bot.moderation import Moderation
from bot.offers import Offers
from bot.opening import Opening
from bot.ownkeys import OwnKeys
from bot.ports import Completion, Model, Platform, TokenCounter
from bot.receiving import Receiving
from bot.renewal import Renewal
from bot.repeats import Repeats
from bot.storage import Exchange, Outgoing
from bot.storage.history import STEERED
from bot.streaming import Preview
from bot.tasks import unless
from bot.texts import Text, lines, text
from bot.texts.catalogues import Catalogues
from bot.texts.errors import sentence
from bot.titles import Titles
from bot.turns import Asked, Begun, Outcome

_log = structlog.get_logger(__name__)


class Chat:
    """Answers turns. Safe to use from any number of tasks."""

    def __init__(
        self,
        *,
        model: Model,
        brain: Brain,
        renewal: Renewal,
        tokens: TokenCounter,
        access: Access,
        accounting: Accounting,
        repeats: Repeats,
        courier: Courier,
        catalogues: Catalogues,
        bursts: Bursts,
        moderation: Moderation,
        receiving: Receiving,
        titles: Titles | None = None,
        own_keys: OwnKeys | None = None,
        offers: Offers = Offers(),  # noqa: B008 - a value
    ) -> None:
        self._model = model
        self._brain = brain
        self._access = access
        self._offers = offers
        self._tokens = tokens
        self._accounting = accounting
        self._opening = Opening(
            brain=brain,
            renewal=renewal,
            tokens=tokens,
            access=access,
            accounting=accounting,
            repeats=repeats,
            moderation=moderation,
            own_keys=own_keys,
        )
        self._courier = courier
        self._catalogues = catalogues
        self._bursts = bursts
        self._moderation = moderation
        self._receiving = receiving
        self._titles = titles

    async def answer(self, lease: Lease, platform: Platform, update: Update) -> None:
        """Answer one message and complete its lease. Every failure ends in a sentence for the person."""
        asked = Asked(lease=lease, platform=platform, update=update, reply=platform.reply(update, lease.claim.ref))
        began = lease.clock.monotonic()
        try:
            asked = await self._receiving.receive(asked)
            if asked.asks:
                begun = await self._opening.begin(asked)
                asked = asked.by(begun.account)
                ending, outgoing = await self._through(asked, begun)
            else:
                told = partial(self._said, sentence=lines(*asked.material.notes))
                ending, outgoing = "unread", await self._unasked(asked, told, "unread")
        except UserError as error:
            ending = type(error).__name__
            outgoing = await self._unasked(asked, partial(self._why, error=error), ending)
        finally:
            await asked.reply.close()
        await self._courier.deliver(lease, platform, outgoing)
        lasted = lease.claim.age / 1000 + lease.clock.monotonic() - began
        _log.info("turn_done", platform=platform.name, ending=ending, seconds=round(lasted, 3))

    async def _through(self, asked: Asked, begun: Begun) -> tuple[str, list[Outgoing]]:
        """From the first transaction to the second: how it ended, and what is to be sent."""
        # For every line that follows in this task.
        structlog.contextvars.bind_contextvars(conversation=begun.conversation, turn=begun.turn)
        lost: list[Lost] = []
        try:
            await self._moderation.question(self._plan(begun), begun.question.text)
            outcome = await self._listen(asked, begun, lost)
            await self._look(begun, outcome, lost)
        except (ModelError, MessageFlagged, AnswerFlagged) as error:
            return type(error).__name__, await self._failed(asked, begun, error, lost)
        return outcome.ending, await self._finish(asked, begun, outcome)

    def _plan(self, begun: Begun) -> str:
        return self._accounting.quotas.plan_of(begun.account)

    async def _look(self, begun: Begun, outcome: Outcome, lost: list[Lost]) -> None:
        """At what was answered. Raises AnswerFlagged; what the answer cost is lost then."""
        try:
            await self._moderation.answer(self._plan(begun), outcome.answer)
        except AnswerFlagged as error:
            lost += _for_nothing(outcome.completion, error)
            raise

    async def _listen(self, asked: Asked, begun: Begun, lost: list[Lost]) -> Outcome:
        """Between the transactions: the model speaks, the person watches. Raises ModelError.

        Attempts that cost something and gave no answer are added to `lost`, also if it raises.
        """
        silent = self._moderation.withholds(self._plan(begun))
        async with Preview(asked.reply, asked.remember, asked.lease.check, silent=silent) as preview:
            try:
                return await self._stream(asked, begun, preview, lost)
            except ContextOverflow as overflow:
                _log.warning("context_overflow", model=begun.chain.first.ref, window=overflow.window)
                return await self._stream(asked, await self._refit(asked, begun, overflow), preview, lost)

    async def _stream(self, asked: Asked, begun: Begun, preview: Preview, lost: list[Lost]) -> Outcome:
        def queued(_position: int, seconds: float) -> None:
            wait = max(1, round(seconds))
            preview.waits(self._said(asked, text("⏳ Queued, about {seconds} s …", seconds=wait)))

        prompt = replace(self._brain.prompt(begun), anew=asked.update.anew)
        completion = self._model.complete(prompt, queued)
        ending = None
        try:
            finished = await unless(self._interrupted(asked, begun), _read(completion, preview))
            ending = None if finished else "stopped" if asked.lease.stopped.is_set() else STEERED
        except StreamInterrupted as error:
            _log.warning("stream_interrupted", reason=str(error), model=begun.chain.first.ref)
            ending = "interrupted"
        finally:
            await completion.aclose()
            lost += completion.lost
        answer = "" if is_blank(preview.text) else preview.text.strip()
        if not answer and ending is None:
            wordless = UpstreamDown("the model ended without a word")
            lost += _for_nothing(completion, wordless)
            raise wordless
        ending = ending or completion.finish_reason or "stop"
        return Outcome(answer=answer, ending=ending, completion=completion, lost=lost)

    async def _interrupted(self, asked: Asked, begun: Begun) -> None:
        """Return when the answer is to end: it was stopped, or its person goes on and wants it to give way."""
        if begun.account.busy == "steer":
            await self._bursts.followed(asked.lease, asked.platform, asked.update)
        else:
            await asked.lease.stopped.wait()

    async def _refit(self, asked: Asked, begun: Begun, overflow: ContextOverflow) -> Begun:
        """The endpoint's window is smaller than we thought: keep less of the past, once."""
        card = begun.chain.first
        guard = self._brain.overflowed(card, overflow.window, begun.guard)
        async with asked.lease.begin() as work:
            past = await self._brain.memory.past(
                work, conversation=begun.conversation, account=begun.account.id, turn=begun.turn
            )
            fitted = await self._brain.fit(work, past, card, asked.update, begun.question, guard=guard, cast=begun.cast)
        return replace(begun, fitted=fitted, room=min(begun.room, self._brain.window(card, guard).answer_room))

    async def _finish(self, asked: Asked, begun: Begun, outcome: Outcome) -> list[Outgoing]:
        """Second transaction: answer, charge and outgoing parts, all or nothing."""
        counted = await self._tokens.count(outcome.answer)
        usage = outcome.completion.usage or _estimated(begun, outcome, counted)
        buttons = [*self._offered(asked, begun, outcome), *self._back(asked, begun)]
        async with asked.lease.begin() as work:
            if outcome.answer:
                exchange = Exchange(answer=outcome.answer, answer_tokens=counted, ending=outcome.ending)
                await work.history.answer(asked.arrival, exchange)
                await self._brain.learn(work, begun, outcome, counted)
                if self._titles:
                    await self._titles.leave(work, begun, asked.update.place)
            else:
                await work.history.fail(asked.arrival, outcome.ending)
            nearly = await self._accounting.settle(work, asked, begun, outcome, usage, answer_tokens=counted)
            text_ = self._final_text(asked, outcome.answer, footnotes(asked, begun, outcome, nearly))
            return await work.outbox.add(asked.arrival, asked.platform.name, asked.reply.parts(text_, buttons))

    async def _unasked(self, asked: Asked, said: Callable[[Asked], str], ending: str) -> list[Outgoing]:
        """Instead of both transactions, the first of which was undone or never begun: the person is told why."""
        async with asked.lease.begin() as work:
            # Undone with the meeting: admins name people by username.
            known = asked.by(await work.people.meet(asked.update.sender))
            # One that was begun before a crash is on record and may have reserved something.
            await work.history.fail(asked.arrival, ending)
            await self._accounting.release(work, asked.arrival)
            return await work.outbox.add(asked.arrival, asked.platform.name, asked.reply.parts(said(known)))

    async def _failed(
        self, asked: Asked, begun: Begun, error: ModelError | UserError, lost: Sequence[Lost]
    ) -> list[Outgoing]:
        """Instead of the second transaction: the person is charged nothing, and told why."""
        again = self._again(asked) if isinstance(error, ModelError) and error.retryable else ()
        parts = asked.reply.parts(self._why(asked, error), again)
        async with asked.lease.begin() as work:
            await work.history.fail(asked.arrival, type(error).__name__)
            await self._accounting.failed(work, asked, begun, error, lost)
            if isinstance(error, MessageFlagged):
                await self._moderation.strike(work, begun.account.id, error)
            return await work.outbox.add(asked.arrival, asked.platform.name, parts)

    def _why(self, asked: Asked, error: UserError | ModelError) -> str:
        _log.info("turn_failed", reason=type(error).__name__, detail=str(error)[:300])
        return self._said(asked, sentence(error))

    def _final_text(self, asked: Asked, answer: str, notes: Sequence[Text]) -> str:
        said = "\n".join(self._said(asked, note) for note in notes)
        return "\n\n".join(part for part in (answer, said) if part)

    def _offered(self, asked: Asked, begun: Begun, outcome: Outcome) -> Iterator[Button]:
        """What can be done with the answer; with none, only asking again."""
        if not outcome.answer:
            yield from self._again(asked) if outcome.ending == "interrupted" else ()
            return
        role, tried = self._access.here(begun.account, asked.update.place), begun.cast.variant is not None
        for choice in self._offers.under(asked.arrival, outcome.ending, role, tried=tried, said=outcome.answer):
            yield Button(label=self._said(asked, choice.label), command=choice.command)

    def _again(self, asked: Asked) -> list[Button]:
        """A button that asks this very question again, whatever was asked since."""
        return [Button(label=self._said(asked, text("🔁 Retry")), command=f"retry {asked.arrival}")]

    def _back(self, asked: Asked, begun: Begun) -> list[Button]:
        """A button to the conversation that was left because nobody had gone on with it."""
        if begun.left is None:
            return []
        label = self._said(asked, text("↩ Go on with the last conversation"))
        return [Button(label=label, command=f"chats switch {begun.left}")]

    def _said(self, asked: Asked, sentence: Text) -> str:
        return self._catalogues.of(asked.update.sender.reads).render(sentence, slash=asked.platform.slash)


def _estimated(begun: Begun, outcome: Outcome, counted: int) -> Usage:
    """Of an answer whose bill never came. Whoever left the line before anything was asked has used nothing."""
    if outcome.completion.call is None:
        return Usage(input=0, output=0)
    return Usage(input=begun.fitted.tokens, output=counted + outcome.completion.thought, estimated=True)


def _for_nothing(completion: Completion, error: ParleyError) -> Sequence[Lost]:
    """An answer without a word is none, nor is one that may not stay; but it was paid for."""
    if completion.call is None or completion.usage is None:
        return ()
    lost = Lost(
        card=completion.call.card,
        answered=completion.model,
        usage=completion.usage,
        service_tier=completion.service_tier,
        reason=type(error).__name__,
        lasted=completion.call.lasted,
    )
    return (lost,)


async def _read(completion: Completion, preview: Preview) -> None:
    async for piece in completion:
        preview.feed(piece)
