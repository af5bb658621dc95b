"""The whole core over a real pool: database, HTTP and a model server are real, only the platform is not."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

import sqlalchemy as sa

from bot.clock import SystemClock
from bot.domain.context import ContextPolicy
from bot.domain.models import Catalog, Chain, Endpoint, Key, Limits, ModelCard
from bot.domain.quotas import Meter
from bot.llm import limits_of
from bot.llm.client import OpenAIModel
from bot.llm.completion import Timeouts
from bot.llm.policy import Patience
from bot.llm.pool import Pool
from bot.llm.shaping import MemoryBuckets, Shaper
from bot.storage import Storage
from tests.books import used
from tests.calls import PRICED, answered
from tests.conftest import Core, make_core

TIMES = Timeouts(connect=1, first=0.6, between=0.5, total=5, farewell=0.1)
HASTY = Patience(backoff=0.0)
SECRET = "sk-scene"
"""The key of the endpoint; LiteLLM wants this form."""

PLENTY: Mapping[Meter, int | None] = {"messages": 100, "tokens": 10_000}
"""Enough for nobody to be told that it is nearly used up."""


def words(text: str) -> int:
    """What the emulator counts as tokens: the same as the core of the tests does."""
    return len(text.split())


class Server(Protocol):
    """A model server that runs as long as it is entered."""

    @property
    def url(self) -> str: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


S = TypeVar("S", bound=Server)


@dataclass(frozen=True, kw_only=True)
class Scene(Generic[S]):
    """A core and what stands behind it. There is one model, at one endpoint, behind one key."""

    core: Core
    pool: Pool
    server: S
    card: ModelCard

    @property
    def seen(self) -> list[str]:
        """What people see, in order."""
        return [text for _, text in self.core.platform.sent]

    @property
    def breaker(self) -> str:
        return self.pool.gates.model(self.card).breaker.state

    @property
    def key_breaker(self) -> str:
        (endpoint,) = self.pool._catalog.endpoints.values()
        return self.pool.gates.key(endpoint, endpoint.keys[0]).breaker.state

    @property
    def failures(self) -> int:
        """How many the model's breaker counts."""
        return self.pool.gates.model(self.card).breaker._failures

    async def used(self, user: str = "ada") -> tuple[int, int]:
        """Messages and tokens that a person was charged."""
        return await used(self.core, user)

    async def rows(self) -> Sequence[sa.RowMapping]:
        return await answered(self.core.storage)


@asynccontextmanager
async def scene(
    storage: Storage,
    server: S,
    *,
    daily: Mapping[Meter, int | None] | None = None,
    limits: Limits | None = None,
    patience: Patience = HASTY,
    timeouts: Timeouts = TIMES,
    window: int = 1000,
    context: ContextPolicy | None = None,
) -> AsyncIterator[Scene[S]]:
    clock = SystemClock()
    async with server:
        card = ModelCard(
            endpoint="main", name="scripted-1", known_as="scripted-1", window=window, prices={"default": PRICED}
        )
        endpoint = Endpoint(
            name="main", base_url=server.url, keys=(Key(name="k", secret=SECRET),), limits=limits or Limits()
        )
        catalog = Catalog(
            endpoints={"main": endpoint},
            models={card.ref: card},
            chains={"default": Chain(name="default", cards=(card,))},
        )
        core = make_core(storage, catalog=catalog, daily=daily or PLENTY, window=window, context=context)
        async with Shaper(MemoryBuckets(clock), clock, lambda route: limits_of(catalog, route)) as shaper:
            pool = Pool(
                catalog,
                connect=lambda endpoint, key: OpenAIModel.connect(endpoint.base_url, key.secret, clock, timeouts),
                shaper=shaper,
                clock=clock,
                chance=lambda: 0.5,
                patience=patience,
            )
            core.dispatcher._questions._chat._model = pool
            yield Scene(core=core, pool=pool, server=server, card=card)
            await pool.close()
