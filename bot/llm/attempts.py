"""One answer over as many ways and attempts as it takes.

Before each attempt its breakers are asked and room is awaited in its buckets; what a failure means for the next attempt
stands in `bot.llm.policy`. After the first piece nothing repeats.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import structlog

from bot.domain.completions import Call, FinishReason, Lost, Prompt, Usage
from bot.domain.models import ModelCard
from bot.errors import ModelError, OwnKeyRefused, UpstreamBusy, UpstreamDown, UpstreamMisconfigured
from bot.llm.client import OpenAIModel
from bot.llm.completion import StreamedCompletion
from bot.llm.policy import Patience, judge
from bot.llm.shaping import BACKGROUND, Admission, Shaper
from bot.llm.ways import Gates, Passage, Resting, Way
from bot.ports import Clock, OnWait
from bot.telemetry.spans import Span
from bot.telemetry.spans import call as span_of_call

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What attempts are made with. `client` gives the one for a way, `chance` random numbers in [0, 1), for jitter."""

    client: Callable[[Way], OpenAIModel]
    shaper: Shaper
    gates: Gates
    clock: Clock
    chance: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """An answer that has begun: its first piece, None if it is empty, and the others."""

    first: str | None
    others: AsyncIterator[str]


class PooledCompletion:
    """The Completion port; its facts are the last attempt's. `patience` is for everything before the first piece."""

    def __init__(
        self, means: Means, patience: Patience, prompt: Prompt, ways: Sequence[Way], on_wait: OnWait | None
    ) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.service_tier: str | None = None
        self.call: Call | None = None
        self.thought = 0
        self.lost: list[Lost] = []
        self._means = means
        self._patience = patience
        self._prompt = prompt
        self._ways = ways
        self._on_wait = on_wait
        self._attempts = 0
        self._waited = 0.0
        self._ends = 0.0
        self._pieces: AsyncGenerator[str] | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        self._pieces = self._relayed()
        return self._pieces

    async def aclose(self) -> None:
        if self._pieces is not None:
            await self._pieces.aclose()

    async def _relayed(self) -> AsyncGenerator[str]:
        self._ends = self._now() + self._patience.deadline
        async with AsyncExitStack() as stack:
            speaking = await self._along_ways(stack)
            if speaking.first is not None:
                yield speaking.first
            async for piece in speaking.others:
                yield piece

    async def _along_ways(self, stack: AsyncExitStack) -> Speaking:
        """The first way that speaks; raises the last failure of those that were tried."""
        failure: ModelError | None = None
        resting: ModelError | None = None
        for way in self._ways:
            try:
                return await self._repeatedly(way, stack)
            except Resting as rest:
                resting = resting or rest.reason
            except ModelError as error:
                failure = error
                if not judge(error).elsewhere or self._now() >= self._ends or not self._affordable:
                    break
                _log.info("model_passed_over", way=str(way.route), reason=type(error).__name__)
        raise failure or resting or UpstreamDown("there is no way")

    async def _repeatedly(self, way: Way, stack: AsyncExitStack) -> Speaking:
        """Raises Resting or the ModelError of the last attempt."""
        for attempt in itertools.count(1):
            sent, began = self._attempts, self._now()
            try:
                return await stack.enter_async_context(self._attempt(way))
            except ModelError as error:
                lasted = self._now() - began
                if self._attempts == sent:  # there was no room: the line spoke, not the server
                    self._waited += lasted
                    raise
                await self._pause(error, attempt, lasted)
        raise AssertionError  # the loop has no other end

    @property
    def _affordable(self) -> bool:
        """Whether another attempt may be made after what was lost; one is made in any case."""
        return not self.lost or self._prompt.leaves(sum(one.usage.total for one in self.lost))

    async def _pause(self, error: ModelError, attempt: int, lasted: float) -> None:
        """Wait before the same way is tried again, or raise the error that ended the attempt.

        What would take as long again as this attempt took must fit into the deadline: time is better spent elsewhere
        than on half a wait.
        """
        wait = self._patience.wait(error, attempt, self._means.chance())
        if wait is None or self._now() + wait + lasted >= self._ends or not self._affordable:
            raise error
        _log.info("model_retry", reason=type(error).__name__, attempt=attempt, wait=round(wait, 3))
        await self._means.clock.sleep(wait)

    @asynccontextmanager
    async def _attempt(self, way: Way) -> AsyncGenerator[Speaking]:
        """One call, reported to the breakers when it ends. Raises Resting and ModelError."""
        passage = self._means.gates.enter(way)
        prompt = _to(self._prompt, way)
        try:
            async with self._means.shaper.admit(
                way.route,
                tokens=prompt.tokens + prompt.answer_room,
                priority=BACKGROUND if prompt.background else prompt.priority,
                deadline=self._line(way),
                on_wait=self._on_wait,
            ) as admission:
                self._waited += admission.waited
                completion = self._means.client(way).complete(prompt)
                async with self._heard(completion, way, admission) as speaking:
                    yield speaking
        except ModelError as error:
            _report(passage, error, way)
            if way.key.personal and isinstance(error, UpstreamMisconfigured):
                raise OwnKeyRefused(way.endpoint.name) from error
            raise
        except BaseException:
            # Cancelled or abandoned by the person: that says nothing about the endpoint.
            passage.dropped()
            raise
        passage.succeeded()

    def _line(self, way: Way) -> float:
        """Seconds to stand in line for room. While there are other ways, only as long as a retry would wait."""
        longest = self._patience.queue - self._waited
        if way is not self._ways[-1]:
            longest = min(longest, self._patience.longest_wait)
        return max(0.0, min(longest, self._ends - self._now()))

    @asynccontextmanager
    async def _heard(self, completion: StreamedCompletion, way: Way, admission: Admission) -> AsyncGenerator[Speaking]:
        with _traced(way) as span:
            try:
                async with self._listening(completion, way, admission) as speaking:
                    yield speaking
            finally:
                _tell(span, completion, self.call)

    @asynccontextmanager
    async def _listening(
        self, completion: StreamedCompletion, way: Way, admission: Admission
    ) -> AsyncGenerator[Speaking]:
        self._attempts += 1
        began = self._now()
        pieces = aiter(completion)
        try:
            first = await self._first(pieces, way)
            await admission.heard(completion.headers)
            self._spoke(way, began, first_piece=self._now() - began)
            yield Speaking(first=first, others=pieces)
        except (ModelError, Resting) as error:
            if self.call is None:
                self._lose(completion, way, error, lasted=self._now() - began)
            raise
        except BaseException:
            # Whoever leaves a server that thinks has paid for the question.
            self._spoke(way, began, first_piece=self.call.first_piece if self.call else self._now() - began)
            raise
        finally:
            await completion.aclose()
            self._adopt(completion, admission)
            if self.call is not None:
                self._spoke(way, began, first_piece=self.call.first_piece)

    async def _first(self, pieces: AsyncIterator[str], way: Way) -> str | None:
        try:
            async with asyncio.timeout(self._ends - self._now()):
                return await anext(pieces, None)
        except TimeoutError:
            raise UpstreamDown("no answer before the deadline") from None
        except (UpstreamBusy, UpstreamDown) as error:
            # A cheap tier without room says nothing about the usual one, which people wait for: no breaker hears of
            # it, and the route stays open.
            raise Resting(error) if way.tier else error from None

    def _spoke(self, way: Way, began: float, *, first_piece: float) -> None:
        self.call = Call(
            card=way.card,
            attempts=self._attempts,
            waited=self._waited,
            first_piece=first_piece,
            lasted=self._now() - began,
        )

    def _lose(self, completion: StreamedCompletion, way: Way, error: ModelError | Resting, *, lasted: float) -> None:
        """Remember what an attempt without an answer has cost, if it has."""
        if completion.spent is None:
            return
        lost = Lost(
            card=way.card,
            answered=completion.model,
            usage=completion.spent,
            service_tier=completion.service_tier,
            reason=type(error.reason if isinstance(error, Resting) else error).__name__,
            lasted=lasted,
        )
        self.lost.append(lost)

    def _adopt(self, completion: StreamedCompletion, admission: Admission) -> None:
        self.usage, self.finish_reason = completion.usage, completion.finish_reason
        self.model, self.service_tier = completion.model, completion.service_tier
        self.thought = completion.thought
        if completion.usage is not None:
            admission.used(completion.usage.total)
        elif self.call is None:  # refused, or broken before the first piece
            admission.used(completion.spent.total if completion.spent else 0)

    def _now(self) -> float:
        return self._means.clock.monotonic()


def _traced(way: Way) -> AbstractContextManager[Span]:
    facts = {"operation.name": "chat", "provider.name": way.endpoint.name, "request.model": way.card.name}
    return span_of_call(f"chat {way.card.name}", **{f"gen_ai.{name}": fact for name, fact in facts.items()})


def _tell(span: Span, completion: StreamedCompletion, call: Call | None) -> None:
    """What the conventions want to know of a call that has ended."""
    facts = {"response.model": completion.model, "response.finish_reasons": completion.finish_reason or ""}
    for name, fact in facts.items():
        span.set_attribute(f"gen_ai.{name}", fact)
    if call is not None:
        span.set_attribute("gen_ai.response.time_to_first_chunk", call.first_piece)
    if usage := completion.usage:
        numbers = {"input_tokens": usage.input, "output_tokens": usage.output, "cache_read.input_tokens": usage.cached}
        for name, number in numbers.items():
            span.set_attribute(f"gen_ai.usage.{name}", number)


def _report(passage: Passage, error: ModelError, way: Way) -> None:
    verdict = judge(error)
    passage.failed(error, verdict)
    if verdict.alert and not way.key.personal:
        _log.error("upstream_needs_an_admin", reason=str(error), hint=getattr(error, "hint", ""))


def room_for(prompt: Prompt, card: ModelCard) -> int:
    """Tokens that a model's window leaves for the answer."""
    return card.window - prompt.tokens


def _to(prompt: Prompt, way: Way) -> Prompt:
    """The prompt for one way, whose model may have a smaller window than the first."""
    single = replace(prompt.to(way.card), service_tier=way.tier)
    room = room_for(prompt, way.card)
    return replace(single, answer_room=min(single.answer_room, room)) if room > 0 else single
