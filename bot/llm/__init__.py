"""The model side: OpenAI-compatible endpoints behind the Model port."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from bot.domain.models import Catalog, Endpoint
from bot.llm.shaping import Buckets, Limits, MemoryBuckets, Route, Shaper
from bot.llm.shaping.limits import USUAL_BURST
from bot.llm.ways import Gates
from bot.ports import Clock, Model

_PROMISES = ("api.openai.com", "openai.azure.com")
"""Endpoints that hold what a call may use at most against the limit and give nothing back (their rate limit guides)."""


@asynccontextmanager
async def open_model(
    catalog: Catalog, clock: Clock, redis_url: str | None = None, gates: Gates | None = None
) -> AsyncIterator[Model]:
    """Everything in the catalog behind one Model. Sends nothing yet. `gates` tell what does not work.

    With Redis, processes that use the same keys share the endpoints' limits; while it is away each counts for itself.
    """
    # Imported late: the SDK takes half a second and 50 MB, which the emulator and the commands do without.
    from bot.llm.client import OpenAIModel
    from bot.llm.pool import Pool

    async with (
        _buckets(clock, redis_url) as buckets,
        Shaper(buckets, clock, lambda route: limits_of(catalog, route)) as shaper,
    ):
        pool = Pool(
            catalog,
            connect=lambda endpoint, key: OpenAIModel.connect(endpoint.base_url, key.secret, clock),
            shaper=shaper,
            clock=clock,
            chance=random.random,
            gates=gates,
        )
        try:
            yield pool
        finally:
            await pool.close()


@asynccontextmanager
async def _buckets(clock: Clock, redis_url: str | None) -> AsyncIterator[Buckets]:
    if not redis_url:
        yield MemoryBuckets(clock)
        return
    from bot.llm.shaping.shared import RedisBuckets
    from bot.llm.shaping.steady import SteadyBuckets

    shared = RedisBuckets.connect(redis_url)
    try:
        yield SteadyBuckets(shared, MemoryBuckets(clock), clock)
    finally:
        await shared.aclose()


async def list_models(endpoint: Endpoint, clock: Clock) -> Mapping[str, int | None]:
    """What an endpoint offers: id → context window in tokens, None where it does not say. Raises ModelError."""
    from bot.llm.client import OpenAIModel

    client = OpenAIModel.connect(endpoint.base_url, endpoint.keys[0].secret, clock)
    try:
        return await client.models()
    finally:
        await client.close()


def limits_of(catalog: Catalog, route: Route) -> Limits:
    """What the operator wrote down for a route: the model's own limit where there is one, else its endpoint's."""
    place = catalog.endpoints[route.endpoint]
    endpoint, card = place.limits, catalog.models[f"{route.endpoint}/{route.model}"].limits
    host = urlsplit(place.base_url).hostname or ""
    burst = card.burst if card.burst is not None else endpoint.burst
    return Limits(
        rpm=card.rpm or endpoint.rpm,
        tpm=card.tpm or endpoint.tpm,
        rpd=card.rpd or endpoint.rpd,
        tpd=card.tpd or endpoint.tpd,
        concurrent=card.concurrent or endpoint.concurrent,
        burst=USUAL_BURST if burst is None else burst,
        counted=card.counted or endpoint.counted or ("promised" if host.endswith(_PROMISES) else "used"),
    )
