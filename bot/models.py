"""The models as turns ask them: with their prices, and behind the response cache."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.domain.models import Catalog
from bot.llm import open_model
from bot.llm.cache import CachedModel, DatabaseShelf, MemoryShelf, Shelf, Shelves
from bot.llm.prices import PriceBook
from bot.llm.ways import Gates
from bot.masking import MaskedJudge, Masking
from bot.moderation import Moderation, policy_of
from bot.ports import Clock, Model
from bot.settings import Settings
from bot.storage import Storage
from bot.tasks import cancel

if TYPE_CHECKING:
    from bot.llm.transcription import Transcriber

_BREATH = 0.3
"""Seconds in which a bot that starts connects to its platforms before it does what can wait."""


async def _load_soon(prices: PriceBook, clock: Clock) -> None:
    """Read the prices when the platforms are connected: no answer is finished, and so priced, before."""
    await clock.sleep(_BREATH)
    await prices.load()


@asynccontextmanager
async def open_models(
    settings: Settings, catalog: Catalog, clock: Clock, gates: Gates
) -> AsyncIterator[tuple[Model, PriceBook]]:
    """The models and their prices, which are read in the background unless a decision rests on them."""
    hears = bool(settings.transcription_model) and settings.transcription_price is None
    prices = PriceBook(catalog, clock, sounds=hears)
    plan = settings.budgets()
    if plan.budgets or plan.unpriced == "refuse":
        await prices.load()
    loading = asyncio.create_task(_load_soon(prices, clock))
    try:
        async with open_model(catalog, clock, settings.redis(), gates) as model:
            yield model, prices
    finally:
        await cancel(loading)


@asynccontextmanager
async def open_transcriber(settings: Settings, catalog: Catalog, clock: Clock) -> AsyncIterator["Transcriber | None"]:
    """The model that hears, if the operator named one."""
    if not settings.transcription_model:
        yield None
        return
    from bot.llm.transcription import Transcriber, transcriber_card

    card = transcriber_card(catalog, settings.transcription_model)
    transcriber = Transcriber.connect(card, catalog.endpoints[card.endpoint], clock)
    try:
        yield transcriber
    finally:
        await transcriber.close()


@asynccontextmanager
async def remembered(model: Model, settings: Settings, storage: Storage, clock: Clock) -> AsyncIterator[Model]:
    """The model behind the response cache, if the operator wants one."""
    if settings.response_cache == "off":
        yield model
        return
    seconds = settings.response_cache_seconds
    async with open_shelves(settings, storage) as shelves:
        yield CachedModel(model, Shelves(*shelves), clock, scope=settings.response_cache, seconds=seconds)


@asynccontextmanager
async def open_shelves(settings: Settings, storage: Storage) -> AsyncIterator[Sequence[Shelf]]:
    """Memory where this process is alone, Redis if there is one, the database.

    Of several processes none keeps answers to itself: what is forgotten has to be gone from all of them at once.
    """
    seconds = settings.response_cache_seconds
    near: list[Shelf] = [MemoryShelf()] if storage.embedded else []
    far, url = DatabaseShelf(storage.begin, seconds=seconds), settings.redis()
    if url is None:
        yield *near, far
        return
    from bot.llm.cache.shared import RedisShelf

    shared = RedisShelf.connect(url, seconds=seconds, seals=storage.seals)
    try:
        yield *near, shared, far
    finally:
        await shared.aclose()


@asynccontextmanager
async def open_moderation(
    settings: Settings, catalog: Catalog, clock: Clock, masking: Masking
) -> AsyncIterator[Moderation]:
    """What looks at messages, with the moderation API of the endpoint that the default chain asks first."""
    policy = policy_of(settings)
    if not policy.active or not settings.moderation_model:
        yield Moderation(policy, clock)
        return
    from bot.llm.moderation import ModerationApi

    api = ModerationApi.connect(catalog.endpoints[catalog.default.first.endpoint], settings.moderation_model, clock)
    try:
        yield Moderation(policy, clock, MaskedJudge(api, masking) if masking.active else api)
    finally:
        await api.close()
