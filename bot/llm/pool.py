"""Several ways to an answer behind one Model: models, endpoints and keys are tried in turn until one speaks.

A way is one model behind one key of one endpoint. Before each attempt its breaker is asked and room is awaited in its
buckets; what a failure means for the next attempt stands in `bot.llm.policy`. After the first piece nothing repeats.
"""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from zlib import crc32

import structlog

from bot.domain.completions import Call, FinishReason, Prompt, Usage
from bot.domain.models import Catalog, Endpoint, Key, ModelCard
from bot.errors import ModelError, UpstreamDown
from bot.llm.breaker import Breaker, Ticket
from bot.llm.client import OpenAIModel
from bot.llm.completion import StreamedCompletion
from bot.llm.policy import Patience, judge
from bot.llm.shaping import Admission, Route, Shaper
from bot.ports import Clock, OnWait

_log = structlog.get_logger(__name__)

Connect = Callable[[Endpoint, Key], OpenAIModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One model behind one key of one endpoint."""

    endpoint: Endpoint
    key: Key
    card: ModelCard

    @property
    def route(self) -> Route:
        return Route(endpoint=self.endpoint.name, key=self.key.name, model=self.card.name)


class Pool:
    """The Model port over everything in a catalog.

    Args:
        connect: makes the client for one key of one endpoint; each is made once, when it is first needed.
        chance: random numbers in [0, 1), for jitter.
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        connect: Connect,
        shaper: Shaper,
        clock: Clock,
        chance: Callable[[], float],
        patience: Patience | None = None,
    ) -> None:
        self.shaper = shaper
        self.clock = clock
        self.chance = chance
        self.patience = patience or Patience()
        self._catalog = catalog
        self._connect = connect
        self._clients: dict[tuple[str, str], OpenAIModel] = {}
        self._breakers: dict[str, Breaker] = {}

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> "PooledCompletion":
        return PooledCompletion(self, prompt, self._ways(prompt), on_wait)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    def client(self, endpoint: Endpoint, key: Key) -> OpenAIModel:
        name = endpoint.name, key.name
        if name not in self._clients:
            self._clients[name] = self._connect(endpoint, key)
        return self._clients[name]

    def breaker(self, card: ModelCard) -> Breaker:
        if card.ref not in self._breakers:
            self._breakers[card.ref] = Breaker(self.clock)
        return self._breakers[card.ref]

    def _ways(self, prompt: Prompt) -> list[Way]:
        """Every way, in the order of the chain. A conversation keeps to one key: prompt caches belong to keys."""
        ways = []
        for card in prompt.chain.cards:
            endpoint = self._catalog.endpoints[card.endpoint]
            start = crc32(prompt.key.encode()) % len(endpoint.keys)
            keys = itertools.islice(itertools.cycle(endpoint.keys), start, start + len(endpoint.keys))
            ways += [Way(endpoint=endpoint, key=key, card=card) for key in keys]
        return [way for way in ways if prompt.tokens < way.card.window] or ways


class PooledCompletion:
    """The Completion port over as many ways and attempts as it takes; its facts are the last attempt's."""

    def __init__(self, pool: Pool, prompt: Prompt, ways: list[Way], on_wait: OnWait | None) -> None:
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.service_tier: str | None = None
        self.call: Call | None = None
        self._pool = pool
        self._prompt = prompt
        self._ways = ways
        self._on_wait = on_wait
        self._attempts = 0
        self._waited = 0.0
        self._pieces: AsyncGenerator[str] | None = None

    def __aiter__(self) -> AsyncIterator[str]:
        self._pieces = self._along_ways()
        return self._pieces

    async def aclose(self) -> None:
        if self._pieces is not None:
            await self._pieces.aclose()

    async def _along_ways(self) -> AsyncGenerator[str]:
        ends = self._now() + self._pool.patience.deadline
        failure: ModelError = UpstreamDown("every way is resting after failures")
        for way in self._ways:
            try:
                async with aclosing(self._repeatedly(way, ends)) as pieces:
                    async for piece in pieces:
                        yield piece
            except ModelError as error:
                failure = error
                if self.call is not None or not judge(error).elsewhere or self._now() >= ends:
                    raise
                _log.info("model_passed_over", way=str(way.route), reason=type(error).__name__)
            else:
                return
        raise failure

    async def _repeatedly(self, way: Way, ends: float) -> AsyncGenerator[str]:
        for attempt in itertools.count(1):
            ticket = self._pool.breaker(way.card).admit()
            if ticket is None:
                raise UpstreamDown(f"{way.card.ref} is resting after failures")
            try:
                async with aclosing(self._once(way, ticket, ends)) as pieces:
                    async for piece in pieces:
                        yield piece
            except ModelError as error:
                await self._pause(error, attempt, ends)
            else:
                return

    async def _pause(self, error: ModelError, attempt: int, ends: float) -> None:
        """Wait before the same way is tried again, or raise the error that ended the attempt."""
        wait = self._pool.patience.wait(error, attempt, self._pool.chance())
        if self.call is not None or wait is None or self._now() + wait >= ends:
            raise error
        _log.info("model_retry", reason=type(error).__name__, attempt=attempt, wait=round(wait, 3))
        await self._pool.clock.sleep(wait)

    async def _once(self, way: Way, ticket: Ticket, ends: float) -> AsyncGenerator[str]:
        breaker = self._pool.breaker(way.card)
        prompt = self._prompt.to(way.card)
        try:
            async with self._pool.shaper.admit(
                way.route,
                tokens=prompt.tokens + prompt.answer_room,
                priority=prompt.priority,
                deadline=min(self._pool.patience.queue, ends - self._now()),
                on_wait=self._on_wait,
            ) as admission:
                self._waited += admission.waited
                completion = self._pool.client(way.endpoint, way.key).complete(prompt)
                async with aclosing(self._streamed(completion, way, admission, ends)) as pieces:
                    async for piece in pieces:
                        yield piece
        except ModelError as error:
            self._report(breaker, ticket, error)
            raise
        except BaseException:
            # Cancelled or abandoned by the person: that says nothing about the endpoint.
            breaker.dropped(ticket)
            raise
        breaker.succeeded(ticket)

    def _report(self, breaker: Breaker, ticket: Ticket, error: ModelError) -> None:
        verdict = judge(error)
        if verdict.breaker is None:
            breaker.dropped(ticket)
        else:
            breaker.failed(ticket, verdict.breaker)
        if verdict.alert:
            _log.error("upstream_needs_an_admin", reason=str(error), hint=getattr(error, "hint", ""))

    async def _streamed(
        self, completion: StreamedCompletion, way: Way, admission: Admission, ends: float
    ) -> AsyncGenerator[str]:
        self._attempts += 1
        began = self._now()
        pieces = aiter(completion)
        try:
            first = await self._first(pieces, ends)
            await admission.heard(completion.headers)
            self._spoke(way, began, first_piece=self._now() - began)
            if first is not None:
                yield first
            async for piece in pieces:
                yield piece
        finally:
            await completion.aclose()
            self._adopt(completion, admission)
            if self.call is not None:
                self._spoke(way, began, first_piece=self.call.first_piece)

    async def _first(self, pieces: AsyncIterator[str], ends: float) -> str | None:
        try:
            async with asyncio.timeout(ends - self._now()):
                return await anext(pieces, None)
        except TimeoutError:
            raise UpstreamDown("no answer before the deadline") from None

    def _spoke(self, way: Way, began: float, *, first_piece: float) -> None:
        self.call = Call(
            card=way.card,
            attempts=self._attempts,
            waited=self._waited,
            first_piece=first_piece,
            lasted=self._now() - began,
        )

    def _adopt(self, completion: StreamedCompletion, admission: Admission) -> None:
        self.usage, self.finish_reason = completion.usage, completion.finish_reason
        self.model, self.service_tier = completion.model, completion.service_tier
        if completion.usage is not None:
            admission.used(completion.usage.total)
        elif self.call is None:
            admission.used(0)  # refused or broken before the first piece: it cost a request and no tokens

    def _now(self) -> float:
        return self._pool.clock.monotonic()
