"""The models a process works with: those of the models file, or the one of the settings."""

import asyncio
from collections.abc import Sequence

import structlog

from bot.domain.models import Catalog, Endpoint
from bot.errors import ConfigError, ModelError
from bot.llm import list_models
from bot.llm.catalog import read_catalog, surroundings
from bot.llm.windows import known_to_see, known_window
from bot.ports import Clock
from bot.settings import Settings

_log = structlog.get_logger(__name__)

_UNKNOWN_WINDOW = 8_192
"""Tokens assumed for a model nobody knows: more would be a guess."""


async def open_catalog(settings: Settings, clock: Clock) -> Catalog:
    """The models file, or the one model of the settings; models that are not offered are told. Raises ConfigError."""
    if settings.parley_models is not None:
        catalog = read_catalog(settings.parley_models, surroundings())
        listed = await asyncio.gather(*(_offered(endpoint, clock) for endpoint in catalog.endpoints.values()))
        for endpoint, offered in zip(catalog.endpoints.values(), listed, strict=True):
            names = [card.name for card in catalog.models.values() if card.endpoint == endpoint.name]
            _warn_of_missing(names, offered)
        return catalog
    catalog = single_catalog(settings, _UNKNOWN_WINDOW)
    offered = await _offered(catalog.endpoints["main"], clock)
    _warn_of_missing([settings.model], offered)
    window = offered.get(settings.model) or known_window(settings.model) or _UNKNOWN_WINDOW
    _log.info("model_chosen", model=settings.model, window=window)
    return single_catalog(settings, settings.context_window or window)


def single_catalog(settings: Settings, window: int) -> Catalog:
    """The one model that OPENAI_BASE_URL, OPENAI_API_KEY and MODEL describe."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    sees = known_to_see(settings.model) if settings.model_sees_images is None else settings.model_sees_images
    return Catalog.single(
        base_url=settings.openai_base_url, key=key, model=settings.model, window=window, sees_images=sees
    )


def offline_catalog(settings: Settings) -> Catalog:
    """The models without asking anybody about them, for work that needs none: mistakes in the file hold up nothing."""
    try:
        if settings.parley_models is not None:
            return read_catalog(settings.parley_models, surroundings())
    except ConfigError:
        _log.warning("models_file_unreadable", advice="`parley doctor` tells more")
    return single_catalog(settings, settings.context_window or _UNKNOWN_WINDOW)


async def _offered(endpoint: Endpoint, clock: Clock) -> dict[str, int | None]:
    """What an endpoint offers; nothing if it cannot be asked now, which start-up does not wait for."""
    try:
        async with asyncio.timeout(5):
            return dict(await list_models(endpoint, clock))
    except (ModelError, TimeoutError) as error:
        advice = "`parley doctor` tells more"
        _log.warning("models_not_listed", endpoint=endpoint.name, reason=type(error).__name__, advice=advice)
        return {}


def _warn_of_missing(models: Sequence[str], offered: dict[str, int | None]) -> None:
    """Models retire: better to hear of it at start than from the first person who is not answered."""
    for model in models:
        if offered and model not in offered:
            _log.warning("model_not_offered", model=model, advice="choose one of these", offered=sorted(offered)[:20])
