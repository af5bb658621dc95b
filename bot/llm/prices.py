"""What a call costs, in whole micro-US$: the operator's prices, else a public price table, else unknown.

Unknown is None and never 0: nobody may take a bill that could not be reckoned for a free call.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import structlog

from bot.domain.completions import Usage
from bot.domain.models import STANDARD_TIER, Catalog, ModelCard, PriceList, Rates
from bot.domain.sounds import SoundRates
from bot.ports import Clock

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_log = structlog.get_logger(__name__)

_LIST_PRICED = frozenset({"", "auto", "default", "standard", "on_demand"})
"""How vendors call the tier without surcharge or discount: OpenAI, Anthropic and Gemini, Groq."""


class PriceBook:
    """Prices of a catalog's models. Until `load` has ended only those are known that the operator wrote down."""

    def __init__(self, catalog: Catalog, clock: Clock, *, sounds: bool = False) -> None:
        """`sounds`: their prices are wanted too, which only the table has."""
        self._catalog = catalog
        self._sounds = sounds
        self._clock = clock
        self._table: VendorTable | None = None

    async def load(self) -> None:
        """Read the price table, if any model needs it: a quarter of a second in a thread, and 28 MB.

        A table that cannot be read is told in the log; its prices stay unknown.
        """
        priced = all(card.prices for card in self._catalog.models.values()) and not self._sounds
        if self._table is not None or priced:
            return
        try:
            self._table = await asyncio.to_thread(VendorTable.bundled)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the package, chats go on
            _log.warning("prices_not_loaded", reason=type(error).__name__)
            return
        unpriced = [ref for ref, card in self._catalog.models.items() if self.prices(card) is None]
        if unpriced:
            _log.warning("prices_unknown", models=unpriced, advice="write `prices` for them into the models file")

    def cost(self, card: ModelCard, usage: Usage, service_tier: str | None = None) -> int | None:
        """What a call cost; `service_tier` is the one the answer names, not the one that was asked for."""
        prices = self.prices(card, service_tier)
        return None if prices is None else cost_of(usage, prices.at(usage.input))

    def ceiling(self, card: ModelCard, usage: Usage, service_tier: str | None = None) -> int | None:
        """The most that a call of that many input and output tokens can cost, however they are cached."""
        prices = self.prices(card, service_tier)
        if prices is None:
            return None
        # A prompt may turn out longer than estimated and land in a dearer tier; the margin is the caller's.
        rates = prices.at(usage.input)
        dearest = max(rates.input, rates.cached_input, rates.cache_write)
        return _rounded(usage.input * dearest + usage.output * rates.output)

    def sound(self, card: ModelCard) -> SoundRates | None:
        """What it costs to have a sound written down; None if that is unknown."""
        if self._table is None:
            return None
        endpoint = self._catalog.endpoints[card.endpoint]
        return self._table.sound(card.known_as, url=endpoint.base_url, provider=endpoint.provider, at=self._clock.now())

    def prices(self, card: ModelCard, service_tier: str | None = None) -> PriceList | None:
        """The prices of now, None if they are unknown. Where the operator wrote some, only his count."""
        tier = STANDARD_TIER if (service_tier or "").lower() in _LIST_PRICED else str(service_tier).lower()
        if card.prices:
            return card.prices.get(tier)
        if self._table is None:
            return None
        endpoint = self._catalog.endpoints[card.endpoint]
        return self._table.prices(
            card.known_as, url=endpoint.base_url, provider=endpoint.provider, tier=tier, at=self._clock.now()
        )


def cost_of(usage: Usage, rates: Rates) -> int:
    """Micro-US$ for `usage`. Exact until the end, where half a micro-US$ is rounded up: once per call, on the total.

    Reasoning is part of the output and costs the same. Parts larger than their whole, as confused servers report
    them, are cut.
    """
    cached = min(usage.cached, usage.input)
    written = min(usage.cache_written, usage.input - cached)
    return _rounded(
        (usage.input - cached - written) * rates.input
        + cached * rates.cached_input
        + written * rates.cache_write
        + usage.output * rates.output
    )


def _rounded(micro: Decimal) -> int:
    return int(micro.to_integral_value(ROUND_HALF_UP))


class VendorTable:
    """The prices that come with `genai-prices`. They are as old as the package: it is never updated from the net."""

    def __init__(self, snapshot: "DataSnapshot") -> None:
        self._snapshot = snapshot

    @classmethod
    def bundled(cls) -> "VendorTable":
        """Blocks for a quarter of a second: call it in a thread."""
        from genai_prices.data import providers
        from genai_prices.data_snapshot import DataSnapshot

        return cls(DataSnapshot(providers=providers, from_auto_update=False))

    def prices(self, model: str, *, url: str, provider: str | None, tier: str, at: datetime) -> PriceList | None:
        """Prices of `model` at that instant; the vendor is `provider`, or told by the endpoint's address."""
        listed = self._find(model, url=url, provider=provider)
        if listed is None:
            return None
        vendor, found = listed
        if tier != STANDARD_TIER and not _has_tier(vendor, found, tier, at):
            return None
        return _price_list(found.get_prices(at, None if tier == STANDARD_TIER else _context(tier)))

    def sound(self, model: str, *, url: str, provider: str | None, at: datetime) -> SoundRates | None:
        """What hearing costs at that instant: by the hour, or by the token."""
        listed = self._find(model, url=url, provider=provider)
        return None if listed is None else _sound_rates(listed[1].get_prices(at, None))

    def _find(self, model: str, *, url: str, provider: str | None) -> "tuple[Provider, ModelInfo] | None":
        """The vendor is `provider`, or told by the endpoint's address."""
        try:
            return self._snapshot.find_provider_model(
                model, None, provider, None if provider else f"{url.rstrip('/')}/"
            )
        except LookupError:
            return None


def _sound_rates(table: "ModelPrice") -> SoundRates | None:
    hour = table.input_audio_hours or table.audio_hours
    if hour is not None:
        return SoundRates(second=_at(hour, 0) * 10**6 / 3600)
    if table.input_audio_mtok is None:
        return None
    text, written = (Decimal(0) if one is None else _at(one, 0) for one in (table.input_mtok, table.output_mtok))
    return SoundRates(sound_token=_at(table.input_audio_mtok, 0), text_token=text, output_token=written)


def _context(tier: str) -> Mapping[str, str]:
    """How the table calls a service tier: batches are none to it."""
    return {"processing": "batch"} if tier == "batch" else {"service_tier": tier}


def _has_tier(vendor: "Provider", model: "ModelInfo", tier: str, at: datetime) -> bool:
    """The table answers the list price for tiers it does not know, and for models lent from another vendor."""
    if not any(model is own for own in vendor.models):
        return False
    return any(
        variant.when == _context(tier) and (variant.constraint is None or variant.constraint.active(at))
        for variant in model.price_variants or ()
    )


def _price_list(table: "ModelPrice") -> PriceList | None:
    """None when there is no price for plain input or output, as for models that make images."""
    plain, written = table.input_mtok, table.output_mtok
    if plain is None or written is None:
        return None
    # What has no price of its own, costs what input costs: so do the table's own sums.
    cached, cache_write = (plain if one is None else one for one in (table.cache_read_mtok, table.cache_write_mtok))
    kinds = (plain, written, cached, cache_write)
    starts = sorted({tier.start for kind in kinds if not isinstance(kind, Decimal) for tier in kind.tiers})
    return PriceList(base=_rates(kinds, 0), above=tuple((start, _rates(kinds, start + 1)) for start in starts))


def _rates(kinds: "Sequence[Decimal | TieredPrices]", prompt_tokens: int) -> Rates:
    plain, written, cached, cache_write = (_at(kind, prompt_tokens) for kind in kinds)
    return Rates(input=plain, output=written, cached_input=cached, cache_write=cache_write)


def _at(price: "Decimal | TieredPrices", prompt_tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    passed = (tier.price for tier in reversed(price.tiers) if prompt_tokens > tier.start)
    return next(passed, price.base)
