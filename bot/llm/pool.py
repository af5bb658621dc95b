"""Several ways to an answer behind one Model: models, endpoints and keys are tried in turn until one speaks.

A way is one model behind one key of one endpoint. How they are tried stands in `bot.llm.attempts`. Calls that nobody
waits for try the cheap tier of models that have one first.
"""

from collections.abc import Callable
from zlib import crc32

from bot.domain.completions import Prompt
from bot.domain.models import Catalog, Endpoint, Key
from bot.llm.attempts import Means, PooledCompletion, room_for
from bot.llm.client import OpenAIModel
from bot.llm.policy import LEISURE, Patience
from bot.llm.shaping import Shaper
from bot.llm.ways import Gates, Way
from bot.ports import Clock, OnWait

Connect = Callable[[Endpoint, Key], OpenAIModel]

FLEX = "flex"
"""Half the price, slow, and at times refused for want of room (https://platform.openai.com/docs/guides/flex-processing)."""

_LEAST_ROOM = 64
"""Tokens of answer for which a model with a small window is worth asking."""


class Pool:
    """The Model port over everything in a catalog.

    Args:
        connect: makes the client for one key of one endpoint; each is made once, when it is first needed.
        chance: random numbers in [0, 1), for jitter.
        leisure: the patience of calls that nobody waits for.
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
        leisure: Patience = LEISURE,
        gates: Gates | None = None,
    ) -> None:
        self.gates = gates or Gates(clock)
        self.patience = patience or Patience()
        self._leisure = leisure
        self.means = Means(client=self._client, shaper=shaper, gates=self.gates, clock=clock, chance=chance)
        self._catalog = catalog
        self._connect = connect
        self._clients: dict[tuple[str, str], OpenAIModel] = {}

    def complete(self, prompt: Prompt, on_wait: OnWait | None = None) -> PooledCompletion:
        patience = self._leisure if prompt.background else self.patience
        return PooledCompletion(self.means, patience, prompt, self._ways(prompt), on_wait)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    def _client(self, way: Way) -> OpenAIModel:
        name = way.endpoint.name, way.key.name
        if name not in self._clients:
            self._clients[name] = self._connect(way.endpoint, way.key)
        return self._clients[name]

    def _ways(self, prompt: Prompt) -> list[Way]:
        """Every way, in the order of the chain. A conversation keeps to one key: prompt caches belong to keys."""
        ways = []
        for card in prompt.chain.cards:
            endpoint = self._catalog.endpoints[card.endpoint]
            start = crc32(prompt.key.encode()) % len(endpoint.keys)
            own = prompt.own.get(card.endpoint)
            keys = [own] if own else [*endpoint.keys[start:], *endpoint.keys[:start]]
            tiers = (FLEX, "") if card.flex and prompt.background else ("",)
            ways += [Way(endpoint=endpoint, key=key, card=card, tier=tier) for tier in tiers for key in keys]
        return [way for way in ways if room_for(prompt, way.card) >= min(prompt.answer_room, _LEAST_ROOM)] or ways
