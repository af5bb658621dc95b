"""The table `call` as it stands in the database, and catalogs for its tests."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from bot.domain.models import Catalog, Chain, Endpoint, Key, ModelCard, PriceList, Rates
from bot.storage import Storage
from bot.storage.tables import call

RATES = Rates(
    input=Decimal("2.50"), output=Decimal("10.00"), cached_input=Decimal("0.25"), cache_write=Decimal("3.125")
)
LONGER = Rates(
    input=Decimal("5.00"), output=Decimal("15.00"), cached_input=Decimal("0.50"), cache_write=Decimal("6.25")
)
PRICED = PriceList(base=RATES, above=((272_000, LONGER),))


async def answered(storage: Storage) -> Sequence[sa.RowMapping]:
    """The rows of calls that gave an answer, whole or not, the oldest first."""
    async with storage.begin() as work:
        found = await work.calls._connection.execute(sa.select(call).order_by(call.c.id))
        return [row for row in found.mappings() if row["input_tokens"] + row["output_tokens"]]


def catalog(*cards: ModelCard, chains: Mapping[str, Sequence[str]] | None = None) -> Catalog:
    """These models, each at the endpoint it names; one chain of all of them, or chains of models by name."""
    by_name = {card.name: card for card in cards}
    named = chains or {"default": list(by_name)}
    key = Key(name="k", secret="s")
    return Catalog(
        endpoints={
            card.endpoint: Endpoint(name=card.endpoint, base_url="http://127.0.0.1:9/v1", keys=(key,)) for card in cards
        },
        models={card.ref: card for card in cards},
        chains={name: Chain(name=name, cards=[by_name[one] for one in names]) for name, names in named.items()},
    )


def card(name: str, *, endpoint: str = "main", prices: PriceList | None = None) -> ModelCard:
    return ModelCard(
        endpoint=endpoint, name=name, known_as=name, window=1000, prices={"default": prices} if prices else {}
    )
