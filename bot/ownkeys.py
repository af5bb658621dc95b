"""Own keys: what people ask at an endpoint for which they gave a key is asked with it, and paid by them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.domain.models import Catalog, Chain, Endpoint, Key
from bot.errors import OwnKeyRefused, UpstreamMisconfigured
from bot.llm import list_models
from bot.ports import Clock
from bot.storage import UnitOfWork

Ask = Callable[[Endpoint], Awaitable[object]]
"""Asks an endpoint something cheap with its first key. Raises ModelError."""


class OwnKeys:
    """The keys that people gave, for endpoints of the operator's alone: nobody can have the bot call elsewhere."""

    def __init__(self, catalog: Catalog, ask: Ask) -> None:
        self._ask = ask
        # A server that asks for no key would take any.
        self.endpoints = {
            name: one for name, one in catalog.endpoints.items() if any(key != Key.none() for key in one.keys)
        }

    @classmethod
    def of(cls, catalog: Catalog, clock: Clock) -> "OwnKeys":
        return cls(catalog, lambda endpoint: list_models(endpoint, clock))

    async def held(self, work: UnitOfWork, account: int) -> Mapping[str, Key]:
        """An account's keys, by endpoint."""
        found = await work.own_keys.of(account)
        return {one.endpoint: Key.own(one.secret) for one in found if one.endpoint in self.endpoints}

    async def check(self, endpoint: str, secret: str) -> None:
        """Whether the endpoint takes the key. Raises OwnKeyRefused and other ModelErrors."""
        try:
            await self._ask(replace(self.endpoints[endpoint], keys=[Key.own(secret)]))
        except UpstreamMisconfigured:
            raise OwnKeyRefused(endpoint) from None


def along(chain: Chain, keys: Mapping[str, Key]) -> Chain | None:
    """The models of a chain that the keys are for; None if there are none. What one pays for goes nowhere else."""
    cards = [card for card in chain.cards if card.endpoint in keys]
    return replace(chain, cards=cards) if cards else None
