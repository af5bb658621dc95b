"""A Model before another one, which answers from memory what was asked before and asks once what is asked twice."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import structlog

from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.errors import ModelError, UpstreamBusy, UpstreamDown
from bot.llm.cache.flight import Flight
from bot.llm.cache.keys import Scope, key_of
from bot.llm.cache.shelves import GRACE, Shelf
from bot.ports import Clock, Completion, Model, OnWait
from bot.storage import KeptAnswer

_log = structlog.get_logger(__name__)

_FREE = Usage(input=0, output=0)


class CachedModel:
    """The Model port. Only whole answers with the finish reason `stop`, by the model that was asked first, are kept.

    Args:
        scope: who is given an answer that somebody else asked for.
        seconds: how long an answer is given again.
    """

    def __init__(self, model: Model, shelf: Shelf, clock: Clock, *, scope: Scope, seconds: float) -> None:
        self._model = model
        self._shelf = shelf
        self._clock = clock
        self._scope: Scope = scope
        self._seconds = seconds
        self._flights: dict[str, Flight] = {}

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> Completion:
        key = key_of(prompt, self._scope)
        if key is None:
            return self._model.complete(prompt, on_wait)
        return CachedCompletion(self, key, prompt, on_wait)

    async def clear(self) -> None:
        """Forget every answer, here and wherever they are shared. Raises StorageError."""
        await self._shelf.clear()

    async def fresh(self, key: str) -> KeptAnswer | None:
        return await self._kept(key, self._seconds)

    async def stale(self, key: str) -> KeptAnswer | None:
        """The answer to the same question, also if its time is over: for when there is no other."""
        return await self._kept(key, self._seconds + GRACE)

    def flight(self, key: str, prompt: Prompt) -> tuple[Flight, bool]:
        """The call under way for this key, else a new one; and whether it is new."""
        if key in self._flights:
            return self._flights[key], False

        async def keep(completion: Completion, text: str) -> None:
            if _worth_keeping(completion, text, prompt):
                await self._shelf.put(key, KeptAnswer(text=text, model=completion.model, at=self._now()))

        def landed(flight: Flight) -> None:
            if self._flights.get(key) is flight:
                del self._flights[key]

        self._flights[key] = Flight(self._model, prompt, keep=keep, landed=landed)
        return self._flights[key], True

    async def _kept(self, key: str, seconds: float) -> KeptAnswer | None:
        kept = await self._shelf.get(key)
        return kept if kept is not None and self._now() - kept.at < seconds * 1000 else None

    def _now(self) -> int:
        return round(self._clock.now().timestamp() * 1000)


def _worth_keeping(completion: Completion, text: str, prompt: Prompt) -> bool:
    """A fallback's answer is not the asked model's, and half an answer is none."""
    by = completion.call.card if completion.call else None
    return completion.finish_reason == "stop" and bool(text.strip()) and by is not None and by.ref == prompt.card.ref


class CachedCompletion:
    """The Completion port: a kept answer, or a call shared with whoever asks the same now.

    Who does not pay for the call has `call.cached` set and a usage of no tokens.
    """

    def __init__(self, model: CachedModel, key: str, prompt: Prompt, on_wait: OnWait | None) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.service_tier: str | None = None
        self.call: Call | None = None
        self.thought = 0
        self.lost: list[Lost] = []
        self._model = model
        self._key = key
        self._prompt = prompt
        self._on_wait = on_wait
        self._pieces: AsyncGenerator[str] | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        self._pieces = self._answer()
        return self._pieces

    async def aclose(self) -> None:
        if self._pieces is not None:
            await self._pieces.aclose()

    async def _answer(self) -> AsyncGenerator[str]:
        if not self._prompt.anew and (kept := await self._model.fresh(self._key)) is not None:
            yield self._given_again(kept)
            return
        try:
            async with aclosing(self._live()) as pieces:
                async for piece in pieces:
                    yield piece
        except (UpstreamDown, UpstreamBusy) as error:
            # These come before the first piece only, so nothing was shown that the old answer would contradict.
            kept = await self._model.stale(self._key)
            if kept is None:
                raise
            _log.warning("stale_answer_given", reason=type(error).__name__, model=self._prompt.card.ref)
            yield self._given_again(kept)

    async def _live(self) -> AsyncGenerator[str]:
        """Listen to the call under way, or begin it. When another's call failed, another try is made, once."""
        for again in (True, False):
            flight, ours = self._model.flight(self._key, self._prompt)
            try:
                async with aclosing(self._listen(flight)) as pieces:
                    async for piece in pieces:
                        yield piece
            except ModelError as error:
                if ours or not again or not error.retryable:
                    raise
            else:
                return

    async def _listen(self, flight: Flight) -> AsyncGenerator[str]:
        flight.join(self, self._on_wait)
        try:
            async for piece in flight.hear():
                yield piece
        finally:
            paying = flight.pays(self)
            await flight.leave(self)
            self._adopt(flight.completion, paying=paying)

    def _adopt(self, completion: Completion, *, paying: bool) -> None:
        self.finish_reason, self.model = completion.finish_reason, completion.model
        if paying:
            self.usage, self.service_tier = completion.usage, completion.service_tier
            self.call, self.thought = completion.call, completion.thought
            self.lost += completion.lost
        else:
            self._for_nothing(completion.model)

    def _given_again(self, kept: KeptAnswer) -> str:
        self.finish_reason = "stop"
        self._for_nothing(kept.model)
        return kept.text

    def _for_nothing(self, model: str) -> None:
        self.model = model
        self.usage, self.service_tier = _FREE, None
        self.call = Call(card=self._prompt.card, attempts=0, waited=0.0, first_piece=0.0, lasted=0.0, cached=True)
