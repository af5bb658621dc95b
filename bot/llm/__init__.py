"""The model side: OpenAI-compatible endpoints behind the Model port."""

import random
from collections.abc import Mapping

from bot.domain.models import Catalog, Endpoint
from bot.llm.shaping import Limits, MemoryBuckets, Route, Shaper
from bot.ports import Clock, Model


def open_model(catalog: Catalog, clock: Clock) -> Model:
    """Everything in the catalog behind one Model. Sends nothing yet."""
    # Imported late: the SDK takes half a second and 50 MB, which the emulator and the commands do without.
    from bot.llm.client import OpenAIModel
    from bot.llm.pool import Pool

    shaper = Shaper(MemoryBuckets(clock), clock, lambda route: limits_of(catalog, route))
    return Pool(
        catalog,
        connect=lambda endpoint, key: OpenAIModel.connect(endpoint.base_url, key.secret, clock),
        shaper=shaper,
        clock=clock,
        chance=random.random,
    )


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
    endpoint, card = catalog.endpoints[route.endpoint].limits, catalog.models[f"{route.endpoint}/{route.model}"].limits
    return Limits(
        rpm=card.rpm or endpoint.rpm,
        tpm=card.tpm or endpoint.tpm,
        rpd=card.rpd or endpoint.rpd,
        tpd=card.tpd or endpoint.tpd,
        concurrent=card.concurrent or endpoint.concurrent,
    )
